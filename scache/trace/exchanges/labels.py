"""What smtp(8) puts into labels and properties, taken apart into named fields for a person to read.

A property is lines of `name=value` and an empty line. Anything that smtp(8) doesn't make is shown as it is.
"""

from __future__ import annotations

from functools import lru_cache

from scache.cache.labels import DESTINATION, ENDPOINT

__all__ = ["destination_fields", "endpoint_fields", "property_fields", "short_label"]

#: Labels and properties whose fields are remembered, as most come again and again.
_REMEMBERED = 4096


@lru_cache(_REMEMBERED)
def destination_fields(label: bytes) -> str:
    """`service=smtp nexthop=example.com`, or the label itself where it isn't smtp(8)'s."""
    return _fields(label, DESTINATION)


@lru_cache(_REMEMBERED)
def endpoint_fields(label: bytes) -> str:
    """`service=smtp address=192.0.2.1 port=25 tls_level=0`, or the label itself."""
    return _fields(label, ENDPOINT)


@lru_cache(_REMEMBERED)
def property_fields(value: bytes) -> str:
    """`reuse_count=3 tls_level=0 ...`, or the property itself; "-" for none."""
    text = _text(value)
    if not text:
        return "-"
    lines = [line for line in text.split("\n") if line]
    if "\n" not in text or not all("=" in line for line in lines):
        return _quoted(text)
    return " ".join(map(_quoted_value, lines))


@lru_cache(_REMEMBERED)
def short_label(label: bytes) -> str:
    """A label in one word, its fields with slashes between: `smtp/[192.0.2.1]:25`."""
    return _quoted(_text(label).removesuffix("\n").replace("\n", "/"))


def _fields(label: bytes, names: dict[int, tuple[str, ...]]) -> str:
    text = _text(label)
    values = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(values) not in names:
        return _quoted(text)
    return " ".join(
        f"{name}={_quoted(value)}" for name, value in zip(names[len(values)], values, strict=True)
    )


def _quoted_value(line: str) -> str:
    name, _, value = line.partition("=")
    return f"{name}={_quoted(value)}"


def _quoted(text: str) -> str:
    """The text as it is where it is one printable word, else in quotes with escapes."""
    if text and text.isprintable() and " " not in text:
        return text
    return ascii(text)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
