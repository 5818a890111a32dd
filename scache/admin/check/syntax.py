"""Findings about lines that Postfix can't read at all, and values that it can't expand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Place
from scache.admin.reading import OPTION, override_texts
from scache.config.main_cf import split_setting
from scache.errors import ConfigurationError

__all__ = ["BYTE_ORDER_MARK", "KINDS", "as_meant", "find", "find_options"]

_LINE = Kind(
    "unreadable-line",
    Severity.STOPS_MAIL,
    "A line of main.cf or master.cf can't be read.",
    "Every Postfix program ends with `fatal:` at a line of main.cf without `=`, and master(8) at an entry "
    "of master.cf with fewer than eight "
    "fields or a bad one. A line that begins with white space goes on with the one before it.",
    "Mend the line.",
)
_OPTION = Kind(
    "unreadable-option",
    Severity.STOPS_MAIL,
    "An -o option of a service can't be read.",
    "White space ends an option: of `-o name = value` the program sees `name`, and ends with `fatal: invalid "
    "\"-o name\" option value: missing '=' after attribute name`. A word that no `-o` stands before ends it "
    "with `fatal: unexpected command-line argument`. All that it should have done waits.",
    "Give each parameter its own `-o`, as `-o name=value`, or, for a value with white space, "
    "`-o { name = value }`.",
)
_MARK = Kind(
    "byte-order-mark",
    Severity.STOPS_MAIL,
    "main.cf or master.cf begins with a byte order mark.",
    "An editor of another system has put three bytes before the first line (EF BB BF). To Postfix they are a "
    "part of it: the parameter that stands there isn't set, and nobody warns of it; the service that stands "
    "there isn't found; where it is a comment, each program ends with `fatal:`.",
    "Take the three bytes away.",
)
KINDS = (_LINE, _OPTION, _MARK)

BYTE_ORDER_MARK = "\ufeff"

#: What these programs take are options alone.
_PROGRAMS = ("smtp", "lmtp", "scache", "scache-python", "tlsproxy", "tlsmgr", "qmgr")


def find(configuration: Configuration) -> Iterator[Finding]:
    """The findings about lines."""
    places = {name: setting.place for name, setting in configuration.settings.items()}
    places |= {service.name: service.place for service in configuration.services or ()}
    for name, place in places.items():
        if name.startswith(BYTE_ORDER_MARK) and place is not None:
            said = f"is no {name[1:]}: a byte order mark stands before it"
            yield _MARK.found(name, "", said, place, [_without_mark(place)])
    for fault in configuration.unreadable:
        if fault.line.startswith(BYTE_ORDER_MARK):
            said = f"a byte order mark stands before it: {fault.said}"
            yield _MARK.found(fault.line[:60], "", said, fault.place, [_without_mark(fault.place)])
            continue
        cure = f"# mend line {fault.place.line} of {fault.place.file}"
        yield _LINE.found(fault.line[:60], "", fault.said, fault.place, [cure])


def _without_mark(place: Place) -> str:
    return shlex.join(["sed", "-i", r"1s/^\xEF\xBB\xBF//", place.file])


def as_meant(configuration: Configuration) -> Configuration:
    """The configuration without byte order marks: what they hide isn't missing once they are gone."""
    settings = configuration.settings.items()
    services = configuration.services
    return replace(
        configuration,
        settings={name.removeprefix(BYTE_ORDER_MARK): setting for name, setting in settings},
        services=services
        and [replace(each, name=each.name.removeprefix(BYTE_ORDER_MARK)) for each in services],
    )


def find_options(configuration: Configuration) -> Iterator[Finding]:
    """The findings about options of the programs on a connection's way."""
    for service in configuration.effective_services():
        if service.program.rpartition("/")[2] not in _PROGRAMS:
            continue
        loose, mended = _read(service.options)
        faults = [text for text in override_texts(service.options) if _fault(text)]
        entry = " ".join([service.fields(), *mended])
        cure = [configuration.postconf("-M", f"{service.id}={entry}")]
        for text in faults:
            said = f'ends {service.program} with `fatal: invalid "-o {text}" option value: {_fault(text)}`'
            yield _OPTION.found(service.id, "", said, service.place, cure)
        if loose and not faults:
            said = f"ends {service.program} with `fatal: unexpected command-line argument: {loose[0]}`"
            yield _OPTION.found(service.id, "", said, service.place, cure)


def _fault(text: str) -> str | None:
    try:
        split_setting(text)
    except ConfigurationError as error:
        return str(error)
    return None


def _read(options: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Words that belong to no option, and the options as they were meant."""
    loose: list[str] = []
    mended: list[str] = []
    waiting = list(options)
    while waiting:
        word = waiting.pop(0)
        if (flags := OPTION.fullmatch(word)) and not flags[2]:
            text = waiting.pop(0) if waiting else ""
            parts = [text]
            while waiting and not waiting[0].startswith("-") and _goes_on(text, waiting[0]):
                parts.append(waiting.pop(0))
                text += ("" if text.endswith("=") or parts[-1].startswith("=") else " ") + parts[-1]
            loose += parts[1:] if _fault(parts[0].strip("{}")) is None else []
            mended += [*([f"-{flags[1]}"] if flags[1] else []), *_option(text)]
        elif word.startswith("-"):
            mended.append(word)
        else:
            loose.append(word)
            mended += _option(word)
    return loose, mended


def _goes_on(text: str, following: str) -> bool:
    """Whether the next word was meant as a part of this option: around `=`, in a list, or within quotes."""
    if text.endswith("=") or following.startswith("="):
        return True
    if text.endswith(",") and _fault(following) is not None:
        return True
    return any(text.count(quote) % 2 for quote in "\"'")


def _option(text: str) -> list[str]:
    """The option that was meant, nothing for none; quotes mean nothing in master.cf, and go."""
    if text.startswith("{"):
        return ["-o", text if text.endswith("}") else text + " }"]
    if _fault(text) is not None:
        return []
    name, value = split_setting(text.rstrip(","))
    if value[:1] in ("'", '"') and value[-1:] == value[:1]:
        value = value[1:-1]
    return ["-o", f"{{{name} = {value}}}" if " " in value else f"{name}={value}"]
