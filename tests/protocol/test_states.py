"""The protocol's table, row by row, in each dialect."""

from __future__ import annotations

import pytest

from scache.protocol import states
from scache.protocol.states import Event, State, transitions

IN_EVERY_DIALECT = """
REQUEST known PARAMETERS
REQUEST unknown REQUEST
REQUEST no_request REQUEST
REQUEST end CLOSED
PARAMETERS bad REQUEST
PARAMETERS save_dest REQUEST
PARAMETERS save_endp DESCRIPTOR
PARAMETERS miss REQUEST
PARAMETERS told REQUEST
DESCRIPTOR received REQUEST
DESCRIPTOR not_received REQUEST
READY dummy HANDING_OVER
READY no_dummy REQUEST
READY put_back REQUEST
HANDING_OVER not_sent REQUEST
CONFIRMATION dummy REQUEST
CONFIRMATION no_dummy REQUEST
"""


@pytest.mark.parametrize(("write_wait", "hit"), [(True, "READY"), (False, "HANDING_OVER")])
@pytest.mark.parametrize(("read_wait", "sent"), [(True, "CONFIRMATION"), (False, "REQUEST")])
def test_the_table_of_each_dialect(write_wait: bool, hit: str, read_wait: bool, sent: str) -> None:
    names = {state: name for name, state in vars(states).items() if isinstance(state, State)}
    rows = {
        f"{names[state]} {event.name.replace(' ', '_')} {names[after]}"
        for state, row in transitions(write_wait=write_wait, read_wait=read_wait).items()
        for event, after in row.items()
    }
    assert rows == {*IN_EVERY_DIALECT.split("\n")[1:-1], f"PARAMETERS hit {hit}", f"HANDING_OVER sent {sent}"}


def test_a_state_says_what_it_means_and_an_event_what_it_is_called() -> None:
    assert State("something is due").meaning == "something is due"
    assert Event("put back").name == "put back"
