"""What `make demo` runs: functions between a real client and a real web server, and what they cost."""
