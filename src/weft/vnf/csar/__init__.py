"""Archives of packages after ETSI GS NFV-SOL 004, with descriptors after ETSI GS NFV-SOL 001."""
