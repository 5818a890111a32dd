"""The page of a run, in a real browser and, where no browser is needed, as text."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.dialogue import case
from conformance.cli import main
from conformance.report.about import About
from conformance.report.comparison import compare
from conformance.report.diagram import diagram
from conformance.report.documents import as_json
from conformance.report.failure import explanations
from conformance.report.figures import read_figures
from conformance.report.page import page
from conformance.runner.expectations import Expectations
from conformance.runner.play import play
from conformance.runner.suite import Suite
from conformance.targets.reference import ReferenceTarget
from conformance.targets.simulated import SimulatedTarget
from scache.cache.service import Service
from scache.errors import UsageError

pytestmark = pytest.mark.lasting

if TYPE_CHECKING:
    from tests.support.browser import Browser

CASES = [
    SANITY,
    *select(CATALOGUE, ["find_endp", "expiry/session", "half_close", "announce/list"][:2]),
    case("odd/text/1", 'It has <angles> & "quotes".', "", r">> '</script>\x01'" + "\nlog nothing"),
]
FAILED = "find_endp/hit/1"


def result_of(targets: list[Any]) -> dict[str, Any]:
    suite = Suite(targets, play, expectations={target.name: Expectations() for target in targets})
    list(suite.run(CASES))
    about = About(
        ["scache-conformance", "run"],
        None,
        datetime(2027, 1, 15, tzinfo=UTC),
        1.5,
        {"scache": "1.0"},
        {target.name: "an scache" for target in targets},
    )
    return as_json(suite.summary, about, explanations(suite.summary, targets))


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, Any]]:
    """Of the right scache, and of one that saves the property Q instead of P."""
    targets = [ReferenceTarget(), SimulatedTarget()]
    save = Service.save_endp

    def wrong(service: Service, *values: Any) -> Any:
        return save(service, *(b"Q" if value == b"P" else value for value in values))

    found = {"right": result_of(targets)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "save_endp", wrong)
        found["wrong"] = result_of(targets)
    return found


@pytest.fixture(scope="module")
def file(results: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the wrong one, against the right one."""
    file = tmp_path_factory.mktemp("page") / "page.html"
    figures = file.with_name("benchmark.json")
    figures.write_text(json.dumps(BENCHMARK))
    compared = compare(results["right"], results["wrong"])
    file.write_text(page(results["wrong"], compared, read_figures(figures)))
    return file


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(file: Path) -> None:
    shown = file.read_text()
    assert "It has &lt;angles&gt; &amp; &#34;quotes&#34;." in shown
    assert not any(
        outside in shown for outside in ("http:", "https:", "src=", "@import", "url(", "</script>\\")
    )


def test_no_text_ends_the_element_that_it_is_embedded_in(results: dict[str, dict[str, Any]]) -> None:
    hostile = {"text": "</script><b>", "place": "nowhere"}
    shown = page({**results["right"], "requirements": {"wire.find_endp": hostile}})
    assert "</script><b>" not in shown


def test_what_is_read_on_opening_is_packed_section_by_section(
    results: dict[str, dict[str, Any]], file: Path
) -> None:
    packed = dict(re.findall(r'data-packed="(\w+)">([^<]+)<', file.read_text()))
    assert list(packed) == ["sanity", "find_endp", "expiry", "odd"]
    details = json.loads(gzip.decompress(base64.b64decode(packed["odd"])))
    number = str(len(CASES) - 1)
    assert details[number]["dialogues"] == [
        diagram(entries) for entries in results["wrong"]["cases"][-1]["dialogues"]
    ]


