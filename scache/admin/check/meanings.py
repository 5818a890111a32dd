"""What somebody meant by a value that Postfix doesn't take. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from scache.admin.parameters import TLS_LEVELS

__all__ = ["meanings"]

_YES = ("always", "true", "on", "1", "enable", "enabled", "y")
_NO = ("never", "false", "off", "0", "disable", "disabled", "n")
_TLS = {
    **dict.fromkeys((*_YES, "yes", "opportunistic", "optional", "starttls", "tls", "allow"), "may"),
    **dict.fromkeys((*_NO, "no"), "none"),
    **dict.fromkeys(("required", "require", "mandatory", "force", "forced", "enforce", "must"), "encrypt"),
}
_TIME = re.compile(r"(\d+)\s*(s|m|h|d|w)(ec|in|hour|our|ay|eek)?[a-z]*", re.IGNORECASE)


def meanings(name: str, value: str) -> Iterator[str]:
    """Values that may have been meant, the likeliest first; whoever asks tries which is possible.

    A level of TLS is never taken away for being misspelt: mail would go out in clear text.
    """
    plain = re.sub(r"(^|\s+)#.*", "", value).strip(" ,;\"'")
    if plain != value:
        yield plain
    if name == "inet_protocols":
        yield plain.lower()
    if (time := _TIME.fullmatch(plain)) is not None:
        yield time[1] + time[2].lower()
    if re.fullmatch(r"0*[.]\d+\s*s?|\d+\s*ms", plain.lower()):
        yield "1s"
    word = re.split(r"[\s,;]", plain.lower())[0]  # two settings on a line
    if name.endswith("_tls_security_level"):
        close = difflib.get_close_matches(word, TLS_LEVELS, 1)
        yield from (_TLS[word],) if word in _TLS else (*close, "encrypt")
    elif word in (*_YES, "yes", *_NO, "no"):
        yield "yes" if word in (*_YES, "yes") else "no"
    if "$" in plain:  # a $ that is part of a regular expression
        yield re.sub(r"\$(?![A-Za-z0-9_({])", "$$", plain)
