"""One table of parameters: what reads, documents and offers them goes by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scache.config.main_cf import MainCf
from scache.config.parameters import PARAMETERS, Parameter, service_settings
from scache.config.settings import Settings
from scache.errors import ConfigurationError
from scache.protocol.dialect import Dialect

PAGE = Path(__file__).parents[2] / "docs" / "standalone.md"


def read(*assignments: tuple[str, str], standalone: bool = False) -> Settings:
    main_cf = MainCf("", lambda warning: pytest.fail(warning))
    for name, value in assignments:
        main_cf.set(name, value)
    return service_settings(main_cf, path="scache socket", standalone=standalone)


def fields(settings: Settings) -> dict[str, object]:
    """All that a daemon goes by, the dialect taken apart."""
    values = {name: getattr(settings, name) for name in Settings.__slots__ if name != "dialect"}
    return values | {name: getattr(settings.dialect, name) for name in Dialect.__slots__}


def test_every_field_of_the_settings_has_its_row_but_the_name_of_the_socket() -> None:
    assert sorted([*(parameter.field for parameter in PARAMETERS), "path"]) == sorted(fields(Settings()))


def test_where_main_cf_sets_nothing_the_settings_are_the_default_ones() -> None:
    assert fields(read()) == fields(Settings())


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_a_default_written_out_is_the_default(parameter: Parameter) -> None:
    assert fields(read((parameter.name, parameter.default))) == fields(Settings())


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda parameter: parameter.name)
def test_another_value_reaches_its_own_field_and_no_other(parameter: Parameter) -> None:
    others = {"yes": "no", "no": "yes", "fifo": "lifo", "any": "stream", "": "smtp:QUIT, BYE"}
    other = others.get(parameter.default, "4097")
    changed = fields(read((parameter.name, other)))
    assert {name for name, value in fields(Settings()).items() if changed[name] != value} == {parameter.field}


@pytest.mark.parametrize("parameter", [row for row in PARAMETERS if row.minimum], ids=lambda row: row.name)
def test_a_number_below_the_smallest_is_refused_and_the_smallest_is_taken(parameter: Parameter) -> None:
    assert fields(read((parameter.name, str(parameter.minimum))))[parameter.field] == parameter.minimum
    with pytest.raises(ConfigurationError, match=f"^invalid {parameter.name}"):
        read((parameter.name, str(parameter.minimum - 1)))


def test_only_a_daemon_that_nobody_starts_again_standalones() -> None:
    assert read(standalone=True).max_idle == 0
    assert read(("max_idle", "0"), standalone=True).max_idle == 0
    assert read(("max_idle", "5"), standalone=True).max_idle == 5


def documented(row: Parameter) -> str:
    default = f"`{row.default}`" if row.default else "empty"
    return f"| `{row.name}` | {default} | {row.kind.unit} | {row.meaning} |"


def test_the_documentation_has_each_row_and_no_other() -> None:
    lines = PAGE.read_text().splitlines()
    shown = [line for line in lines if line.startswith(("| `scache_", "| `connection_"))]
    rows = [documented(row) for row in PARAMETERS]
    assert [row for row in rows if row not in lines] == []
    assert [line for line in shown if line not in rows] == []
