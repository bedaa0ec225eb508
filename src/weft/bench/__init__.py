"""Measurements of functions as they run here: `weft bench`."""
