"""What becomes of each field of labels and properties, and that nothing original is left anywhere."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from scache.cli import main
from scache.trace.format.events import Event, Header, Kind, Side
from scache.trace.format.reader import TraceReader
from scache.trace.redact.grammar import Grammar
from scache.trace.redact.pseudonyms import Pseudonyms
from tests.support.trace_dialogues import START, client, read, server, words, write


@pytest.mark.parametrize(
    ("value", "pseudonym"),
    [
        ("", ""),
        ("*", "*"),
        ("mail.example.com", "n2.n1.invalid"),
        ("example", "n1"),
        ("example.com.", "n1.invalid"),
        ("[mail.example.com]:25", "[n2.n1.invalid]:25"),
        ("mail.example.com:submission", "n2.n1.invalid:submission"),
        ("mail.example.com:customer", "n2.n1.invalid:x1"),
        ("mail.example.com:4915112", "n2.n1.invalid:x1"),
        ("a.example, b.example:25", "n1.invalid, n2.invalid:25"),
        ("192.0.2.1", "240.0.0.1"),
        ("[192.0.2.1]:25", "[240.0.0.1]:25"),
        ("2001:db8::1", "100::1"),
        ("2001:DB8:0::1", "100::1"),
        ("[IPv6:2001:db8::1]:25", "[IPv6:100::1]:25"),
        ("[2001:db8::1]", "[100::1]"),
        ("fe80::1%eth0", "100::1"),
        ("anna@example.com", "u1@n1.invalid"),
        ("anna@[192.0.2.1]", "u1@x1"),
        ("unix:/run/dovecot/lmtp", "n1:x1"),
        ("/run/dovecot/lmtp", "x1"),
        ("[a.example", "x1"),
        ("b\u00fccher.example", "x1"),
        ("12345", "n1"),
        ("3221225985", "n1"),
        ("0x7f.1", "n1.invalid"),
    ],
)
def test_a_name_has_a_pseudonym_of_its_shape(value: str, pseudonym: str) -> None:
    assert Pseudonyms().next_hop(value) == pseudonym


def test_the_same_name_has_the_same_pseudonym_and_another_name_another() -> None:
    pseudonyms = Pseudonyms()
    texts = ["a.example", "b.example", "x.a.example", "anna@a.example", "bert@a.example", "a.example"]
    assert [pseudonyms.next_hop(text) for text in texts] == [
        "n1.invalid",
        "n2.invalid",
        "n3.n1.invalid",
        "u1@n1.invalid",
        "u2@n1.invalid",
        "n1.invalid",
    ]


NOW = int(START) + 300


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("smtp\n[a.example]:25\n", "smtp\n[n1.invalid]:25\n"),
        ("smtp\nanna@a.example\nb.example\n", "smtp\nu1@n1.invalid\nn2.invalid\n"),
        ("smtp\n192.0.2.1\n25\n0\n", "smtp\n240.0.0.1\n25\n0\n"),
        (
            "smtp\n*\n[a.example]\na.example\n192.0.2.1\n25\n0\n",
            "smtp\n*\n[n1.invalid]\nn1.invalid\n240.0.0.1\n25\n0\n",
        ),
        ("relay-of-anna\na.example\n", "x1\nn1.invalid\n"),
        ("smtp\n4915112345\n", "smtp\nn1\n"),
        ("smtp\n192.0.2.1\n4915112345\n0\n", "smtp\n240.0.0.1\nx1\n0\n"),
        ("smtp\n192.0.2.1\n25\n4915112345\n", "smtp\n240.0.0.1\n25\nx1\n"),
        ("a.example", "x1"),
        ("a.example\n", "x1"),
        ("smtp\na.example", "x1"),
        ("1\n2\n3\n4\n5\n6\n7\n8\n", "x1"),
    ],
)
def test_a_label_keeps_its_lines_and_what_names_nobody(text: str, redacted: str) -> None:
    assert Grammar(Pseudonyms(), START).label(text) == redacted


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        ("destination=[a.example]:25", "destination=[n1.invalid]:25"),
        ("host_name=a.example", "host_name=n1.invalid"),
        ("host_addr=192.0.2.1", "host_addr=240.0.0.1"),
        ("destination_features=4096", "destination_features=4096"),
        ("endpoint_features=4194304", "endpoint_features=x1"),
        ("tls_level=0", "tls_level=0"),
        ("tls_level=a.example", "tls_level=x1"),
        ("reuse_count=12", "reuse_count=12"),
        ("reuse_count=4915112345", "reuse_count=x1"),
        ("reuse_count=0012", "reuse_count=12"),
        (f"expire_time={NOW}", f"expire_time={NOW}"),
        ("expire_time=4915112345", "expire_time=x1"),
        ("cipher_name=TLS_AES_256_GCM_SHA384", "cipher_name=TLS_AES_256_GCM_SHA384"),
        ("cipher_name=ECDHE-RSA-AES256-GCM-SHA384", "cipher_name=ECDHE-RSA-AES256-GCM-SHA384"),
        ("cipher_name=anna-AES256", "cipher_name=x1"),
        ("cipher_protocol=TLSv1.3", "cipher_protocol=TLSv1.3"),
        ("key_exchange_curve=prime256v1", "key_exchange_curve=prime256v1"),
        ("namaddr=a.example[192.0.2.1]:25", "namaddr=n1.invalid[240.0.0.1]:25"),
        ("namaddr=a.example", "namaddr=x1"),
        ("peer_CN=a.example", "peer_CN=x1"),
        ("peer_fingerprint=66:A5", "peer_fingerprint=x1"),
        ("customer=a.example", "x1"),
        ("a.example", "x1"),
        ("4915112345", "x1"),
        ("", ""),
    ],
)
def test_an_attribute_of_a_property_keeps_what_its_grammar_allows(line: str, redacted: str) -> None:
    assert Grammar(Pseudonyms(), START).property(f"{line}\n\n") == f"{redacted}\n\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


#: Originals of several kinds.
ORIGINALS = {
    "domain": "mx.geheim.example",
    "letters in upper case": "MX.GEHEIM.EXAMPLE",
    "one word": "geheim",
    "international": "b\u00fccher-geheim.example",
    "punycode": "xn--geheim-kva.example",
    "sender": "geheim+tag@firma.example",
    "quoted sender": '"geheim name"@firma.example',
    "telephone": "4915112345678",
    "short number": "8274651",
    "IPv4": "198.51.100.77",
    "IPv4 in brackets": "[198.51.100.77]",
    "IPv4 as one number": "3325256781",
    "IPv4 in hex": "0xc633644d",
    "IPv4 in octal": "0306.063.0144.0115",
    "IPv6": "2001:db8:77::77",
    "IPv6 with zone": "fe80::77ab%geheim0",
    "mapped": "::ffff:198.51.100.77",
    "tagged": "[IPv6:2001:db8:77::77]",
    "fingerprint": "66:A5:FF:01:77:AB",
    "path": "/run/geheim/lmtp",
    "base64": encoded("geheim@firma.example\n*"),
    "base64 without padding": encoded("geheim@firma.example").rstrip("="),
    "hex": b"geheim.example".hex(),
    "percent": "geheim%40firma.example",
    "escapes": r"\u0067eheim.example",
    "control characters": "geheim\x1b[2J",
    "not UTF-8": "geheim\udcff",
}

FIELDS = """
    destination host_name host_addr destination_features tls_level reuse_count endpoint_features expire_time
    peer_CN issuer_CN peer_fingerprint peer_pubkey_fingerprint level peer_status namaddr cipher_protocol
    cipher_name cipher_usebits cipher_algbits key_exchange key_exchange_curve key_exchange_bits clnt_signature
    clnt_signature_curve clnt_signature_bits clnt_signature_digest srvr_signature srvr_signature_curve
    srvr_signature_bits srvr_signature_digest
