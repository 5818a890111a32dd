"""Wrong daemons: this project's own, with one rule each broken by a patch, to show that a case notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Found, Session
from scache.cache.service import Service
from scache.daemon.connection import Connection
from scache.daemon.server import Server
from scache.protocol import conversation, request
from scache.protocol.actions import Discard, Warn, Write
from scache.protocol.attributes import Scanner
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import POSTFIX_3_6

__all__ = ["OTHER_WRONGS", "TEN_RULES", "Sabotage"]

Sabotage = Callable[[pytest.MonkeyPatch], None]


def last_in_first_out(patch: pytest.MonkeyPatch) -> None:
    def take_newest(cache: ConnectionCache, endp_label: bytes) -> Session | None:
        endpoint = cache._endpoints.get(endp_label)
        if endpoint is None or endpoint.newest is None:
            return None
        session = endpoint.newest
        cache._deadlines.cancel(session)
        cache._unlink(session)
        return session

    patch.setattr(ConnectionCache, "_take", take_newest)


def refresh_moves_the_binding_to_the_end(patch: pytest.MonkeyPatch) -> None:
    save_dest = ConnectionCache.save_dest

    def save_last(
        cache: ConnectionCache, now: int, ttl: int, dest: bytes, dest_prop: bytes, endp: bytes
    ) -> None:
        save_dest(cache, now, ttl, dest, dest_prop, endp)
        bindings = cache._destinations[dest]
        bindings[endp, dest_prop] = bindings.pop((endp, dest_prop))

    patch.setattr(ConnectionCache, "save_dest", save_last)


def no_clamp(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConnectionCache, "_due", lambda _cache, now, ttl: now + ttl)


def expiry_one_second_late(patch: pytest.MonkeyPatch) -> None:
    _shift_expiry(patch, 1)


def expiry_one_second_early(patch: pytest.MonkeyPatch) -> None:
    _shift_expiry(patch, -1)


def _shift_expiry(patch: pytest.MonkeyPatch, seconds: int) -> None:
    due = ConnectionCache._due
    patch.setattr(ConnectionCache, "_due", lambda cache, now, ttl: due(cache, now, ttl) + seconds)


def hits_counted_as_misses(patch: pytest.MonkeyPatch) -> None:
    find_endp, find_dest = Service.find_endp, Service.find_dest

    def find_endp_miscounted(service: Service, label: bytes) -> Any:
        found = find_endp(service, label)
        if found is not None:
            service._statistics.endp_hits -= 1
            service._statistics.endp_miss += 1
        return found

    def find_dest_miscounted(service: Service, label: bytes) -> Any:
        found = find_dest(service, label)
        if found is not None:
            service._statistics.dest_hits -= 1
            service._statistics.dest_miss += 1
        return found

    patch.setattr(Service, "find_endp", find_endp_miscounted)
    patch.setattr(Service, "find_dest", find_dest_miscounted)


def properties_swapped(patch: pytest.MonkeyPatch) -> None:
    find_dest = Service.find_dest

    def find_swapped(service: Service, label: bytes) -> Any:
        found = find_dest(service, label)
        return found if found is None else Found(found.properties[::-1], found.session)

    patch.setattr(Service, "find_dest", find_swapped)


def find_dest_deletes_the_binding(patch: pytest.MonkeyPatch) -> None:
    find_dest = ConnectionCache.find_dest

    def find_and_unbind(cache: ConnectionCache, label: bytes) -> Found | None:
        found = find_dest(cache, label)
        if found is not None:
            binding = next(
                each for each in cache._destinations[label].values() if each.prop == found.properties[0]
            )
            cache._deadlines.cancel(binding)
            cache._unbind(binding)
        return found

    patch.setattr(ConnectionCache, "find_dest", find_and_unbind)


def status_1_and_2_exchanged(patch: pytest.MonkeyPatch) -> None:
    for each in request.REQUESTS.values():
        bad, fail = each.bad, each.fail
        patch.setattr(each, "bad", fail)
        patch.setattr(each, "fail", bad)


def leftover_bytes_kept_after_a_reply(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Scanner, "discard", lambda _scanner: None)


#: The ten rules, one broken at a time.
TEN_RULES: tuple[Sabotage, ...] = (
    last_in_first_out,
    refresh_moves_the_binding_to_the_end,
    no_clamp,
    expiry_one_second_late,
    expiry_one_second_early,
    hits_counted_as_misses,
    properties_swapped,
    find_dest_deletes_the_binding,
    status_1_and_2_exchanged,
    leftover_bytes_kept_after_a_reply,
)


def no_announcement(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Conversation, "open", lambda _conversation: [])


def saves_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conversation, "_SAVED", (Write(b"status\x002\0\0"),))


def endpoints_never_found(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConnectionCache, "_take", lambda _cache, _label: None)


def bindings_not_saved(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConnectionCache, "save_dest", lambda *_: None)


def numbers_as_python_reads_them(patch: pytest.MonkeyPatch) -> None:
    def number(text: bytes) -> int | None:
        try:
            return int(text)
        except ValueError:
            return None

    patch.setattr(request, "number", number)
    patch.setattr("scache.protocol.attributes.number", number)


def labels_cut_at_4096_bytes(patch: pytest.MonkeyPatch) -> None:
    take = ConnectionCache._take
    patch.setattr(ConnectionCache, "_take", lambda cache, label: take(cache, label[:4096]))


def first_of_several_descriptors_taken(patch: pytest.MonkeyPatch) -> None:
    receive = Conversation.receive_descriptors

    def receive_first(talk: Conversation, descriptors: list[int], now: int) -> Any:
        return [*receive(talk, descriptors[:1], now), *map(Discard, descriptors[1:])]

    patch.setattr(Conversation, "receive_descriptors", receive_first)


def end_of_input_ends_it_all(patch: pytest.MonkeyPatch) -> None:
    end = Conversation.end

    def end_silently(talk: Conversation, now: int, *, timed_out: bool = False) -> Any:
        return [each for each in end(talk, now, timed_out=timed_out) if not isinstance(each, Write | Warn)]

    patch.setattr(Conversation, "end", end_silently)


def one_dialect_for_all(patch: pytest.MonkeyPatch) -> None:
    start = Conversation.__init__

    def start_as_always(talk: Conversation, service: Any, _dialect: Any, path: str, limit: int) -> None:
        start(talk, service, POSTFIX_3_6, path, limit)

    patch.setattr(Conversation, "__init__", start_as_always)


def never_idle(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Server, "_start_idling", lambda _server, _now: None)


def warnings_unlogged(patch: pytest.MonkeyPatch) -> None:
    start = Connection.__init__

    def start_mute(each: Connection, *parts: Any) -> None:
        *others, _log, forget = parts
        start(each, *others, lambda _text: None, forget)

    patch.setattr(Connection, "__init__", start_mute)


def closed_sessions_handed_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Service, "_is_good", lambda _service, _session: True)


#: More wrong daemons, so that every group of cases has one that it must notice.
def sessions_without_bound(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ConnectionCache, "surplus", lambda *_: None)


OTHER_WRONGS: dict[str, Sabotage] = {
    "announce": no_announcement,
    "save_endp": saves_refused,
    "find_endp": endpoints_never_found,
    "save_dest": bindings_not_saved,
    "find_dest": properties_swapped,
    "cache": last_in_first_out,
    "expiry": expiry_one_second_late,
    "ttl": numbers_as_python_reads_them,
    "attributes": labels_cut_at_4096_bytes,
    "descriptor": first_of_several_descriptors_taken,
    "pipelining": leftover_bytes_kept_after_a_reply,
    "half-close": end_of_input_ends_it_all,
    "dialect": one_dialect_for_all,
    "statistics": hits_counted_as_misses,
    "lifecycle": never_idle,
    "log": warnings_unlogged,
    "robustness": closed_sessions_handed_out,
    "golden": status_1_and_2_exchanged,
    "sanity": endpoints_never_found,
    "equality": endpoints_never_found,
    "size": labels_cut_at_4096_bytes,
    "reader": endpoints_never_found,
    "edge": bindings_not_saved,
    "moment": expiry_one_second_late,
    "interleaved": endpoints_never_found,
    "endurance": last_in_first_out,
    "beyond": sessions_without_bound,
}
