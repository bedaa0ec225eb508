"""What `make demo` runs: the stateless firewall between a real client and a real web server."""
