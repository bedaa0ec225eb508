"""What `make bench` runs: one file = one figure, measured against a reference in the same run."""
