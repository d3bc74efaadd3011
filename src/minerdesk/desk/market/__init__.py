"""The sector's week: names, caps, index, exposure."""
