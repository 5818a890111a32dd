"""Mail into an instance, and the servers that it goes to."""
