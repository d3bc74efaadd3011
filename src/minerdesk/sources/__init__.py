"""Bytes in, rows out. A source says what is missing and parses what came; nothing else."""
