"""`scache log` on the mail logs of a private Postfix, held to what the lab and its sinks counted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance.lab.experiment import run_scenario
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.outcome import Outcome
from conformance.lab.scenarios import scenario_named
from conformance.postfix.installations import private_postfix
from scache.cli import main


def ran(scenario: str, variant: str) -> Outcome:
    """A run of the lab."""
    found = scenario_named(scenario)
    assert found is not None
    return run_scenario(found, VARIANTS[variant], private_postfix(), long=False)


def table(printed: str) -> list[str]:
    """Its parts, without what differs from run to run: numbers, and whether an agent waited at a kill."""
    shown = re.sub(
        r" +|process \S+scache", " ", re.sub(r"[\d.]+%?|(?<= )-$", "N", printed, flags=re.MULTILINE)
    )
    return [part.strip() for part in shown.split("\n\n") if not part.startswith("cache-lost")]


@pytest.mark.postfix
@pytest.mark.parametrize("scenario", ["mixed", "multi-instance", "kill"])
def test_the_figures_are_the_labs_own_and_the_real_scaches_table_is_ours(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = []
    for variant in ("real", "ours"):
        outcome = ran(scenario, variant)
        path = tmp_path / variant
        path.write_text("\n".join(outcome.log) + "\n")

        assert main(["log", "--json", str(path)]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["mails"], document["reused"]) == (outcome.delivered, outcome.reused)
        uses = [use for peer in document["peers"].values() for use in peer["uses"].items()]
        assert sum(times for use, times in uses if use == "1") == outcome.connections, "those of the sinks"
        lookups, most = outcome.tally.lookups, outcome.tally.maxima
        for by, what in (("domain", "destination"), ("address", "endpoint")):
            found = [cache["lookups"][what] for cache in document["caches"].values()]
            assert sum(each["hits"] for each in found) == lookups[f"{by} hits"]
            assert sum(each["misses"] for each in found) == lookups[f"{by} miss"]
        sessions = [cache["most"]["sessions"] for cache in document["caches"].values()]
        assert max(sessions) == most["connection"]

        assert main(["log", str(path)]) == 0
        tables.append(table(capsys.readouterr().out))
    assert tables[0] == tables[1]
