"""REST for everything the management system does, and the server that answers it."""
