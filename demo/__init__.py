"""What `make demo` runs: a firewall, an inspector and a service chain, on real traffic."""
