"""What may stand in each field of smtp(8)'s labels and properties, and what becomes of it.

A field keeps a value that its grammar allows and that names nobody: a small number, a cipher. Names get
pseudonyms. Everything that the grammar doesn't know is replaced, whatever it looks like.

Labels (smtp_key.c) are lines: service, sender and next hop of a destination; service, sender, next hop, host,
address, port and TLS level of an endpoint, without those that a configuration doesn't need. A line that has a
newline in it, or could be taken for the `*` that stands for none, is base64. Properties (smtp_reuse.c,
tls_proxy_*.c) are lines of `name=value`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from scache.trace.redact.pseudonyms import Pseudonyms

__all__ = ["Grammar"]

#: Numbers, with the largest that there is: the flags that Postfix has, levels, counts and bits.
_NUMBERS = {
    "destination_features": (1 << 22) - 1,
    "endpoint_features": (1 << 22) - 1,
    "tls_level": 99,
    "reuse_count": 9999,
    "level": 99,
    "peer_status": 99,
    "cipher_usebits": 9999,
    "cipher_algbits": 9999,
    "key_exchange_bits": 99999,
    "clnt_signature_bits": 99999,
    "srvr_signature_bits": 99999,
}

#: What names of protocols, ciphers, curves, signatures and digests are made of.
_CIPHER_WORDS = """
    TLS TLSv1 SSLv3 1 2 3 AES ARIA CAMELLIA CHACHA20 POLY1305 DES CBC CBC3 GCM CCM CCM8 8 128 256
    NULL RC4 AES128 AES256 ARIA128 ARIA256 CAMELLIA128 CAMELLIA256 SHA SHA1 SHA224 SHA256 SHA384
    SHA512 MD5 WITH RSA DSS DSA ECDSA ECDH ECDHE DH DHE ADH AECDH PSK EDH ED25519 Ed25519 ED448
    Ed448 X25519 X448 PSS PKCS1 P 384 521 prime256v1 secp256r1 secp384r1 secp521r1 ffdhe2048
    ffdhe3072 ffdhe4096 rsaEncryption raw public key
"""
_CIPHERS = """
    cipher_protocol cipher_name key_exchange key_exchange_curve clnt_signature clnt_signature_curve
    clnt_signature_digest srvr_signature srvr_signature_curve srvr_signature_digest
"""
_IDENTIFYING = frozenset(["peer_CN", "issuer_CN", "peer_fingerprint", "peer_pubkey_fingerprint"])

#: Seconds that a session may be kept from the time of the trace: smtp_connection_reuse_time_limit is 300.
_NEAR = 10 * 86400


class Grammar:
    """Replaces what names somebody. start: of the trace, in seconds since the epoch."""

    def __init__(self, pseudonyms: Pseudonyms, start: float) -> None:
        self._pseudonyms = pseudonyms
        self._start = start
        self._values: dict[str, Callable[[str], str]] = {
            "destination": pseudonyms.next_hop,
            "host_name": pseudonyms.name,
            "host_addr": pseudonyms.name,
            "namaddr": pseudonyms.name_and_address,
            "expire_time": self._expire_time,
            **dict.fromkeys(_IDENTIFYING, pseudonyms.other),
            **dict.fromkeys(_CIPHERS.split(), self._cipher),
        }

    def label(self, text: str) -> str:
        """A destination's or an endpoint's label."""
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or not 2 <= len(lines) <= 7:
            return self._pseudonyms.other(text)
        tail: list[str] = []
        if len(lines) > 3:
            *lines, port, level = lines
            tail = [port if port == "*" else self._pseudonyms.port(port), self._small(level, 9)]
        service, *names = lines
        fields = [self._pseudonyms.service(service), *map(self._name, names), *tail]
        return "".join(f"{field}\n" for field in fields)

    def property(self, text: str) -> str:
        """A destination's or an endpoint's property."""
        return "\n".join(map(self._attribute, text.split("\n")))

    def _attribute(self, line: str) -> str:
        name, equals, value = line.partition("=")
        if not equals:
            return self._pseudonyms.other(line)
        if name in _NUMBERS:
            return f"{name}={self._small(value, _NUMBERS[name])}"
        if name in self._values:
            return f"{name}={self._values[name](value)}"
        return self._pseudonyms.other(line)

    def _name(self, line: str) -> str:
        decoded = _from_base64(line)
        if decoded is None:
            return self._pseudonyms.next_hop(line)
        pieces = [
            piece if piece in ("\n", "*") else self._pseudonyms.next_hop(piece)
            for piece in re.split(r"([\n*])", decoded)
        ]
        return base64.b64encode("".join(pieces).encode("utf-8", "surrogateescape")).decode()

    def _small(self, text: str, largest: int) -> str:
        if text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= largest:
            return str(int(text))
        return self._pseudonyms.other(text)

    def _expire_time(self, text: str) -> str:
        if text.isascii() and text.isdigit() and len(text) < 12 and abs(int(text) - self._start) < _NEAR:
            return text
        return self._pseudonyms.other(text)

    def _cipher(self, text: str) -> str:
        known = set(_CIPHER_WORDS.split()).issuperset(re.split(r"[-_. ]", text))
        return text if known else self._pseudonyms.other(text)


def _from_base64(line: str) -> str | None:
    """What a line encodes, where that is something that smtp(8) encodes."""
    if len(line) % 4 or len(line) < 4:
        return None
    try:
        decoded = base64.b64decode(line, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    return decoded if "\n" in decoded or "*" in decoded else None
