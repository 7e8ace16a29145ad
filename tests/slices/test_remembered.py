"""The cache of the writer of a SQLite store for new runs: active experiments, and the next key.  On both databases."""

import gc
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest

from support.client import Api
from trackside import opening
from trackside.core.errors import Fault
from trackside.core.settings import Settings
from trackside.experiments import store as experiments
from trackside.runs import batch, lifecycle
from trackside.runs import store as runs
from trackside.runs.limits import Logged
from trackside.sync.document import Patch
from trackside.sync.local import writer


def create(tx: Any, experiment_id: str, run_id: str | None = None) -> str:
    return lifecycle.create(tx, experiment_id, run_name="r", user_id="", start_time=0, tags={}, run_id=run_id)


def undone(db: Any, work: Callable[[Any], object]) -> None:
    """Do `work` in a transaction that fails."""
    with suppress(ZeroDivisionError), db.write(1) as tx:
        work(tx)
        raise ZeroDivisionError


def test_a_deleted_experiment_accepts_no_runs(api: Api) -> None:
    made = api.new_experiment("iris")
    api.new_run(made)

    api.post("experiments/delete", experiment_id=f"000{made}")  # an id is a number, however it is written
    assert api.fault("runs/create", experiment_id=made)[0] == 400

    api.post("experiments/restore", experiment_id=made)
    api.new_run(made)


def test_an_experiment_accepts_runs_after_a_rolled_back_deletion(db: Any) -> None:
    with db.write(1) as tx:
        made = experiments.create(tx, "iris", "file:///a")
        create(tx, made)
    undone(db, lambda tx: experiments.delete(tx, made))

    with db.write(1) as tx:
        create(tx, made)


def test_a_rolled_back_experiment_is_not_cached(db: Any) -> None:
    ids = []

    def make(tx: Any) -> None:
        ids.append(experiments.create(tx, "iris", "file:///a"))
        create(tx, ids[0])

    undone(db, make)

    with pytest.raises(Fault), db.write(1) as tx:
        create(tx, ids[0])


@pytest.mark.both
def test_a_run_that_a_link_brings_to_a_deleted_experiment_opens_it_for_no_other(db: Any) -> None:
    with db.write(1) as tx:
        made = experiments.create(tx, "iris", "file:///a")
        experiments.delete(tx, made)
        writer.run(tx, "brought", made, Patch())

    with pytest.raises(Fault), db.write(1) as tx:
        create(tx, made)


def test_an_experiment_of_another_workspace_is_not_found_by_its_id(db: Any, make_workspace: Any) -> None:
    with db.write(1) as tx:
        made = experiments.create(tx, "iris", "file:///a")
        create(tx, made)
    other = make_workspace("other")

    with pytest.raises(Fault), db.write(other) as tx:
        create(tx, made)


@pytest.mark.both
def test_keys_of_runs_grow_and_are_never_used_again(db: Any) -> None:
    def keys() -> list[int]:
        with db.read(1) as tx:
            return [seq for (seq,) in tx.all("SELECT run_seq FROM runs WHERE workspace_id = :ws ORDER BY run_id")]

    with db.write(1) as tx:
        create(tx, "0", "a")
        create(tx, "0", "b")
    undone(db, lambda tx: create(tx, "0", "undone"))
    with db.write(1) as tx:
        create(tx, "0", "c")
        tx.run("DELETE FROM runs WHERE workspace_id = :ws AND run_seq = :seq", seq=runs.seq_of(tx, "c"))
        create(tx, "0", "d")

    found = keys()
    assert found == sorted(set(found))
    assert len(found) == 3


def test_the_garbage_collector_skips_the_cached_state_of_runs(sqlite_settings: Settings) -> None:
    with closing(opening.open_database(sqlite_settings)) as db, db.write(1) as tx:
        run_id = create(tx, "0")
        batch.log(tx, [Logged(run_id, {"m": [(0, 0, 1.0)]}, [("p", "1")], {"t": "2"}, [], True)])

        state = tx.memory["run", 1, run_id]

    assert state.series["m"].point_count == 1
    looked_at = [each for each in (state, state.series, state.series["m"], state.params) if gc.is_tracked(each)]
    if gc.is_tracked({}):  # from Python 3.14 on it looks at every dictionary
        looked_at = [each for each in looked_at if type(each) is not dict]
    assert not looked_at
