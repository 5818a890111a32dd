"""What an installation has changed in master.cf, kept in config_directory until it is undone."""

from __future__ import annotations

import json
from pathlib import Path

from scache.admin.check.installation import PROGRAM_NAME
from scache.files import write_whole

__all__ = ["Record"]


class Record:
    """How the installation has changed master.cf: these lines, into those.

    is_settled: whether Postfix, if it ran, has been reloaded since.
    """

    def __init__(self, service: str, before: str, after: str, *, is_settled: bool = False) -> None:
        self.service = service
        self.is_settled = is_settled
        self._before = before
        self._after = after

    @classmethod
    def between(cls, service: str, before: bytes, after: bytes) -> Record:
        """From the file before and after: what is the same at both ends is left out."""
        old, new = _text(before).splitlines(True), _text(after).splitlines(True)
        start = 0
        while start < min(len(old), len(new)) and old[start] == new[start]:
            start += 1
        end = 0
        while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
            end += 1
        return cls(service, "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end]))

    @staticmethod
    def path(directory: Path) -> Path:
        """Where an instance keeps it."""
        return directory / f"master.cf.{PROGRAM_NAME}"

    @classmethod
    def of(cls, directory: Path) -> Record | None:
        """The record of an instance; None where there is none that can be understood."""
        try:
            fields = json.loads(cls.path(directory).read_text("utf-8"))
            service, before, after = fields["service"], fields["before"], fields["after"]
            if not all(isinstance(each, str) for each in (service, before, after)) or "/" not in service:
                return None
            return cls(service, before, after, is_settled=fields.get("reloaded", True))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def save(self, directory: Path, *, is_settled: bool) -> None:
        """Write it into an instance's config_directory. Raises OSError."""
        self.is_settled = is_settled
        fields = {
            "service": self.service,
            "before": self._before,
            "after": self._after,
            "reloaded": is_settled,
        }
        content = (json.dumps(fields, indent=1) + "\n").encode()
        write_whole(self.path(directory), content, replace=True, mode=0o644)

    def undo(self, master_cf: bytes) -> bytes | None:
        """master.cf as it was; None where the lines were changed since the installation."""
        text, old, new = f"\n{_text(master_cf)}", f"\n{self._after}", f"\n{self._before}"
        return text.replace(old, new)[1:].encode("latin-1") if text.count(old) == 1 else None

    def changes(self) -> str:
        """The lines that go (`-`) and those that come (`+`)."""
        return "\n".join(
            [f"- {line}" for line in self._before.splitlines()]
            + [f"+ {line}" for line in self._after.splitlines()]
        )


def _text(content: bytes) -> str:
    return content.decode("latin-1")
