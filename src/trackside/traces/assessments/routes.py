"""The calls about assessments."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, command, query
from trackside.core.http.targets import by
from trackside.traces.assessments import model as am
from trackside.traces.assessments import store


def create(tx: Tx, call: am.Create) -> am.Got:
    made = store.create(tx, call.trace_id, call.assessment or am.WireAssessment())
    return am.Got(assessment=am.shown(made, call.trace_id))


def get(tx: Tx, call: am.OfAssessment) -> am.Got:
    return am.Got(assessment=am.shown(store.get(tx, call.trace_id, call.assessment_id), call.trace_id))


def update(tx: Tx, call: am.Update) -> am.Got:
    return am.Got(assessment=am.shown(store.update(tx, call), call.trace_id))


def delete(tx: Tx, call: am.OfAssessment) -> None:
    store.delete(tx, call.trace_id, call.assessment_id)


def routes() -> list[Route]:
    trace = by("trace", "trace_id")
    reads, writes = Action.TRACES_READ, Action.TRACES_WRITE
    all_of = "traces/{trace_id}/assessments"
    one = f"{all_of}/{{assessment_id}}"
    return [
        command(f"POST {all_of}", am.Create, create, needs=writes, on=trace, version="3.0", answer=am.Got, quick=True),
        query(f"GET {one}", am.OfAssessment, get, needs=reads, on=trace, version="3.0", answer=am.Got, quick=True),
        command(f"PATCH {one}", am.Update, update, needs=writes, on=trace, version="3.0", answer=am.Got, quick=True),
        command(f"DELETE {one}", am.OfAssessment, delete, needs=writes, on=trace, version="3.0", quick=True),
    ]
