"""Calls of the gate (access/gate.py) on the event loop while the store fails."""

from contextlib import AbstractContextManager
from typing import Any

import pytest

from trackside.access import event_buffer
from trackside.access.caller import SignedIn
from trackside.access.event_buffer import MINUTE_MS, EventBuffer
from trackside.access.gate import Gate, Policy
from trackside.audit.log import Event, Source
from trackside.core.access import OPEN
from trackside.core.errors import Unavailable
from trackside.identity.model import Kind, Principal


class Gone:
    """A store on this machine whose file was deleted."""

    reads_inline = True

    def read(self, ws: int) -> AbstractContextManager[Any]:
        raise Unavailable(f"The store of workspace {ws} is gone.")

    write = read


def test_only_admit_raises_the_failure_of_a_store() -> None:
    gate = Gate(Gone(), Policy())

    assert (gate.recall({}, "POST"), gate.still_knows(OPEN, gate.age)) == (None, False)
    with pytest.raises(Unavailable, match="is gone"):
        gate.admit({}, "POST", Source())


def test_an_audit_entry_that_cannot_be_written_is_retried() -> None:
    noted = EventBuffer()
    refused = Event(action="access.refused", actor="ann")
    noted.add(refused)
    ann = Principal(
        principal_id=1, kind=Kind.USER, name="ann", home="", display_name="", is_admin=False, is_disabled=False,
        created_at=0, last_login_at=None, has_password=True,
    )  # fmt: skip
    noted.add_use(SignedIn(ann, (), "token t", token_id=7), MINUTE_MS, "1.2.3.4")
    noted.add_use(SignedIn(ann, (), "session 5", session_id=5), MINUTE_MS, "")

    with pytest.raises(Unavailable, match="is gone"):
        event_buffer.step(Gone(), noted)
    noted.add(refused)

    assert noted.take() == ([(refused, 2)], [(7, MINUTE_MS, "1.2.3.4")], [5])
    assert noted.take() == ([], [], [])
