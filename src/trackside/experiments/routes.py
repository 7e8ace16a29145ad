"""Calls for experiments."""

from dataclasses import dataclass

from trackside.access import store as access
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import by
from trackside.experiments import model as m
from trackside.experiments import search, store

ONE = by("experiment", "experiment_id")


@dataclass(frozen=True)
class Calls:
    """The handlers.

    `artifact_root` is the default for experiments without a root in a workspace without a root.  `is_local`: only this machine
    can reach the server."""

    artifact_root: str
    is_local: bool

    def create(self, tx: Tx, call: m.CreateExperiment) -> m.Created:
        tags = m.check_new_tags(call.tags or [])
        location = call.artifact_location
        if location and not self.is_local:
            m.check_absolute(location)
        experiment_id = store.create(tx, call.name, self.artifact_root, location, tags)
        access.let_creator_manage(tx, Object("experiment", experiment_id))
        return m.Created(experiment_id=experiment_id)


def get(tx: Tx, call: m.GetExperiment) -> m.Got:
    return m.Got(experiment=store.get(tx, call.experiment_id or ""))


def get_by_name(tx: Tx, call: m.GetByName) -> m.Got:
    return m.Got(experiment=store.get_by_name(tx, call.experiment_name or ""))


def find(tx: Tx, call: m.SearchExperiments) -> m.Found:
    return search.search(tx, call)


def list_all(tx: Tx, call: m.ListExperiments) -> m.Found:
    """Return experiments by id, for clients of MLflow 1; without `max_results`, all of them."""
    most = m.MAX_RESULTS if call.max_results is None else call.max_results
    wanted = m.SearchExperiments(most, call.page_token, order_by=["experiment_id ASC"], view_type=call.view_type)
    return search.search(tx, wanted)


def update(tx: Tx, call: m.UpdateExperiment) -> None:
    if call.new_name:
        store.rename(tx, call.experiment_id or "", call.new_name)
    else:
        store.get(tx, call.experiment_id or "")


def delete(tx: Tx, call: m.GetExperiment) -> None:
    store.delete(tx, call.experiment_id or "")


def restore(tx: Tx, call: m.GetExperiment) -> None:
    store.restore(tx, call.experiment_id or "")


def edit_tag(tx: Tx, call: m.EditTag) -> m.EditedTag:
    """Set or delete a tag of an experiment if it still has the value that the caller saw."""
    checked = m.check_tag(call.key, call.value or "")
    value = None if call.value is None else checked.value
    store.edit_tag(tx, call.experiment_id or "", checked.key, value, call.expected)
    return m.EditedTag(checked.key, value)


def set_tag(tx: Tx, call: m.SetTag) -> None:
    store.set_tag(tx, call.experiment_id or "", m.check_tag(call.key, call.value))


def delete_tag(tx: Tx, call: m.DeleteTag) -> None:
    if call.key is None:
        raise Invalid("A tag needs a key; it is missing.")
    store.delete_tag(tx, call.experiment_id or "", call.key)


def routes(artifact_root: str, *, is_local: bool) -> list[Route]:
    calls = Calls(artifact_root, is_local)
    return [
        command(
            "POST experiments/create",
            m.CreateExperiment,
            calls.create,
            needs=Action.EXPERIMENTS_CREATE,
            quick=True,
            answer=m.Created,
        ),
        query(
            "GET experiments/get", m.GetExperiment, get, needs=Action.EXPERIMENTS_READ, on=ONE, quick=True, answer=m.Got
        ),
        query(
            "GET experiments/get-by-name",
            m.GetByName,
            get_by_name,
            needs=Action.EXPERIMENTS_READ,
            on=LISTED,
            quick=True,
            answer=m.Got,
        ),
        query(
            "POST experiments/search",
            m.SearchExperiments,
            find,
            needs=Action.EXPERIMENTS_READ,
            on=LISTED,
            answer=m.Found,
        ),
        query(
            "GET experiments/search",
            m.SearchExperiments,
            find,
            needs=Action.EXPERIMENTS_READ,
            on=LISTED,
            answer=m.Found,
        ),
        query(
            "GET experiments/list",
            m.ListExperiments,
            list_all,
            needs=Action.EXPERIMENTS_READ,
            on=LISTED,
            answer=m.Found,
        ),
        command("POST experiments/update", m.UpdateExperiment, update, needs=Action.EXPERIMENTS_WRITE, on=ONE),
        command("POST experiments/delete", m.GetExperiment, delete, needs=Action.EXPERIMENTS_DELETE, on=ONE),
        command("POST experiments/restore", m.GetExperiment, restore, needs=Action.EXPERIMENTS_WRITE, on=ONE),
        command(
            "POST experiments/set-experiment-tag", m.SetTag, set_tag, needs=Action.EXPERIMENTS_WRITE, on=ONE, quick=True
        ),
        command(
            "POST experiments/delete-experiment-tag",
            m.DeleteTag,
            delete_tag,
            needs=Action.EXPERIMENTS_WRITE,
            on=ONE,
            quick=True,
        ),
        command(
            "POST /api/trackside/v1/experiments/{experiment_id}/edit-tag",
            m.EditTag,
            edit_tag,
            needs=Action.EXPERIMENTS_WRITE,
            on=ONE,
            answer=m.EditedTag,
        ),
    ]
