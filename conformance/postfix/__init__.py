"""Real Postfix: installations, releases, packages, master's part, a fake clock."""
