"""The same case, its requests sent whole and sent byte by byte: replies and log must be equal."""

from __future__ import annotations

from conformance.catalogue.language.model import Case
from conformance.contract.target import Target
from conformance.runner.play import play
from conformance.runner.verdict import Result, Verdict

__all__ = ["play_bytewise"]


def play_bytewise(case: Case, target: Target) -> Result:
    """Play a case whole and, where it may be cut, byte by byte; a failure if the two show a difference."""
    whole = play(case, target)
    if case.whole or whole.verdict in (Verdict.FAIL, Verdict.UNAVAILABLE):
        return whole
    cut = play(case, target, bytewise=True)
    if cut.verdict is Verdict.FAIL:
        return cut.judged(Verdict.FAIL, f"sent byte by byte: {cut.detail}")
    for seen_whole, seen_cut in zip(whole.observations, cut.observations, strict=True):
        if seen_whole != seen_cut:
            difference = f"{seen_whole[0]}\n   whole {seen_whole[1]}\n     cut {seen_cut[1]}"
            return cut.judged(Verdict.FAIL, f"sent byte by byte it ends otherwise: {difference}")
    return whole