ENTRIES = [
    ({"who": "a", "note": "connects"}, [["note", 0, 0, "connects"]]),
    ({"who": "a >>", "hex": b"dummy\0\0\0".hex(), "bytes": 8}, [["message", 0, 1, "dummy"]]),
    (
        {"who": "a >>", "hex": "00", "bytes": 1, "tokens": ["A"]},
        [["descriptor", 0, 1, "descriptor of session A"]],
    ),
    (
        {"who": "a <<", "hex": b"x\0".hex(), "bytes": 2, "tokens": ["A"], "note": "with A, end of input"},
        [
            ["message", 1, 0, r"'x\x00'"],
            ["descriptor", 1, 0, "descriptor of session A"],
            ["end", 1, 0, "end of input"],
        ],
    ),
    ({"who": "a <<"}, [["note", 0, 0, "receives nothing"]]),
    ({"who": "A hears", "hex": b"bye".hex(), "bytes": 3}, [["message", 1, 2, "'bye'"]]),
    ({"who": "A hears"}, [["note", 2, 2, "hears nothing"]]),
    ({"who": "A", "note": "is held"}, [["note", 2, 2, "session A is held"]]),
    ({"who": "A", "note": "is ended by its remote side"}, [["end", 2, 1, "ends the session"]]),
    ({"who": "clock", "note": "advances by 3 s"}, [["time", 0, 0, "advances by 3 s"]]),
    ({"who": "log", "note": "warning: x"}, [["log", 1, 1, "log: warning: x"]]),
    ({"who": "daemon", "note": "gets SIGTERM"}, [["note", 1, 1, "gets SIGTERM"]]),
    ({"who": "process", "note": "freeze"}, [["note", 1, 1, "process: freeze"]]),
]


@pytest.mark.parametrize(("entry", "rows"), ENTRIES, ids=lambda each: str(each)[:40])
def test_an_entry_of_a_dialogue_becomes_arrows_and_notes(
    entry: dict[str, Any], rows: list[list[object]]
) -> None:
    around = [{"who": "a", "note": "connects", "at": 0}, {"who": "A", "note": "is free", "at": 0}]
    drawn = diagram([*around, {**entry, "at": 7}])
    assert drawn["lanes"] == ["client a", "daemon", "remote side of A"]
    assert [row[1:5] for row in drawn["rows"][2:]] == rows
    assert {row[0] for row in drawn["rows"][2:]} == {7}


def test_many_clients_share_a_lane_and_are_named_in_it() -> None:
    entries = [{"who": f"c{number}", "note": "connects", "at": 0} for number in range(20)]
    drawn = diagram([*entries, {"who": "c7 >>", "hex": b"dummy\0\0\0".hex(), "bytes": 8, "at": 0}])
    assert drawn["lanes"] == ["clients", "daemon"]
    assert drawn["rows"][-1][:5] == [0, "message", 0, 1, "c7: dummy"]


BENCHMARK = {
    "machine": {"processor": "a processor", "processors": 2, "kernel": "Linux 6.1", "date": "2027-01-15"},
    "cells": [
        {
            "cached": 4000,
            "clients": 16,
            "turns": {
                "ours": [{"rate": rate, "cpu_per_request": 2e-5} for rate in (1000.0, 3000.0, 2000.0)],
                "real": [{"rate": 500.0, "cpu_per_request": 8e-5}],
            },
        }
    ],
}


def test_a_benchmark_is_a_table_of_medians(tmp_path: Path) -> None:
    file = tmp_path / "benchmark.json"
    file.write_text(json.dumps(BENCHMARK))
    rates, costs = read_figures(file)
    assert rates.columns == ("ours", "real")
    assert rates.rows == (("4,000 cached pairs, 16 clients", (2000.0, 500.0)),)
    assert costs.rows[0][1] == pytest.approx((20.0, 80.0))
    assert [rates.share(number) for number in (2000, 500, 0)] == [100, 25, 0]


