"""Which room imports which: the arrows run one way, from the commands down to what is pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scache

ROOT = Path(scache.__file__).parent.parent

#: Each package's rooms, outermost first: a room imports those below it, never those above or beside it.
#: A nested tuple holds rooms that know nothing of each other.
LAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "scache": (
        ("__main__",),
        ("cli",),
        ("commands",),
        ("admin", "standalone", "postfix", "trace"),
        ("config", "client", "simulated", "maillog"),
        ("daemon",),
        ("cache",),
        ("protocol", "files"),
        ("errors", "rights"),
        ("checking",),
    ),
    "conformance": (
        ("__main__",),
        ("cli",),
        ("commands", "pytest_plugin"),
        ("sabotage",),
        ("soak",),
        ("benchmark",),
        ("lab", "report", "differential", "simulation", "kernel"),
        ("runner", "targets"),
        ("catalogue", "postfix"),
        ("reference",),
        ("contract", "traces"),
    ),
}


def room(package: str, module: str) -> str:
    """The room of a module that is named in full; the package itself is its innermost room."""
    return module.removeprefix(package).lstrip(".").partition(".")[0]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs; what only the type checker reads is no arrow."""
    tree = ast.parse(path.read_text())
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def arrows(package: str) -> set[tuple[str, str, str]]:
    """From which room to which, and the file that it starts in."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        source = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for target in imports(path):
            if target.partition(".")[0] == package:
                ends = room(package, source), room(package, target)
                if ends[0] != ends[1] and "" not in ends and "__init__" not in ends:
                    found.add((*ends, str(path.relative_to(ROOT))))
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_no_arrow_runs_up_or_sideways(package: str) -> None:
    depth = {name: number for number, layer in enumerate(LAYERS[package]) for name in layer}
    wrong = [arrow for arrow in sorted(arrows(package)) if depth[arrow[0]] >= depth[arrow[1]]]
    assert wrong == []


@pytest.mark.parametrize("package", LAYERS)
def test_every_room_has_its_layer(package: str) -> None:
    rooms = {
        path.stem
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    assert rooms == {name for layer in LAYERS[package] for name in layer}
