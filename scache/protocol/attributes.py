"""The attribute-list codec: what Postfix's attr_print0.c writes and attr_scan0.c reads.

A list is `name NUL value NUL`, repeated, then one NUL: an empty name, which ends the list.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LIST_END", "NUMBERS", "Scan", "Scanner", "encode", "number", "printed"]

#: The name that ends a list, as it stands on the wire.
LIST_END = b""

#: The attributes whose values are numbers.
NUMBERS = frozenset([b"ttl"])

_ULONG_MAX = 2**64 - 1


def encode(*attributes: tuple[bytes, bytes]) -> bytes:
    """One list as bytes (attr_print0)."""
    return b"".join([b"%b\0%b\0" % attribute for attribute in attributes]) + b"\0"


def number(text: bytes) -> int | None:
    """The int that C's sscanf("%u%c") finds in the text, None where it is malformed.

    Leading white space and one sign are allowed, nothing may follow. The conversion is the C library's: to
    unsigned long, saturating, then cut to 32 bits and read as signed.
    """
    digits = text.lstrip()
    negative = digits[:1] == b"-"
    if digits[:1] in (b"+", b"-"):
        digits = digits[1:]
    if not digits.isdigit():
        return None
    digits = digits.lstrip(b"0")
    value = int(digits or b"0") if len(digits) <= 20 else _ULONG_MAX + 1
    if value > _ULONG_MAX:
        value = _ULONG_MAX  # strtoul(3) saturates whatever the sign
    elif negative:
        value = -value
    value %= 2**32
    return value - 2**32 if value >= 2**31 else value


def printed(data: bytes) -> str:
    """Bytes from the wire as they stand in the log: a `?` for each that doesn't print (printable.c).

    What begins like a UTF-8 sequence prints, with all the continuation bytes behind it: Postfix doesn't check
    that it is one. Such bytes are decoded with surrogate escapes, so that the log gets them as they are.
    """
    if data.isascii() and (text := data.decode("ascii")).isprintable():
        return text
    shown = bytearray()
    position = 0
    while position < len(data):
        end = position + 1
        if 0xC2 <= data[position] <= 0xFE:
            while end < len(data) and 0x80 <= data[end] <= 0xBF:
                end += 1
        prints = 0x20 <= data[position] < 0x7F or end > position + 1
        shown += data[position:end] if prints else b"?"
        position = end
    return shown.decode("utf-8", "surrogateescape")


class Scan:
    """The end of one scan: the values that were read, in order, and what Postfix would log about it."""

    __slots__ = ("values", "warnings")

    def __init__(self, values: list[bytes | int], warnings: tuple[str, ...]) -> None:
        self.values = values
        self.warnings = warnings


class Scanner:
    """Reads wanted attributes from bytes that arrive in pieces (attr_vscan0 with STRICT flags).

    path: the name of the peer in warnings, `scache socket`.
    A piece is only fed when all before it was scanned; a string that runs over a piece is kept.
    `idle`: no scan is under way and no byte is waiting. `size`: bytes taken in by the scan under way.
    """

    __slots__ = ("_at_value", "_data", "_partial", "_path", "_position", "_values", "idle", "size")

    def __init__(self, path: str) -> None:
        self._path = path
        self._data = b""
        self._position = 0
        self._begin()

    def _begin(self) -> None:
        self._at_value = False
        self._partial = bytearray()
        self._values: list[bytes | int] = []
        self.size = 0
        self.idle = not self._data

    def feed(self, data: bytes) -> None:
        """Give the next piece; all that was fed before must have been scanned."""
        self._data = data
        self._position = 0
        self.idle = False

    def discard(self) -> None:
        """Throw away what was fed and not yet scanned, as Postfix does when it begins to write."""
        self._data = b""
        self.idle = not self.size

    def scan(self, wanted: Sequence[bytes]) -> Scan | None:
        """Go on with a scan for the wanted names, where LIST_END wants the end of the list.

        Returns None when it needs more bytes; then the next call must want the same.
        """
        while (string := self._take_string()) is not None:
            name = wanted[len(self._values)]
            if self._at_value:
                value = number(string) if name in NUMBERS else string
                if value is None:
                    text = f"warning: malformed numerical data from {self._path}"
                    shown = printed(string[:100])
                    return self._finish(f"{text} while reading input attribute value: {shown}")
                self._at_value = False
                self._values.append(value)
                if len(self._values) == len(wanted):
                    return self._finish()
            elif string == name == LIST_END:
                return self._finish()
            elif string == name:
                self._at_value = True
            elif string == LIST_END:
                return self._finish(f"warning: missing attribute {printed(name)} in input from {self._path}")
            else:
                expected = "(list terminator)" if name == LIST_END else printed(name)
                text = f"warning: unexpected attribute {printed(string)} from {self._path}"
                return self._finish(f"{text} (expecting: {expected})")
        return None

    @property
    def unscanned(self) -> int:
        """Bytes that were fed and not looked at."""
        return len(self._data) - self._position if self._data else 0

    def end(self, *, timed_out: bool) -> Scan:
        """The scan fails because no more input comes: the peer closed, or the time limit is over."""
        what = "input attribute value" if self._at_value else "input attribute name"
        self._values = []
        if not self.size:
            return self._finish()
        # In vstring_get_null's result a last byte 255, a char of -1, is the end of input itself.
        if self._partial and self._partial[-1] != 0xFF:
            return self._finish(f"warning: unexpected end-of-input from {self._path} while reading {what}")
        how = "timeout" if timed_out else "premature end-of-input"
        return self._finish(f"warning: {how} on {self._path} while reading {what}")

    def _take_string(self) -> bytes | None:
        """The next string up to its NUL; None where the piece ends first."""
        start = self._position
        if not self._data:
            return None
        stop = self._data.find(b"\0", start)
        if stop < 0:
            self._partial += self._data[start:]
            self.size += len(self._data) - start
            self._data = b""
            return None
        string = self._data[start:stop]
        if self._partial:
            string = bytes(self._partial + string)
            self._partial.clear()
        self.size += stop + 1 - start
        self._position = stop + 1
        if self._position == len(self._data):
            self._data = b""
        return string

    def _finish(self, *warnings: str) -> Scan:
        scan = Scan(self._values, warnings)
        self._begin()
        return scan
