"""The core is pure: no clock, no socket, no file, no logging comes in by an import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import scache

PACKAGE = Path(scache.__file__).parent
#: The rooms that are pure, and the modules beside them that are.
PURE = [
    *sorted(
        f"{room}.{path.stem}"
        for room in ("cache", "protocol")
        for path in (PACKAGE / room).glob("*.py")
        if path.stem != "__init__"
    ),
    "checking",
    "config.settings",
    "errors",
]
ALLOWED = {
    "__future__",
    "bisect",
    "collections",
    "collections.abc",
    "heapq",
    "itertools",
    "typing",
    "scache",
    "scache.protocol",
}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_nothing_that_touches_the_world(module: str) -> None:
    foreign = {
        name
        for name in imported(PACKAGE / f"{module.replace('.', '/')}.py")
        if name not in ALLOWED and name.removeprefix("scache.") not in PURE
    }
    assert foreign == set()


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_opens_no_file_and_prints_nothing(module: str) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert calls & {"open", "print", "input", "__import__", "exec", "eval"} == set()


def test_the_product_never_imports_the_bench() -> None:
    offenders = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(name.split(".")[0] == "conformance" for name in imported(path))
    }
    assert offenders == set()


def test_what_only_the_type_checker_reads_is_told_from_the_rest_in_one_place() -> None:
    places = [path.name for path in PACKAGE.rglob("*.py") if "\nTYPE_CHECKING =" in path.read_text()]
    assert places == ["checking.py"]


def test_every_module_says_what_is_public() -> None:
    silent = {
        str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if "__all__" not in path.read_text()
    }
    assert silent == set()
