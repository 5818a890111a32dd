"""A configuration as the commands of cures leave it. Pure: nothing is carried out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace

from scache.admin.configuration import Configuration, Place, Service, Setting
from scache.admin.reading import OPTION, read_entry
from scache.config.main_cf import split_setting

__all__ = ["mended"]


def mended(configuration: Configuration, commands: Iterable[str]) -> Configuration:
    """The configuration after these commands; only what postconf(1) changes is seen."""
    change = _Change(configuration)
    for command in commands:
        words = [] if command.startswith("#") else shlex.split(command)
        if words[:1] == ["postconf"]:
            option, text = words[-2:]
            change.carry_out(option, text)
    return change.outcome()


class _Change:
    """The changes so far."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._settings = dict(configuration.settings)
        services = configuration.effective_services()
        self._services = {service.id: service for service in services}

    def outcome(self) -> Configuration:
        """The configuration with them."""
        known = self._configuration.services is not None or bool(self._services)
        services = list(self._services.values()) if known else None
        return replace(self._configuration, settings=self._settings, services=services)

    def carry_out(self, option: str, text: str) -> None:
        """One command of postconf(1)."""
        if option == "-e":
            name, value = split_setting(text)
            old = self._settings.get(name)
            self._settings[name] = Setting(value, old.place if old else None)
        elif option == "-X":
            self._settings.pop(text, None)
        elif option == "-MX":
            self._services.pop(text, None)
        elif option == "-M":
            self._entry(*split_setting(text))
        else:
            self._part(option, text)

    def _entry(self, name: str, text: str) -> None:
        old = self._services.get(name)
        place = old.place if old else Place(f"{self._configuration.directory}/master.cf", 0)
        service = read_entry(text, place)
        if service is not None:
            self._services[name] = service

    def _part(self, option: str, text: str) -> None:
        """A field (-F), or an option that is set (-P) or taken out (-PX), of `name/type/what`."""
        path, _equals, value = text.partition("=")
        name, type_, what = path.split("/", 2)
        service = self._services.get(f"{name}/{type_}")
        if service is not None:
            self._services[service.id] = _with(service, option, what, value)


def _with(service: Service, option: str, what: str, value: str) -> Service:
    if option == "-F":
        field = "program" if what == "command" else what
        entry = read_entry(service.fields(**{field: value}), service.place) or service
        if what == "command":  # which takes the options along
            return entry
        return replace(entry, options=service.options, overrides=service.overrides)
    overrides = {name: setting for name, setting in service.overrides.items() if name != what}
    if option == "-P":
        overrides[what] = Setting(value, service.place)
    flags = [word for word in service.options if word.startswith("-") and not OPTION.fullmatch(word)]
    settings = [f"-o{{{name} = {setting.value}}}" for name, setting in overrides.items()]
    return replace(service, options=(*flags, *settings), overrides=overrides)
