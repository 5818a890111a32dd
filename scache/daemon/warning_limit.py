"""A flood of warnings is cut short: some of each kind in a minute, then how many more there were.

Postfix logs every warning, so that a hostile client fills the mail log. A mail server at work never reaches
the limit: this differs from Postfix in floods only.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MINUTE", "WarningLimit"]

MINUTE = 60


class WarningLimit:
    """Passes a line on to `log`, unless there were too many of its kind from its user in this minute.

    most: how many lines of a kind are logged a minute; 0: all of them. The kind is what a line begins with,
    its first three words; the user is a client's user id, None where no client is to blame. `due`: the second
    in which `sum_up` has something to say, None where it hasn't.
    """

    __slots__ = ("_counts", "_log", "due", "most")

    def __init__(self, log: Callable[[str], None], most: int) -> None:
        self._log = log
        self.most = most
        self._counts: dict[tuple[int | None, str], int] = {}
        self.due: float | None = None

    def warn(self, now: float, user: int | None, text: str) -> None:
        """Log a warning about a client of this user. now: seconds that never go back."""
        if not self.most:
            self._log(text)
            return
        if self.due is None:
            self.due = now + MINUTE
        elif now >= self.due:
            self.sum_up()
            self.due = now + MINUTE
        kind = user, " ".join(text.split(" ", 3)[:3])
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= self.most:
            self._log(text)

    def sum_up(self) -> None:
        """The minute is over, or the daemon ends: say what was left out."""
        for (user, kind), count in self._counts.items():
            if count > self.most:
                whose = "" if user is None else f" from user {user}"
                more = f"{count - self.most} more like this{whose} were not logged"
                self._log(f"{kind.removesuffix(':')}: {more}")
        self._counts.clear()
        self.due = None
