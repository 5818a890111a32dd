"""What a look at a daemon showed, in words and as bytes."""

from __future__ import annotations

from conformance.catalogue.language.model import Reply
from conformance.contract.target import Received

__all__ = ["carrying", "first_difference", "legible", "log_lines", "raw", "reply", "without_reasons"]

#: What a log line's expected text ends with where Postfix prints a stale errno.
_ANY_REASON = ": REASON"


def raw(seen: object) -> bytes:
    """What was seen as bytes, so that the first that differs can be found; else nothing."""
    if isinstance(seen, Reply):
        return seen.data
    if isinstance(seen, tuple):
        return "\n".join(seen).encode("utf-8", "surrogateescape")
    return seen if isinstance(seen, bytes) else b""


def legible(text: str) -> str:
    """The text with bytes of the log that are no UTF-8 written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def carrying(tokens: tuple[str, ...], end: bool = False) -> str:
    """The sessions that came with bytes, and whether input ended behind them; empty where neither."""
    words = [f"with {' '.join(tokens)}"] if tokens else []
    return ", ".join([*words, "end of input"] if end else words)


def reply(seen: Reply | Received) -> str:
    """What a client received; of many bytes the first."""
    data = seen.data
    if not (data or seen.tokens or seen.end):
        return "nothing"
    carried = carrying(seen.tokens, seen.end)
    text = repr(data) if len(data) <= 400 else f"{data[:200]!r}... ({len(data)} bytes)"
    return f"{text} {carried}".strip()


def log_lines(lines: tuple[str, ...]) -> str:
    """Lines of the log, one below the other."""
    return "\n         ".join(lines) or "nothing"


def without_reasons(lines: tuple[str, ...], acceptable: tuple[str, ...]) -> tuple[str, ...]:
    """The lines, REASON put where an expected line has it and the text before it is the same."""
    if len(lines) != len(acceptable):
        return lines
    return tuple(
        wanted if wanted.endswith(_ANY_REASON) and got.startswith(wanted[: -len("REASON")]) else got
        for got, wanted in zip(lines, acceptable, strict=True)
    )


def first_difference(expected: bytes, got: bytes) -> int:
    """The place of the first byte that differs: the shorter one's end where it begins the longer one."""
    pairs = zip(expected, got, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(expected), len(got)))
