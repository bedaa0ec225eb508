"""The management system: what is asked of functions, wherever they run."""
