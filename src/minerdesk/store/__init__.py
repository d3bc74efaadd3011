"""The archive: append-only tables with a clock, raw bytes by digest, named joins, traces."""
