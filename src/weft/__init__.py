"""Weft runs virtualized network functions (VNFs) and manages them.

A function is a graph of elements; everything else is a view of that graph.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
