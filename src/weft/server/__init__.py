"""One VNF server: sandboxes, links, run directory, and the agent that joins them."""