"""

#: Where one is planted: strings of an attribute list.
PLACES: dict[str, Callable[[str], list[str]]] = {
    "service": lambda it: ["request", "find_dest", "label", f"{it}\nx\n"],
    "next hop": lambda it: ["request", "find_dest", "label", f"smtp\n{it}\n"],
    "next hop with port": lambda it: ["request", "find_dest", "label", f"smtp\n[{it}]:25\n"],
    "port of a next hop": lambda it: ["request", "find_dest", "label", f"smtp\nx:{it}\n"],
    "sender": lambda it: ["request", "find_dest", "label", f"smtp\n{it}\nx\n"],
    "address": lambda it: ["request", "find_endp", "label", f"smtp\n{it}\n25\n0\n"],
    "port": lambda it: ["request", "find_endp", "label", f"smtp\nx\n{it}\n0\n"],
    "TLS level": lambda it: ["request", "find_endp", "label", f"smtp\nx\n25\n{it}\n"],
    "encoded line": lambda it: ["request", "find_dest", "label", f"smtp\n{encoded(it + chr(10) + '*')}\n"],
    "label of one line": lambda it: ["request", "find_dest", "label", it],
    "label of many lines": lambda it: ["request", "find_dest", "label", f"{it}\n" * 9],
    "ttl": lambda it: ["request", "save_endp", "ttl", it, "label", "x"],
    "request": lambda it: ["request", it],
    "name": lambda it: [it, "x"],
    "value of an unknown name": lambda it: ["x", it],
    "unknown attribute of a property": lambda it: ["property", f"{it}={it}\n\n"],
    "property of one line": lambda it: ["property", it],
    **{
        name: lambda it, name=name: ["property", f"{name}={it}\n\n"]  # type: ignore[misc]
        for name in FIELDS.split()
    },
}


def readings(data: bytes) -> bytes:
    """The bytes, and what their base64 strings stand for."""
    found = data
    for word in data.replace(b"\n", b"\0").split(b"\0"):
        try:
            found += b"\0" + base64.b64decode(word, validate=True)
        except ValueError:
            continue
    return found


@pytest.mark.parametrize("kind", ORIGINALS)
def test_nothing_original_is_left_wherever_it_stood(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    original = ORIGINALS[kind]
    events = [Event(0, 1, Kind.OPEN, Side.CLIENT)]
    for place in PLACES.values():
        listed = "".join(f"{string}\0" for string in [*place(original), ""]).encode(
            "utf-8", "surrogateescape"
        )
        half = len(listed) // 2
        events += [client(0, 1, listed), client(0, 1, listed[:half]), client(0, 1, listed[half:])]
        events += [server(0, 1, listed)]
    events += [client(0, 1, original.encode("utf-8", "surrogateescape"))]
    path = write(tmp_path / "t", events)
    assert main(["trace", "redact", str(path), str(tmp_path / "out")]) == 0, capsys.readouterr().err
    copy = readings(b"\0".join(event.data for event in read(tmp_path / "out"))).lower()
    core = original.strip("[]").encode("utf-8", "surrogateescape").lower()
    assert core not in copy
    assert b"geheim" not in copy
    assert b"198.51" not in copy


def test_neither_header_nor_tokens_nor_numbers_of_connections_say_anything(tmp_path: Path) -> None:
    header = Header(
        "anna's recorder", START, postfix="3.7 of anna", scenario="for anna", part=2, continued=(491511,)
    )
    events = [
        client(0, 491511, words("dummy", ""), "anna", "?"),
        Event(0, 491511, Kind.CLOSE, Side.CLIENT),
    ]
    path = write(tmp_path / "t", events, header=header)
    assert main(["trace", "redact", str(path), str(tmp_path / "out")]) == 0
    with TraceReader(tmp_path / "out", print) as trace:
        dialect = trace.header.dialect
        assert trace.header == Header("unknown", START, dialect, redacted=True, part=2, continued=(1,))
        assert [(event.connection, event.tokens) for event in trace] == [(1, ("A", "?")), (1, ())]
