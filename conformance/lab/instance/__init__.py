"""One private Postfix instance: its configuration, programs and log."""
