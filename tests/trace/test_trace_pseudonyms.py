"""Pseudonyms have the shape of what they stand for."""

from __future__ import annotations

import pytest

from scache.trace.redact.pseudonyms import Pseudonyms, words_of


@pytest.mark.parametrize(
    ("text", "pseudonym"),
    [
        ("", ""),
        ("mail.example.com", "n2.n1.invalid"),
        ("example", "n1"),
        ("example.com.", "n1.invalid"),
        ("[mail.example.com]:25", "[n2.n1.invalid]:25"),
        ("mail.example.com:submission", "n2.n1.invalid:submission"),
        ("192.0.2.1", "240.0.0.1"),
        ("[192.0.2.1]:25", "[240.0.0.1]:25"),
        ("2001:db8::1", "100::1"),
        ("[IPv6:2001:db8::1]:25", "[IPv6:100::1]:25"),
        ("[2001:db8::1]", "[100::1]"),
        ("anna@example.com", "u1@n1.invalid"),
        ("unix:/run/dovecot/lmtp", "x1"),
        ("b\u00fccher.example", "x1"),
        ("12345", "x1"),
        ("smtp\n*\n25\n0\n", "smtp\n*\n25\n0\n"),
        ("tls_level=0\nhost_name=a.example\n\n", "tls_level=0\nhost_name=n1.invalid\n\n"),
        ("namaddr=a.example[192.0.2.1]:25\n", "namaddr=n1.invalid[240.0.0.1]:25\n"),
        ("peer_fingerprint=66:A5\n", "peer_fingerprint=x1\n"),
        ("customer=a.example\n", "x1\n"),
    ],
)
def test_a_pseudonym_has_the_shape_of_the_name(text: str, pseudonym: str) -> None:
    assert Pseudonyms().text(text) == pseudonym


def test_the_same_name_has_the_same_pseudonym_and_another_name_another() -> None:
    pseudonyms = Pseudonyms()
    texts = ["a.example", "b.example", "x.a.example", "anna@a.example", "bert@a.example", "a.example"]
    assert [pseudonyms.text(text) for text in texts] == [
        "n1.invalid",
        "n2.invalid",
        "n3.n1.invalid",
        "u1@n1.invalid",
        "u2@n1.invalid",
        "n1.invalid",
    ]


def test_every_replaced_name_is_on_the_list() -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.text("smtp\nanna@b.example\n[mail.c.example]:25\n192.0.2.1\n25\n0\n")
    assert pseudonyms.originals == {"anna@b.example", "b.example", "mail.c.example", "c.example", "192.0.2.1"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x [mail.example.com]:25", "mail.example.com"),
        ("a=anna@example.com,", "anna@example.com"),
        ("a=anna@example.com", "example.com"),
        ("[2001:db8::1]:25", "2001:db8::1"),
        ("YW5uYUBleGFtcGxlLmNvbQoq", "anna@example.com"),
    ],
)
def test_a_name_is_found_wherever_it_hides(text: str, word: str) -> None:
    assert word in set(words_of(text))
