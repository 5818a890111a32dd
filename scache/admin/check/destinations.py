"""Findings about smtp_connection_cache_destinations and lmtp_connection_cache_destinations.

The list is matched against the next hop without brackets and port (smtp_connect.c, smtp_cache_policy), or
against the path of a socket. No parent domains, no wildcards.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from scache.admin.check.element import Judge
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind
from scache.admin.check.hops import known_hops
from scache.admin.check.list_kinds import EXCLUSIONS, KINDS, ORDER, UNASKED
from scache.admin.check.match_list import EVERYTHING, Element, elements
from scache.admin.check.next_hop import in_order, literal
from scache.admin.check.tables import entries
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.reading import words

__all__ = ["KINDS", "find"]

#: Next hops that a cure names.
_FEW = 10


def find(configuration: Configuration, files: Files) -> Iterator[Finding]:
    """The findings of each list that a delivery agent has."""
    seen = set()
    for service in configuration.agents:
        effective = Effective(configuration, service)
        name = f"{service.agent}_connection_cache_destinations"
        key = name, service.id if effective.is_own(name) else ""
        if key not in seen:
            seen.add(key)
            yield from _List(configuration, service, effective, name, files).findings()


class _List:
    """One list under examination."""

    def __init__(
        self, configuration: Configuration, service: Service, effective: Effective, name: str, files: Files
    ) -> None:
        self._configuration = configuration
        self._service = service
        self._effective = effective
        self._name = name
        self._files = files
        assert service.agent is not None
        self._judge = Judge(configuration, service.agent, files)
        self._elements = elements(effective.text(name), files.read)

    def findings(self) -> Iterator[Finding]:
        """One for each element that is wrong, or for the list as a whole."""
        if any(element.body == "=" for element in self._elements):
            return  # a parameter of its own was swallowed, which names.py finds
        faults = [(each, wrong) for each in self._elements if (wrong := self._judge.wrong(each))]
        cure = self._cure()
        subject, place = self._effective.subject(self._name), self._effective.place(self._name)
        for element, wrong in faults:
            cured = self._cure_of_file(element) if element.file else cure
            yield wrong.kind.found(subject, element.text, wrong.said, element.file or place, cured)
        if not faults:
            yield from self._unasked()
        for kind, value, said in self._faults_of_order():
            if not any(wrong.kind is kind for _element, wrong in faults):
                yield kind.found(subject, value, said, place, cure)

    def _unasked(self) -> Iterator[Finding]:
        """The finding about a list of names that no mail is sent to, where all next hops are known."""
        wanted = [element for element in self._elements if not element.negated]
        if not wanted:
            return
        names = {
            each.name
            for each in self._configuration.agents
            if each.agent == self._service.agent
            and (each is self._service or not Effective(self._configuration, each).is_own(self._name))
        }
        if self._effective.is_own(self._name):
            names = {self._service.name}
        hops = known_hops(self._configuration, names, self._files)
        if not hops or any(self._may_match(element, hops) for element in wanted):
            return
        others = [element.text for element in self._elements if element.negated]
        meant = sorted(map(literal, hops)) if len(hops) <= _FEW else ["static:all"]
        cure = self._configuration.set_commands(
            self._service, self._effective, self._name, ", ".join([*others, *meant])
        )
        said = f"nobody asks for it: mail is sent to {', '.join(sorted(hops))}"
        yield UNASKED.found(
            *self._effective.subject_and_value(self._name), said, self._effective.place(self._name), cure
        )

    def _may_match(self, element: Element, hops: frozenset[str]) -> bool:
        if not element.is_table:
            return element.body.casefold() in hops
        known = entries(element.body, self._files)
        return known is None or any(hop in known for hop in hops)

    def _faults_of_order(self) -> Iterator[tuple[Kind, str, str]]:
        if self._elements and all(element.negated for element in self._elements):
            yield EXCLUSIONS, self._effective.text(self._name), "matches nothing; all of it is excluded"
        first: dict[str, Element] = {}
        for element in self._elements:
            by = first.get(element.extent) or first.get(EVERYTHING)
            if by is None:
                first[element.extent] = element
            elif by.negated != element.negated:
                yield ORDER, element.text, f"has no effect: {by.text} before it decides"

    def _cure(self) -> Sequence[str]:
        """The command that mends the whole list where it is set."""
        setting = self._effective.setting(self._name)
        raw = words(setting.value, ", \t\r\n") if setting else []
        mended: list[str] = []
        dangling = ""
        for word in raw:
            if word.startswith("#"):  # a comment was meant, up to the end
                break
            if not word.strip("!"):  # `! name` was meant as `!name`
                dangling = word
                continue
            mended += self._mended_word(dangling + word)
            dangling = ""
        mended = in_order(mended)
        if mended and all(word.startswith("!") for word in mended):
            mended.append("static:all")
        cure = dict.fromkeys(
            command
            for element in self._elements
            if element.file is None and (wrong := self._judge.wrong(element))
            for command in wrong.cure
        )
        if mended == raw:
            return list(cure)
        value = ", ".join(mended)
        return [
            *self._configuration.set_commands(self._service, self._effective, self._name, value),
            *cure,
        ]

    def _mended_word(self, word: str) -> list[str]:
        """A word of the list, as it is set: what it refers to is written out only where that is wrong."""
        own = [
            element
            for element in elements(self._effective.expand(word), self._files.read)
            if element.file is None
        ]
        if not any(map(self._judge.wrong, own)):
            return [word]
        return [("!" if element.negated else "") + text for element in own for text in self._mended(element)]

    def _mended(self, element: Element) -> tuple[str, ...]:
        """What is to stand in an element's place, without `!`."""
        wrong = self._judge.wrong(element)
        return (element.body,) if wrong is None else wrong.mended

    def _cure_of_file(self, element: Element) -> Sequence[str]:
        """The command that mends the element's line in its file."""
        assert element.file is not None
        line = [each for each in self._elements if each.file == element.file]
        text = " ".join(
            "!" * (len(each.text) - len(each.body)) + mended for each in line for mended in self._mended(each)
        )
        action = f"c\\{text}" if text else "d"
        return [shlex.join(["sed", "-i", f"{element.file.line}{action}", element.file.file])]
