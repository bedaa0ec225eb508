"""Weft runs virtualized network functions (VNFs) and manages them.

A function is a graph of elements; everything else is a view of that graph.
"""

from pkgutil import extend_path

__version__ = "0.1.0"

# `weft.component` is a distribution of its own, and may be installed in another place.
__path__ = extend_path(__path__, __name__)

__all__ = ["__version__"]
