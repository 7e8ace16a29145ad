"""What the event loop asks of the gate (access/gate.py) while the store is in trouble."""

from contextlib import AbstractContextManager
from typing import Any

import pytest

from trackside.access.gate import Gate, Policy
from trackside.audit.log import Source
from trackside.core.access import OPEN
from trackside.core.errors import Unavailable


class Gone:
    """A store on this machine whose file was deleted."""

    reads_inline = True

    def read(self, ws: int) -> AbstractContextManager[Any]:
        raise Unavailable(f"The store of workspace {ws} is gone.")

    write = read


def test_a_store_that_fails_is_told_by_admit_alone() -> None:
    gate = Gate(Gone(), Policy())

    assert (gate.recall({}, "POST"), gate.still_knows(OPEN, gate.age)) == (None, False)
    with pytest.raises(Unavailable, match="is gone"):
        gate.admit({}, "POST", Source())
