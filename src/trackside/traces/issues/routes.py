"""The calls about issues."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import by
from trackside.traces.issues import model as im
from trackside.traces.issues import store

VERSION = "3.0"


def create(tx: Tx, call: im.Create) -> im.Got:
    return im.Got(issue=store.create(tx, call))


def get(tx: Tx, call: im.OfIssue) -> im.Got:
    return im.Got(issue=store.get(tx, call.issue_id))


def update(tx: Tx, call: im.Update) -> im.Got:
    return im.Got(issue=store.update(tx, call))


def find(tx: Tx, call: im.Search) -> im.Found:
    found, token = store.page(tx, call)
    return im.Found(issues=found, next_page_token=token or "")  # MLflow's server never omits it


def routes() -> list[Route]:
    issue = by("issue", "issue_id")
    reads, writes = Action.TRACES_READ, Action.TRACES_WRITE
    one = "issues/{issue_id}"
    return [
        command(
            "POST issues",
            im.Create,
            create,
            needs=writes,
            on=by("experiment", "experiment_id"),
            version=VERSION,
            answer=im.Got,
        ),
        query("POST issues/search", im.Search, find, needs=reads, on=LISTED, version=VERSION, answer=im.Found),
        query(f"GET {one}", im.OfIssue, get, needs=reads, on=issue, version=VERSION, answer=im.Got),
        command(f"PATCH {one}", im.Update, update, needs=writes, on=issue, version=VERSION, answer=im.Got),
    ]
