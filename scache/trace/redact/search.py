"""Looking for names of an original trace in its redacted copy, without a thought for how it was redacted.

Both files are read as text, not as events: each string in them, and what it could stand for in base64, hex,
percent signs or escapes, is cut into its smallest words and its addresses. None of the original's may be in
the copy, but for those that every trace has.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from scache.trace.format.compression import damage_of, open_for_reading

__all__ = ["NameSearch"]

_REMEMBERED = 1 << 16

#: How many encodings inside each other are looked into.
_DEPTH = 3

_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"\d+(?:\.\d+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")

#: Numbers that stay where they are: flags, and times that are near the trace's own.
_FLAGS = re.compile(r"(?m)^(?:destination|endpoint)_features=[0-9]{1,7}$")
_TIME = re.compile(r"(?m)^expire_time=([0-9]{9,11})$")
_NEAR = 10 * 86400

_NOBODY_S = [ip_network("240.0.0.0/4"), ip_network("100::/64")]
_PSEUDONYM = re.compile(r"[nux]\d+|invalid")
_TOKEN = re.compile(r"[A-Z]{1,5}")
_SHORTEST_WORD, _SHORTEST_NUMBER = 3, 6

#: What stands in every trace.
_COMMON = """
    " scache trace seconds unknown exchanges request save find endp dest ttl label property status
    dummy protocol connection cache destination host name addr features tls level reuse count
    endpoint expire time peer issuer fingerprint pubkey namaddr cipher usebits algbits key exchange
    curve bits clnt srvr signature digest smtp smtps lmtp relay submission submissions unix inet
    ipv6 open data end close client server tlsv1 sslv3 aes aria camellia chacha20 poly1305 des cbc
    cbc3 gcm ccm ccm8 128 256 null rc4 aes128 aes256 aria128 aria256 camellia128 camellia256 sha
    sha1 sha224 sha256 sha384 sha512 md5 with rsa dss dsa ecdsa ecdh ecdhe dhe adh aecdh psk edh
    ed25519 ed448 x25519 x448 pss pkcs1 384 521 prime256v1 secp256r1 secp384r1 secp521r1 ffdhe2048
    ffdhe3072 ffdhe4096 rsaencryption raw public format version recorder clock start dialect
    announcement write wait read postfix scenario redacted part continued missing event from strings
    descriptors base64
"""


class NameSearch:
    """The words of an original trace; `first_left` finds the first of them in a copy."""

    def __init__(self, original: Path) -> None:
        self._start = 0.0
        common = {word for name in _COMMON.split() for word in _words(name, 0.0)}
        words: set[str] = set()
        for _line, strings in self._strings(original):
            for string in strings:
                words |= _words(string, self._start)
        self._words = words - common

    def first_left(self, copy: Path) -> tuple[int, str] | None:
        """The line and the word; None where nothing of the original is in the copy."""
        for line, strings in self._strings(copy):
            for string in strings:
                if not self._words.isdisjoint(found := _words(string, self._start)):
                    return line, min(self._words & found)
        return None

    def _strings(self, path: Path) -> Iterator[tuple[int, list[str]]]:
        """The strings of each line, with its number: of its JSON values, or itself where it is no JSON."""
        stream, file = open_for_reading(path)
        with file, stream:
            try:
                for number, line in enumerate(stream, 1):
                    text = line.decode("utf-8", "replace")
                    try:
                        value = json.loads(text)
                    except (ValueError, RecursionError):
                        yield number, [text]
                        continue
                    if (
                        number == 1
                        and isinstance(value, dict)
                        and isinstance(value.get("start"), float | int)
                    ):
                        self._start = float(value["start"])
                    yield number, _texts(value)
            except damage_of(path):
                return  # what can't be read was not copied, either


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if not isinstance(value, dict):
        return []
    texts = []
    for name, item in value.items():
        texts.append(name)
        if name == "base64":
            texts.append(_bytes_of(item))
        elif name == "descriptors":
            texts += [token for token in _texts(item) if not _TOKEN.fullmatch(token)]
        else:
            texts += _texts(item)
    return texts


def _bytes_of(value: Any) -> str:
    """What the bytes of an event say, as far as they say anything."""
    try:
        return base64.b64decode(value).decode("utf-8", "replace").replace("\0", "\n")
    except (TypeError, ValueError):
        return str(value)


@lru_cache(_REMEMBERED)
def _words(text: str, start: float) -> frozenset[str]:
    """The smallest words in all readings of a text, but those too short to say anything, and addresses."""
    found = set()
    for reading in _readings(text, _DEPTH):
        reading = _TIME.sub(lambda time: "" if abs(int(time[1]) - start) < _NEAR else time[0], reading)
        reading = _FLAGS.sub("", reading)
        for word in map(str.casefold, _WORD.findall(reading)):
            shortest = _SHORTEST_NUMBER if word.isdecimal() else _SHORTEST_WORD
            if len(word) >= shortest and not _PSEUDONYM.fullmatch(word):
                found.add(word)
        found.update(_addresses(reading))
    return frozenset(found)


def _addresses(text: str) -> Iterator[str]:
    for candidate in _ADDRESS.findall(text):
        try:
            address = ip_address(candidate)
        except ValueError:
            continue
        if not any(address in network for network in _NOBODY_S):
            yield str(address)


def _readings(text: str, depth: int) -> Iterator[str]:
    yield text
    if depth == 0:
        return
    if "%" in text and (decoded := unquote(text)) != text:
        yield from _readings(decoded, depth - 1)
    if "\\" in text and (decoded := _ESCAPE.sub(lambda at: chr(int(at[1] or at[2], 16)), text)) != text:
        yield from _readings(decoded, depth - 1)
    for run in _HEX.findall(text):
        yield from _printable(bytes.fromhex(run), depth)
    for run in _BASE64.findall(text):
        for offset in range(4):
            part = run[offset : offset + (len(run) - offset) // 4 * 4]
            rest = run[offset + len(part) :]
            padded = part + (rest + "=" * (4 - len(rest)) if len(rest) > 1 else "")
            try:
                yield from _printable(base64.b64decode(padded), depth)
            except binascii.Error:
                continue


def _printable(data: bytes, depth: int) -> Iterator[str]:
    """What bytes say, where they are text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    if text.replace("\n", "").replace("\0", "").isprintable():
        yield from _readings(text.replace("\0", "\n"), depth - 1)