@pytest.mark.parametrize(
    ("words", "title", "row"),
    [
        (
            ["simulate", "--runs", "1", "--requests", "200", "--jobs", "1"],
            "What happened in the simulation",
            "a client half-closed",
        ),
        (
            ["diff", "--left", "simulated", "--right", "reference", "--steps", "1"],
            "What the differential run met",
            "the clock went back",
        ),
    ],
)
def test_what_a_simulation_and_a_differential_run_met_is_shown(
    words: list[str], title: str, row: str, tmp_path: Path, results: dict[str, dict[str, Any]]
) -> None:
    file = tmp_path / "figures.json"
    assert main([*words, "--json", str(file)]) == 0
    (figure,) = read_figures(file)
    assert figure.title == title
    assert row in dict(figure.rows)
    shown = page(results["right"], None, [figure])
    assert f"<h3>{title}</h3>" in shown
    assert f'<th scope="row">{row}</th><td class="bar' in shown


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{", "no JSON"), ("{}", "not written by"), ('{"seldom": {}}', "something is missing in it: 'differs'")],
)
def test_what_is_no_figure_is_refused(content: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=complaint):
        read_figures(file)


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    from tests.support.browser import browser

    with browser() as found:
        yield found


OPENED = "document.querySelectorAll('.opened .seq').length > 0"


