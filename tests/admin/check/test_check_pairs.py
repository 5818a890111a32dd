"""Two mistakes at once: both are found, and all cures, in the order of the findings, leave nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.admin.check.planted import GOOD, PLANTED, Planted, found, write
from tests.admin.check.test_check_planted import commands, cure

pytestmark = pytest.mark.postfix

PAIRS = 60
#: What leaves nothing of others: where nothing is cached, or can't be, or no line is read.
MASKING = {"caching-off", "tls-release", "unreadable-line"}
#: Mistakes of one kind that the settings of another kind make good.
MADE_GOOD = {
    # Of which postconf(1), too, dies, that knows the names.
    **dict.fromkeys(("unused-parameter", "misspelt-parameter", "set-twice", "undefined-reference"), "${"),
    "tlsproxy-no-client": "smtp_tls_",
    "agent-missing": "slow",
    "cache-private": "connection_cache_service_name",
    "tls-without-reuse": "smtp_tls_connection_reuse = yes",
    "tls-policy-without-reuse": "smtp_tls_",
    "tls-policy-unknown": "smtp_tls_",
    "tls-obsolete": "smtp_tls_",
    "rate-delay": "_connection_cache_destinations",
    "recipient-limit-one": "_connection_cache_destinations",
}


def names(planted: Planted) -> set[str]:
    """The parameters that a mistake sets."""
    return {line.partition("=")[0].strip() for line in planted.main_cf.splitlines()}


def pairs() -> list[tuple[str, str]]:
    """Mistakes that concern different parameters, one of them in main.cf alone; the same ones each time."""
    draw = random.Random(13)
    main = [name for name, each in PLANTED.items() if each.master_cf == GOOD and not each.files]
    found_pairs: set[tuple[str, str]] = set()
    while len(found_pairs) < PAIRS:
        first, second = draw.choice(list(PLANTED)), draw.choice(main)
        one, two = PLANTED[first], PLANTED[second]
        if {one.id, two.id} & MASKING or one.id == two.id or names(one) & names(two):
            continue
        if "main.cf" in one.files:
            continue
        if any(MADE_GOOD.get(a.id, "\n\n") in b.main_cf + b.master_cf for a, b in ((one, two), (two, one))):
            continue
        found_pairs.add((first, second))
    return sorted(found_pairs)


@pytest.mark.parametrize(("first", "second"), pairs(), ids=map(" and ".join, pairs()))
def test_of_two_mistakes_none_hides_the_other_and_no_cure_undoes_another(
    tmp_path: Path, first: str, second: str
) -> None:
    one, two = PLANTED[first], PLANTED[second]
    directory = write(tmp_path, Planted("", one.main_cf + two.main_cf, one.master_cf, files=one.files))
    wrong = found(directory)
    assert {one.id, two.id} <= {finding.kind.id for finding in wrong}
    for finding in wrong:
        cure(finding)
    assert [finding.line() for finding in found(directory) if commands(finding)] == []
