"""`scache check DESTINATION --probe`: mails through a private Postfix to a private server, which counts.

Nothing of it touches the machine's own mail: the instance lives in a temporary directory, with a network of
its own, out of which nothing leads (unshare(1)).
"""

from __future__ import annotations

__all__: list[str] = []
