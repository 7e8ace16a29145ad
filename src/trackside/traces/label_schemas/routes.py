"""The calls about label schemas."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.http.routes import Route, command, query
from trackside.core.http.targets import by
from trackside.traces.label_schemas import model as lm
from trackside.traces.label_schemas import store

VERSION = "3.0"


def create(tx: Tx, call: lm.Create) -> lm.Got:
    return lm.Got(label_schema=store.create(tx, call.experiment_id or "", lm.read(call)))


def get(tx: Tx, call: lm.OfSchema) -> lm.Got:
    return lm.Got(label_schema=store.get(tx, call.schema_id or ""))


def get_by_name(tx: Tx, call: lm.OfName) -> lm.Got:
    return lm.Got(label_schema=store.get_by_name(tx, call.experiment_id or "", call.name or ""))


def find(tx: Tx, call: lm.ListSchemas) -> lm.Listed:
    found, token = store.page(tx, call.experiment_id or "", call.max_results, call.page_token)
    return lm.Listed(label_schemas=found, next_page_token=token)


def update(tx: Tx, call: lm.Update) -> lm.Got:
    return lm.Got(label_schema=store.update(tx, call))


def delete(tx: Tx, call: lm.OfSchema) -> None:
    store.delete(tx, call.schema_id or "")


def routes() -> list[Route]:
    experiment, schema = by("experiment", "experiment_id"), by("label_schema", "schema_id")
    reads, writes, deletes = Action.TRACES_READ, Action.TRACES_WRITE, Action.TRACES_DELETE
    of = "label-schemas"
    return [
        command(f"POST {of}/create", lm.Create, create, needs=writes, on=experiment, version=VERSION, answer=lm.Got),
        query(f"GET {of}/get", lm.OfSchema, get, needs=reads, on=schema, version=VERSION, answer=lm.Got),
        query(
            f"GET {of}/get-by-name", lm.OfName, get_by_name, needs=reads, on=experiment, version=VERSION, answer=lm.Got
        ),
        query(f"GET {of}/list", lm.ListSchemas, find, needs=reads, on=experiment, version=VERSION, answer=lm.Listed),
        command(f"PATCH {of}/update", lm.Update, update, needs=writes, on=schema, version=VERSION, answer=lm.Got),
        command(f"DELETE {of}/delete", lm.OfSchema, delete, needs=deletes, on=schema, version=VERSION),
    ]
