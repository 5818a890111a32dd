"""One trace line as JSON and back: docs/trace-format.md in code.

Bytes are written as a list of strings, which stand for their UTF-8 with a NUL between each two, where
that can be read by eye; as base64 where it can't. Either way every byte is recovered.
"""

from __future__ import annotations

import base64
import binascii
import json
from json.encoder import encode_basestring
from typing import Any

from scache.errors import TraceError
from scache.protocol.dialect import Dialect
from scache.trace.format.events import Event, Header, Kind, Side

__all__ = ["FORMAT", "VERSION", "decode_event", "decode_header", "encode_event", "encode_header"]

FORMAT = "scache-trace"

#: Version of the format. It has nothing to do with the program's release.
VERSION = 1

CLOCK = "seconds"

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_OPTIONAL_TEXTS = ("postfix", "scenario")


def encode_header(header: Header) -> str:
    """The header's line, without the newline."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "recorder": header.recorder,
        "clock": CLOCK,
        "start": header.start,
        "dialect": {name: getattr(header.dialect, name) for name in Dialect.__slots__},
    }
    for name in (*_OPTIONAL_TEXTS, "redacted"):
        if value := getattr(header, name):
            fields[name] = value
    if header.part > 1:
        fields |= {"part": header.part, "continued": list(header.continued)}
    if header.missing:
        fields["missing"] = header.missing
    return _to_json(fields)


def decode_header(fields: dict[str, Any]) -> Header:
    """The header of a line's JSON object, of this version (see versions.py for older ones).

    Raises TraceError without a place: the caller knows file and line.
    """
    if fields.get("clock") != CLOCK:
        raise TraceError(f'"clock" is {_shown(fields.get("clock"))}, not "{CLOCK}"')
    switches = _field(fields, "dialect", dict, "an object")
    if set(switches) != set(Dialect.__slots__) or not all(isinstance(on, bool) for on in switches.values()):
        raise TraceError(f'"dialect" must have {", ".join(Dialect.__slots__)}, each true or false')
    continued = fields.get("continued", [])
    if not isinstance(continued, list) or not all(_is_whole(number) for number in continued):
        raise TraceError('"continued" must be a list of connection numbers')
    for name in _OPTIONAL_TEXTS:
        if not isinstance(fields.get(name, ""), str):
            raise TraceError(f'"{name}" must be a text')
    if not isinstance(fields.get("redacted", False), bool):
        raise TraceError('"redacted" must be true or false')
    for name in ("part", "missing"):
        if not _is_whole(fields.get(name, 1)):
            raise TraceError(f'"{name}" must be a whole number')
    return Header(
        recorder=_field(fields, "recorder", str, "a text"),
        start=_seconds(fields, "start"),
        dialect=Dialect(**switches),
        postfix=fields.get("postfix"),
        scenario=fields.get("scenario"),
        redacted=fields.get("redacted", False),
        part=fields.get("part", 1),
        continued=tuple(continued),
        missing=fields.get("missing", 0),
    )


def encode_event(event: Event) -> str:
    """The event's line, without the newline."""
    line = (
        f'{{"at":{event.at:.6f},"connection":{event.connection},'
        f'"event":"{event.kind.value}","from":"{event.side.value}"'
    )
    if event.kind is Kind.DATA:
        line += _encode_data(event.data)
        if event.tokens:
            line += f',"descriptors":{_to_json(event.tokens)}'
    return line + "}"


def decode_event(fields: dict[str, Any]) -> Event:
    """The event of a line's JSON object. Raises TraceError without a place."""
    try:
        kind = _KINDS[fields["event"]]
        side = _SIDES[fields["from"]]
        at = fields["at"]
        connection = fields["connection"]
    except (KeyError, TypeError):
        raise TraceError(_what_is_wrong(fields)) from None
    if type(at) is not float or not -_TOO_LONG < at < _TOO_LONG:
        at = _seconds(fields, "at")
    if not _is_whole(connection):
        raise TraceError(f'"connection" is {_shown(connection)}, not a whole number')
    if kind is not Kind.DATA:
        return Event(at, connection, kind, side)
    tokens = fields.get("descriptors", ())
    if tokens and not (
        isinstance(tokens, list) and all(isinstance(token, str) and token for token in tokens)
    ):
        raise TraceError('"descriptors" must be a list of tokens')
    data = _decode_data(fields)
    if not data:
        raise TraceError("an event of data without data")
    return Event(at, connection, kind, side, data, tuple(tokens))


#: Seconds, some 30,000 years: no time in a trace is as far away as this.
_TOO_LONG = 1e12

#: Bytes of which each may be a NUL and still be shown as strings.
_SHORT = 1000

_KINDS = {kind.value: kind for kind in Kind}
_SIDES = {side.value: side for side in Side}


def _encode_data(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\x7f"  # any one that isn't printable
    if len(data) > _SHORT and data.count(0) * 4 > len(data):
        text = "\x7f"  # no person reads a thousand empty strings, and writing them takes a while
    if text.replace("\0", "").replace("\n", "").isprintable():
        return f',"strings":[{",".join(map(encode_basestring, text.split(chr(0))))}]'
    return f',"base64":"{base64.b64encode(data).decode()}"'


def _decode_data(fields: dict[str, Any]) -> bytes:
    if "strings" in fields:
        try:
            return "\0".join(fields["strings"]).encode()
        except (TypeError, UnicodeEncodeError):
            raise TraceError('"strings" must be a list of texts') from None
    text = _field(fields, "base64", str, "a text")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TraceError(f"wrong base64: {str(error).partition(':')[0]}") from None


def _what_is_wrong(fields: dict[str, Any]) -> str:
    for name in ("event", "from", "at", "connection"):
        if name not in fields:
            return f'"{name}" is missing'
    kind = fields["event"]
    if not isinstance(kind, str) or kind not in _KINDS:
        return f"unknown event {_shown(kind)}"
    return f'"from" is {_shown(fields["from"])}, neither "client" nor "server"'


def _field(fields: dict[str, Any], name: str, wanted: type, said: str) -> Any:
    value = fields.get(name)
    if not isinstance(value, wanted):
        raise TraceError(f'"{name}" is missing' if name not in fields else f'"{name}" is not {said}')
    return value


def _seconds(fields: dict[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_TOO_LONG < value < _TOO_LONG:
        raise TraceError(f'"{name}" is not a number of seconds')
    return float(value)


def _is_whole(value: object) -> bool:
    return type(value) is int and value >= 0


def _shown(value: object) -> str:
    text = _to_json(value)
    return text if len(text) <= 60 else text[:57] + "..."
