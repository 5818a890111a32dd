"""Draws the steps of a run from its seed, looking at the world so that most of them do something."""

from __future__ import annotations

import random
from typing import assert_never

from conformance.contract.borders import padded, twin
from conformance.simulation.actors.client import Client
from conformance.simulation.actors.options import Fault, Options, draw_parameters
from conformance.simulation.actors.phase import Phase
from conformance.simulation.campaign.hostility import Hostility
from conformance.simulation.world.step import Step
from conformance.simulation.world.world import World

__all__ = ["Player"]

_PLENTY = 1 << 20


class Player:
    """Plays a world; each `round` is some moves of some clients and a turn of the daemon, or a fault."""

    def __init__(self, options: Options, world: World) -> None:
        self._options = options
        self._world = world
        self._source = random.Random(f"steps {options.seed}")
        self._random = self._source.random
        self._destinations = self._texts(b"D", options.destinations)
        self._endpoints = self._texts(b"E", options.endpoints)
        self._properties = [b"", b"p=1\n", b"p=2\n\n"]
        if options.label_size:
            self._properties.append(padded(b"p=3\n", options.label_size))
        self._hostility = Hostility(options, self._source, self._destinations, self._endpoints)
        self._faults = sorted(options.faults - {"reconfigure"})
        self._remote_moves = sorted(options.faults & {"hang up", "speak"})
        self._reconfigures = "reconfigure" in options.faults

    def _texts(self, name: bytes, count: int) -> list[bytes]:
        """So many labels, some nearly the same, or every second of the size at which a rule may change."""
        texts = [b"%b%d" % (name, number) for number in range(count)]
        if self._options.label_size:
            texts[1::2] = [padded(text, self._options.label_size) for text in texts[1::2]]
        if self._options.twins:
            texts += [twin(self._source, text) for text in texts[:6]]
        return texts

    def round(self) -> list[Step]:
        """The next steps: moves of clients, then a turn or a rest; now and then time passes, or a fault."""
        draw = self._random
        steps: list[Step] = []
        for _ in range(1 + int(draw() * 2 * self._options.clients)):
            steps += self._move(int(draw() * self._options.clients))
        if draw() < 0.05:
            steps.append(("advance", self._source.choice((0.25, 1, 1, 2))))
        if self._reconfigures and draw() < 0.05:
            steps.append(("reconfigure", draw_parameters(self._source)))
        handing_over = bool(self._world.leaving)
        if self._remote_moves and self._world.settings.watch and draw() < 0.2:
            steps += self._fault(self._source.choice(self._remote_moves))
        if self._options.reloaded and draw() < 0.03:
            steps.append(("reload",))
        if self._faults and draw() < (0.05 if handing_over else 0.01):
            steps += self._fault(self._source.choice(self._faults))
        rotation = int(draw() * 7) if draw() < 0.3 else 0
        steps.append(("rest" if draw() < (0.1 if handing_over else 0.5) else "turn", rotation))
        return steps

    def _move(self, number: int) -> list[Step]:
        client = self._world.clients.get(number)
        if client is None:
            return [("connect", number, number < self._options.hostile)]
        if client.hostile:
            return self._hostility.moves(client)
        return self._good_move(client)

    def _good_move(self, client: Client) -> list[Step]:
        number = client.number
        end = client.end
        if end.incoming or end.input_ended:
            return [("read", number, self._size())]
        if client.outbox or client.offering:
            if client.phase is Phase.IDLE and self._random() < 0.5:
                return [self._request(client), ("write", number, self._size())]
            if client.offering and self._remote_moves and self._world.settings.watch and self._random() < 0.1:
                return self._take_number(number)
            return [("write", number, self._size())]
        if client.phase is Phase.IDLE:
            if self._random() < 0.02:
                return [("leave", number)] if self._random() < 0.7 else [("half-close", number)]
            if self._options.behind and self._random() < 0.1:
                return [("rest", 0), ("ask behind", number), ("write", number, _PLENTY), ("rest", 0)]
            return [self._request(client), ("write", number, self._size())]
        if self._random() < 0.01 and "good clients vanish" in self._options.faults:
            return [("leave", number)]
        return []

    def _take_number(self, number: int) -> list[Step]:
        """What is cached is ended by its remote sides and falls due in one turn, and what comes in that turn
        gets the number of a session whose end is still to be looked at.
        """
        return [("write", number, _PLENTY), ("all hang up",), ("advance", 2), ("turn", 0)]

    def _size(self) -> int:
        """How much of a write or read happens at once."""
        if self._options.splits and self._random() < 0.3:
            return 1 + int(self._random() ** 2 * 60)
        return _PLENTY

    def _request(self, client: Client) -> Step:
        """What smtp(8) would ask: look up, and save what it holds when done; or something wrong."""
        draw = self._random()
        number = client.number
        if draw < 0.02:
            return "ask wrongly", number, int(self._random() * 6)
        if client.hand:
            if draw < 0.45:
                return self._save_endp(number)
            if draw < 0.85:
                return self._save_dest(number)
            return "drop", number
        if draw < 0.35:
            return "ask", number, "find_dest", self._label(self._destinations)
        if draw < 0.6:
            return "ask", number, "find_endp", self._label(self._endpoints)
        if draw < 0.8:
            return self._save_endp(number)
        return self._save_dest(number)

    def _save_endp(self, number: int) -> Step:
        return "ask", number, "save_endp", self._ttl(), self._label(self._endpoints), self._property()

    def _save_dest(self, number: int) -> Step:
        destination = self._label(self._destinations)
        endpoint = self._label(self._endpoints)
        return "ask", number, "save_dest", self._ttl(), destination, self._property(), endpoint

    def _label(self, labels: list[bytes]) -> bytes:
        """Hot labels first: a few are asked for all the time."""
        return labels[int(self._random() ** 3 * len(labels))]

    def _property(self) -> bytes:
        return self._properties[int(self._random() * len(self._properties))]

    def _ttl(self) -> int:
        limit = self._world.settings.ttl_limit
        draw = self._random()
        if draw < 0.5:
            return 2
        return 1 + int(self._random() * 9) if draw < 0.7 else max(1, limit - 1 + int(self._random() * 3))

    def _fault(self, fault: Fault) -> list[Step]:
        match fault:
            case "jump forward":
                return [("advance", self._source.choice((10, 59, 60, 1000, 3599, 3600, 86_400, 100_000)))]
            case "jump back":
                return [("advance", -self._source.choice((1, 10, 1000)))]
            case "slow clients":
                return [("rest", 0), ("advance", self._world.settings.ipc_timeout)]
            case "set clock forth":
                return [("set clock forth", self._source.choice((1, 10, 1000, 100_000)))]
            case "reload":
                return [("reload",)]
            case "terminate" | "kill":
                return [(fault, int(self._random() * 3))]
            case "good clients vanish" | "reconfigure":  # drawn elsewhere
                return []
            case "poke":
                return [("turn", 0), ("turn", 0)]
            case "hang up" | "speak":
                return [(fault, int(self._random() * 1000))]
            case "all leave":
                everybody: list[Step] = [("leave", number) for number in self._world.clients]
                return [*everybody, ("rest", 0), ("advance", self._world.settings.max_idle)]
            case _:
                assert_never(fault)
