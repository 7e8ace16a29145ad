"""The calls about saved views."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, command, query
from trackside.core.http.targets import by
from trackside.views import model as m
from trackside.views import store


def list_of(tx: Tx, call: m.ListViews) -> m.Views:
    """Return the saved views of an experiment, and those that show it together with others."""
    return m.Views(store.of_experiment(tx, call.experiment_id or ""))


def create(tx: Tx, call: m.CreateView) -> m.GotView:
    """Save a view of an experiment, or of several together."""
    keeper = call.experiment_id or ""
    name, state = m.check_name(call.name or ""), m.state_text(call.state or {})
    together = m.check_together(keeper, call.experiment_ids) if call.experiment_ids else []
    return m.GotView(store.create(tx, keeper, name, state, together, is_default=bool(call.is_default)))


def get(tx: Tx, call: m.OfView) -> m.GotView:
    """Return a saved view."""
    return m.GotView(store.get(tx, call.view_id or ""))


def update(tx: Tx, call: m.UpdateView) -> m.GotView:
    """Change a saved view, if it still has the version that the caller saw."""
    name = None if call.name is None else m.check_name(call.name)
    state = None if call.state is None else m.state_text(call.state)
    view_id = call.view_id or ""
    together = None
    if call.experiment_ids is not None:
        keeper = store.get(tx, view_id).experiment_id
        together = m.check_together(keeper, call.experiment_ids) if call.experiment_ids else []
    changed = store.update(tx, view_id, call.version or 0, name, state, together, is_default=call.is_default)
    return m.GotView(changed)


def delete(tx: Tx, call: m.OfView) -> None:
    """Delete a saved view."""
    store.delete(tx, call.view_id or "")


def routes() -> list[Route]:
    of_experiment = "/api/trackside/v1/experiments/{experiment_id}/views"
    one = "/api/trackside/v1/views/{view_id}"
    experiment, view = by("experiment", "experiment_id"), by("view", "view_id")
    read, write = Action.EXPERIMENTS_READ, Action.EXPERIMENTS_WRITE
    return [
        query(f"GET {of_experiment}", m.ListViews, list_of, needs=read, on=experiment, answer=m.Views),
        command(f"POST {of_experiment}", m.CreateView, create, needs=write, on=experiment, answer=m.GotView),
        query(f"GET {one}", m.OfView, get, needs=read, on=view, answer=m.GotView),
        command(f"PATCH {one}", m.UpdateView, update, needs=write, on=view, answer=m.GotView),
        command(f"DELETE {one}", m.OfView, delete, needs=write, on=view),
    ]
