"""A run's result as one page of HTML that needs nothing else; all that it shows is in the JSON, too."""

from __future__ import annotations

import base64
import gzip
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.report.comparison import Comparison
from conformance.report.diagram import diagram
from conformance.report.dialogue import sent_text
from conformance.report.figures import Figure
from conformance.report.terminal import WORDS
from conformance.runner.verdict import Verdict

__all__ = ["page"]

_ASSETS = Path(__file__).parent / "assets"
_WIDTH = 16  # bytes a line
_WORDS = {verdict.value: word for verdict, (word, _) in WORDS.items()}


def page(
    result: Mapping[str, Any], comparison: Comparison | None = None, figures: Sequence[Figure] = ()
) -> str:
    """The page's text. result: as documents.as_json gives it."""
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    cases = [
        {**case, "number": number, "results": [*map(_legible, case["results"])]}
        for number, case in enumerate(result["cases"])
    ]
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        groups.setdefault(case["id"].partition("/")[0], []).append(case)
    wrong = {Verdict.FAIL.value, Verdict.NON_STRICT.value} if result["strict"] else {Verdict.FAIL.value}
    return environment.get_template("page.html.j2").render(
        result=result,
        about=result["about"],
        command=shlex.join(result["about"]["command"]),
        began=datetime.fromisoformat(result["about"]["began"]),
        targets=list(result["counts"]),
        sections=[_section(name, listed) for name, listed in groups.items()],
        failures=list(_failures(cases, wrong)),
        words=_WORDS,
        comparison=comparison,
        figures=figures,
        numbers={case["id"]: case["number"] for case in reversed(cases)},
        marked_lines=_marked_lines,
        style=_asset("page.css"),
        script=_asset("dialogue.js") + _asset("page.js"),
        facts=_embedded({"requirements": result["requirements"], "words": _WORDS}),
    )


def _asset(name: str) -> Markup:
    return Markup((_ASSETS / name).read_text())


def _embedded(value: object) -> Markup:
    """JSON that can stand in an element of HTML."""
    return Markup(json.dumps(value, separators=(",", ":")).replace("<", "\\u003c"))


def _section(name: str, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A section's rows, and what is read only when one of them is opened, packed."""
    details = {case["number"]: _details(case) for case in cases}
    packed = gzip.compress(json.dumps(details, separators=(",", ":")).encode(), mtime=0)
    by_target = zip(*([result["verdict"] for result in case["results"]] for case in cases), strict=True)
    return {
        "name": name,
        "cases": cases,
        "counts": [_count(verdicts) for verdicts in by_target],
        "packed": base64.b64encode(packed).decode(),
    }


def _count(verdicts: Sequence[str]) -> tuple[str, str]:
    """What stands in the cell of a section and a target, and the verdict that it is coloured by."""
    failed, passed = verdicts.count(Verdict.FAIL.value), verdicts.count(Verdict.PASS.value)
    if failed:
        return f"{failed} FAIL", Verdict.FAIL.value
    if passed == len(verdicts):
        return str(passed), Verdict.PASS.value
    return f"{passed}/{len(verdicts)}", next(each for each in verdicts if each != Verdict.PASS.value)


def _details(case: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: case[name] for name in ("id", "sentence", "requirements", "options", "steps")},
        "results": [
            {
                name: each[name]
                for name in ("target", "verdict", "detail", "dialogue", "difference")
                if name in each
            }
            for each in case["results"]
        ],
        "dialogues": [diagram(entries) for entries in case["dialogues"]],
    }


def _legible(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result; where replies differ, they are in the dialogues' language, as the diagram has them."""
    difference = result.get("difference")
    if difference is None:
        return result
    said = {which: _said(difference[which], difference[f"{which}_hex"]) for which in ("expected", "got")}
    return {**result, "difference": {**difference, **said}}


def _said(shown: str, hex_bytes: str) -> str:
    data = bytes.fromhex(hex_bytes)
    return sent_text(data) + shown.removeprefix(repr(data)) if shown.startswith(repr(data)) else shown


def _failures(cases: Sequence[Mapping[str, Any]], wrong: set[str]) -> Iterator[dict[str, Any]]:
    for case in cases:
        for result in case["results"]:
            if result["verdict"] in wrong:
                yield {"case": case, "result": result}


def _marked_lines(difference: Mapping[str, Any], which: str) -> Iterator[dict[str, Any]]:
    """Lines of a dump of `expected` or `got`: the offset; of each byte hex, letter, whether it differs."""
    shown = bytes.fromhex(difference[f"{which}_hex"])
    other = bytes.fromhex(difference["got_hex" if which == "expected" else "expected_hex"])
    for at in range(0, len(shown), _WIDTH):
        yield {
            "offset": f"{difference['begin'] + at:06x}",
            "bytes": [
                {
                    "hex": f"{byte:02x}",
                    "letter": chr(byte) if 32 <= byte < 127 else "·",
                    "differs": number >= len(other) or byte != other[number],
                }
                for number, byte in enumerate(shown[at : at + _WIDTH], at)
            ],
        }
