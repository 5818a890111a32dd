"""A flood of warnings is cut short: some of each kind in a minute, then how many more there were.

Postfix logs every warning, so that a hostile client fills the mail log. A mail server at work never reaches
the limit: this differs from Postfix in floods only.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.config.settings import Settings
    from scache.daemon.clock import Moment
    from scache.daemon.timers import Timers

__all__ = ["MINUTE", "WarningLimit", "Warnings"]

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


class Warnings:
    """What a daemon warns of, under its two limits: what clients did wrong, what there was no room for.

    log takes the text of a line. most: of a kind and user in a minute; 0: all. limits: by the monotonic
    clock, one of which has it said what was left out.
    """

    __slots__ = ("_limits", "_moment", "_rooms", "_users")

    def __init__(self, log: Callable[[str], None], most: int, moment: Moment, limits: Timers) -> None:
        self._users = WarningLimit(log, most)
        self._rooms = WarningLimit(log, 1)
        self._moment = moment
        self._limits = limits

    def reconfigure(self, settings: Settings) -> None:
        """Go by another limit from now on."""
        self._users.most = settings.warning_limit

    def warn(self, user: int, text: str) -> None:
        """Log what a client of this user did wrong."""
        self._users.warn(self._moment.elapsed, user, text)
        self._schedule()

    def no_room(self, text: str) -> None:
        """Log that there is no room for something."""
        self._rooms.warn(self._moment.elapsed, None, f"warning: {text}")
        self._schedule()

    def sum_up(self) -> None:
        """The daemon ends: say what was left out."""
        self._users.sum_up()
        self._rooms.sum_up()

    def _schedule(self) -> None:
        if self._minute_over not in self._limits:
            dues = [limit.due for limit in (self._users, self._rooms) if limit.due is not None]
            if dues:
                self._limits.set(self._minute_over, min(dues))

    def _minute_over(self, _now: int) -> None:
        for limit in (self._users, self._rooms):
            if limit.due is not None and limit.due <= self._moment.elapsed:
                limit.sum_up()
        self._schedule()
