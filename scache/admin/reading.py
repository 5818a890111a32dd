"""Text of main.cf, master.cf and postconf(1) into settings and services with their places. Pure."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from scache.admin.configuration import Fault, Place, Service, Setting
from scache.config.main_cf import logical_lines, split_setting
from scache.errors import ConfigurationError

__all__ = [
    "OPTION",
    "override_texts",
    "read_entry",
    "read_main_cf",
    "read_master_cf",
    "read_postconf",
    "words",
]

_TYPES = ("inet", "unix", "unix-dgram", "fifo", "pass")
_SPACE = " \t\r\n"
_FLAG = re.compile(r"[-yn]$")
_NUMBER = re.compile(r"(-|\d+)\??$")
_FIELDS = 8
#: `-o`, perhaps behind flags without a value, and what stands behind it in the same word.
OPTION = re.compile(r"-([vVD]*)o(.*)", re.DOTALL)


def read_main_cf(text: str, file: str) -> tuple[dict[str, Setting], list[Fault]]:
    """The settings, of several for one parameter the last; and the lines that are none."""
    settings: dict[str, Setting] = {}
    faults: list[Fault] = []
    for number, line in logical_lines(text, lambda _stray: None):
        _read_setting(line, Place(file, number), settings, faults)
    return settings, faults


def _read_setting(line: str, place: Place, settings: dict[str, Setting], faults: list[Fault]) -> None:
    try:
        name, value = split_setting(line)
    except ConfigurationError as error:
        faults.append(Fault(place, line.strip(), str(error)))
    else:
        settings[name] = Setting(value, place)


def read_master_cf(text: str, file: str) -> tuple[list[Service], list[Service], list[Fault]]:
    """The entries, the comments that would be entries, and the lines that are none."""
    services, faults = [], []
    for number, line in logical_lines(text, lambda _stray: None):
        place = Place(file, number)
        service = read_entry(line, place)
        if service is None:
            faults.append(Fault(place, line.strip(), "not an entry of eight fields"))
        else:
            services.append(service)
    return services, _commented_out(text, file), faults


def _commented_out(text: str, file: str) -> list[Service]:
    found = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            entry = line.lstrip("#").lstrip(" ")
            for following in lines[number:]:  # its options, as far as they are commented out with it
                if not re.match(r"#+[ \t]+-o", following):
                    break
                entry += " " + following.lstrip("#")
            service = read_entry(entry, Place(file, number))
            if service is not None:
                found.append(service)
    return found


def read_postconf(text: str, file: str) -> tuple[dict[str, Setting], list[Service] | None, list[Fault]]:
    """What people show: the output of `postconf -n`, with that of `postconf -M` behind it or not."""
    settings: dict[str, Setting] = {}
    services: list[Service] = []
    faults: list[Fault] = []
    for number, line in logical_lines(text, lambda _stray: None):
        place = Place(file, number)
        service = read_entry(line, place)
        if service is None:
            _read_setting(line, place, settings, faults)
        else:
            services.append(service)
    return settings, services or None, faults


def words(text: str, separators: str = _SPACE) -> list[str]:
    """The words of a text; white space in {braces} separates nothing (mystrtokq.c)."""
    found, word, depth = [], "", 0
    for character in text:
        if depth == 0 and character in separators:
            if word:
                found.append(word)
            word = ""
            continue
        depth += (character == "{") - (character == "}" and depth > 0)
        word += character
    return [*found, word] if word else found


def read_entry(line: str, place: Place) -> Service | None:
    fields = words(line)
    if len(fields) < _FIELDS or fields[1] not in _TYPES:
        return None
    if not all(_FLAG.match(field) for field in fields[2:5]) or not all(map(_NUMBER.match, fields[5:7])):
        return None
    name, type_, private, unprivileged, chroot, wakeup, limit, program = fields[:_FIELDS]
    options = tuple(fields[_FIELDS:])
    overrides = _overrides(options, place)
    return Service(
        name, type_, private, unprivileged, chroot, wakeup, limit, program, options, overrides, place
    )


def _overrides(options: tuple[str, ...], place: Place) -> dict[str, Setting]:
    """What `-o name=value`, `-oname=value` and `-o { name = value }` set."""
    overrides = {}
    for text in override_texts(options):
        with contextlib.suppress(ConfigurationError):  # which ends the service; syntax.py says so
            name, value = split_setting(text)
            overrides[name] = Setting(value, place)
    return overrides


def override_texts(options: tuple[str, ...]) -> Iterator[str]:
    """The text behind each `-o`, without its braces."""
    following = iter(options)
    for option in following:
        if match := OPTION.fullmatch(option):
            text = match[2] or next(following, "")
            yield text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text
