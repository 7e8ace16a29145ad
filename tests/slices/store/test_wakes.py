"""A commit wakes the readers of changes in this server."""

from typing import Any

import pytest

from trackside.core.db.tx import Change
from trackside.core.errors import Invalid

pytestmark = pytest.mark.both


def test_only_a_commit_that_grows_the_change_log_wakes_readers(db: Any) -> None:
    heard: list[set[int]] = []
    db.when_changed(lambda workspaces: heard.append(set(workspaces)))

    db.writer.submit(1, lambda tx: tx.run("UPDATE workspaces SET description = 'x' WHERE workspace_id = :ws")).result()
    with pytest.raises(Invalid):
        db.writer.submit(1, _refused).result()
    before = len(heard)
    db.writer.submit(1, lambda tx: tx.record(Change("run", "a", "create"))).result()

    assert (before, heard) == (0, [{1}])


def _refused(tx: Any) -> None:
    tx.record(Change("run", "b", "create"))
    raise Invalid("no")
