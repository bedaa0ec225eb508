"""What frameworks build with: the tools of the server, a cache, and places inside the sandbox."""
