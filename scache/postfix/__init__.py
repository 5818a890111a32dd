"""Being a Postfix daemon: command line, main.cf, master(8), privileges, watchdog, mail log."""

from __future__ import annotations

__all__: list[str] = []
