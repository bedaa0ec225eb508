"""The packages that are kept on a server, and the names they are called by."""
