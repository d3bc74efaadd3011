"""The cost of a bitcoin: ladders, sector, nowcast, publishers, balance."""