def press(window: Browser, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    actions = ActionChains(window.driver)
    for key in keys:
        actions.send_keys(key)
    actions.perform()


def choose(window: Browser, field: str, value: str) -> str:
    """Set a field of the filter; what is then said of the cases."""
    window.run(
        f"(() => {{ const field = document.getElementById('{field}'); field.value = '{value}';"
        " field.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )
    said: str = window.run("document.getElementById('shown').textContent")
    return said


@pytest.mark.needs("chromium")
def test_the_page_opens_from_disk_with_failures_first_and_no_complaint(window: Browser, file: Path) -> None:
    window.open(file)
    window.wait("document.querySelector('.failure .seq .wrong')")
    assert window.run("document.querySelector('h1').textContent").endswith("unexpected")
    heads = window.run("[...document.querySelectorAll('h2')].map((head) => head.textContent)")
    assert [head.split(" of ")[0] for head in heads] == [
        "The run",
        "Failures",
        "Against the run",
        "Cases",
        "Beside this run",
    ]
    assert window.run("performance.getEntriesByType('resource').length") == 0
    assert window.complaints() == []


@pytest.mark.needs("chromium")
def test_a_planted_failure_is_understood_from_the_page_alone(window: Browser, file: Path) -> None:
    window.open(file)
    window.wait("document.querySelector('.failure .seq .wrong')")
    failure = window.run(
        f"[...document.querySelectorAll('.failure')].find((each) => /{FAILED.replace('/', '.')}/"
        ".test(each.textContent)).innerText"
    )
    for said in (
        f"{FAILED} on simulated:",
        "Required: find_endp: request, label; the reply is a status and a property.",
        "client a receives",
        "Byte 18 is the first that differs",
        "descriptor of session A",
        "expected instead: status=0 property=P .",
    ):
        assert said in failure
    wrong = window.run(
        "[...document.querySelectorAll('.failure[open] .seq')][0].querySelectorAll('.wrong').length"
    )
    assert wrong == 2  # the answer, and what was expected instead
    marked = window.run(
        "[...document.querySelectorAll('.failure[open] mark')].slice(0, 4).map((each) => each.textContent)"
    )
    assert marked == ["50", "P", "51", "Q"]
    command = f"run --target simulated -v {FAILED}"
    assert command in window.run("document.querySelector('.least pre').textContent")


@pytest.mark.needs("chromium")
def test_the_cases_are_filtered_by_verdict_target_section_and_text(window: Browser, file: Path) -> None:
    window.open(file)
    every = f"{len(CASES)} cases"
    assert window.run("document.getElementById('shown').textContent") == every
    failing = choose(window, "verdict", "fail")
    assert 0 < int(failing.split()[0]) < len(CASES)
    assert choose(window, "target", "0") == f"0 of {every}"  # the model fails none
    assert choose(window, "target", "1") == failing
    assert choose(window, "section", "odd").startswith(("0 of", "1 of"))
    press(window, "\ue00c")  # Escape
    window.wait(f"document.getElementById('shown').textContent === '{every}'")
    assert choose(window, "text", "ANGLES quotes") == f"1 of {every}"
    visible = "[...document.querySelectorAll('.cases:not([hidden]) > tr:not([hidden]) th')]"
    assert window.run(f"{visible}.map((each) => each.innerText)") == ["odd/text/1"]
    assert choose(window, "text", "wire.find_endp") == f"6 of {every}"  # a requirement


@pytest.mark.needs("chromium")
def test_the_keyboard_finds_opens_and_closes_a_case(window: Browser, file: Path) -> None:
    window.open(file)
    press(window, "/", *FAILED)
    window.run("document.activeElement.blur()")
    press(window, "j", "j", "\ue007")  # the section, the case, Enter
    window.wait(OPENED)
    opened = window.run("document.querySelector('.opened').innerText")
    assert "The dialogue with reference" in opened
    assert "The dialogue with simulated" in opened
    others = window.run("[...document.querySelectorAll('.opened .other')].map((row) => row.textContent)")
    assert others == ["status=0 property=Q .21 bytes"]  # in the second dialogue, beside the first
    assert f"python -m conformance run --target reference --target simulated -v {FAILED}" in opened
    press(window, "\ue007")
    window.wait("document.querySelectorAll('.opened').length === 0")
    assert window.complaints() == []


@pytest.mark.needs("chromium")
def test_bytes_are_shown_in_hex_when_asked_for(window: Browser, file: Path) -> None:
    window.open(file)
    window.wait("document.querySelector('.failure .seq .bytes')")
    window.run("document.querySelector('.seq .bytes summary').click()")
    window.wait("document.querySelector('.seq .bytes pre')")
    assert window.run("document.querySelector('.seq .bytes pre').textContent").startswith(
        "000000  70 72 6f 74"
    )


@pytest.mark.needs("chromium")
def test_what_is_new_since_another_run_leads_to_the_case(window: Browser, file: Path) -> None:
    window.open(file)
    changes = window.run(
        "[...document.querySelectorAll('.changes > summary')].map((each) => each.textContent)"
    )
    assert re.fullmatch(r"[1-9]\d* new failures", changes[0])
    assert changes[1:3] == ["0 new passes", "0 other verdicts"]
    window.run("document.querySelector('.changes a').click()")
    window.wait(OPENED)
    assert window.run("document.activeElement.textContent") == window.run(
        "document.querySelector('.changes a').textContent"
    )


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_people_from_using_the_page(window: Browser, file: Path, theme: str) -> None:
    window.open(file)
    window.run(f"(() => {{ document.documentElement.dataset.theme = '{theme}'; }})()")
    window.run(
        "[...document.querySelectorAll('details')].slice(0, 12).forEach((each) => { each.open = true; })"
    )
    window.run("document.querySelectorAll('.section button').forEach((each) => each.click())")
    window.run(
        "document.querySelectorAll('.cases button')"
        ".forEach((each) => /hit|text/.test(each.textContent) && each.click())"
    )
    window.wait("document.querySelectorAll('.opened .seq').length > 3")
    assert window.barriers() == []


@pytest.mark.needs("chromium")
def test_the_theme_is_the_readers_choice(window: Browser, file: Path) -> None:
    window.open(file)
    before = window.run("getComputedStyle(document.body).backgroundColor")
    window.run("document.getElementById('theme').click()")
    assert window.run("getComputedStyle(document.body).backgroundColor") != before
    window.run("document.getElementById('theme').click()")
    assert window.run("getComputedStyle(document.body).backgroundColor") == before


@pytest.mark.needs("chromium")
def test_a_narrow_screen_never_scrolls_sideways(window: Browser, file: Path) -> None:
    window.open(file)
    window.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        window.open(file)
        window.run("document.querySelector('.play').scrollIntoView()")
        window.wait("document.querySelector('.failure .seq .wrong')")
        window.run("document.querySelectorAll('.section button').forEach((each) => each.click())")
        assert window.run("[innerWidth, document.documentElement.scrollWidth]") == [380, 380]
    finally:
        window.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.needs("chromium")
def test_on_paper_the_controls_are_gone_and_the_failures_are_there(window: Browser, file: Path) -> None:
    window.open(file)
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert window.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
        assert window.run("getComputedStyle(document.querySelector('.failure')).display") != "none"
    finally:
        window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
