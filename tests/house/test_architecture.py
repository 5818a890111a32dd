"""docs/architecture.md is held to the code."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import scache
from scache.protocol.states import transitions

PACKAGE = Path(scache.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "architecture.md").read_text()


def diagram() -> str:
    """The conversation's states as a Mermaid diagram, from the table itself (both waits)."""
    table = transitions(write_wait=True, read_wait=True)
    names = {state: f"s{number}" for number, state in enumerate(table)}
    lines = [
        "stateDiagram-v2",
        *(f"    {name}: {state.meaning}" for state, name in names.items()),
        "    [*] --> s0",
    ]
    for state, row in table.items():
        lines += [f"    {names[state]} --> {names[after]}: {event.name}" for event, after in row.items()]
    return "\n".join(lines)


def test_the_diagram_is_the_table() -> None:
    shown = re.search(r"```mermaid\n(.*?)\n```", PAGE, re.DOTALL)
    assert shown is not None
    assert shown[1] == diagram()


def test_every_module_and_room_of_the_product_stands_on_the_page() -> None:
    rooms = [
        path.name if path.is_file() else f"{path.name}/"
        for path in PACKAGE.iterdir()
        if (path.suffix == ".py" or path.is_dir()) and not path.name.startswith("_")
    ]
    assert [room for room in rooms if f"`{room}`" not in PAGE] == []


def ways() -> list[str]:
    """The functions of the ways on the page, each in full."""
    found = []
    for package, table in re.findall(
        r"^### [^\n]*\(`([\w.]+)`\)\n\n(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE
    ):
        found += [f"{package}.{name}" for name in re.findall(r"^\| `([\w.]+)` \|", table, re.MULTILINE)]
    return found


@pytest.mark.parametrize("named", ways())
def test_each_function_of_a_way_is_there(named: str) -> None:
    assert callable(pkgutil.resolve_name(named))


def test_there_are_four_ways() -> None:
    assert len(ways()) > 30


def test_every_room_of_the_bench_stands_on_the_page() -> None:
    rooms = [path.parent.name for path in (PACKAGE.parent / "conformance").glob("*/__init__.py")]
    assert [room for room in rooms if f"`{room}/`" not in PAGE] == []


@pytest.mark.parametrize(
    "named", sorted(set(re.findall(r"`((?:scache|conformance|docs|tests)/[\w./]+)`", PAGE)))
)
def test_what_the_page_names_exists(named: str) -> None:
    assert (PACKAGE.parent / named).exists()
