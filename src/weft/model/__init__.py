"""Frozen data that every room shares. No input, no output, no behaviour beyond its own fields."""
