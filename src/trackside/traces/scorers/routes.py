"""The calls about scorers."""

import json

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import by
from trackside.traces.scorers import model as sm
from trackside.traces.scorers import store
from trackside.traces.search import sql

VERSION = "3.0"


def register(tx: Tx, call: sm.Register) -> sm.Registered:
    return store.register(tx, call.experiment_id or "", sm.check_name(call.name), call.serialized_scorer or "")


def check(call: sm.Register) -> sm.Register:
    sm.check_serialized(call.serialized_scorer or "")
    return call


def find(tx: Tx, call: sm.ListScorers) -> sm.Scorers:
    if call.experiment_id and call.experiment_ids is not None:
        raise Invalid("Cannot specify both 'experiment_id' and 'experiment_ids'. Send one of them.")
    if call.experiment_id:
        return sm.Scorers(scorers=store.newest(tx, call.experiment_id))
    return sm.Scorers(scorers=store.newest_of(tx, call.experiment_ids))


def versions(tx: Tx, call: sm.OfScorer) -> sm.Scorers:
    return sm.Scorers(scorers=store.versions(tx, call.experiment_id or "", call.name or ""))


def get(tx: Tx, call: sm.OfVersion) -> sm.OneScorer:
    return sm.OneScorer(scorer=store.get(tx, call.experiment_id or "", call.name or "", call.version))


def delete(tx: Tx, call: sm.OfVersion) -> None:
    store.delete(tx, call.experiment_id or "", call.name or "", call.version)


def put_config(tx: Tx, call: sm.PutConfig) -> sm.OneConfig:
    """Store settings for automatic evaluation.

    A rate above 0 is refused, because the server cannot call the model of a scorer."""
    experiment_id, name = call.experiment_id or "", call.name or ""
    rate = sm.check_rate(call.sample_rate)
    sql.parse(call.filter_string, (), ())
    found = store.get(tx, experiment_id, name)
    model = sm.model_of(json.loads(found.serialized_scorer))
    if rate > 0 and not str(model).startswith(sm.GATEWAY):
        raise Invalid(sm.NO_GATEWAY_MODEL.format(name=name))
    return sm.OneConfig(config=store.put_config(tx, experiment_id, name, rate, call.filter_string or None))


def configs(tx: Tx, call: sm.OfConfigs) -> sm.Configs:
    return sm.Configs(configs=store.configs(tx, call.scorer_ids or []))


def routes() -> list[Route]:
    experiment = by("experiment", "experiment_id")
    reads, writes, deletes = Action.TRACES_READ, Action.TRACES_WRITE, Action.TRACES_DELETE
    return [
        command(
            "POST scorers/register",
            sm.Register,
            register,
            prepare=check,
            needs=writes,
            on=experiment,
            version=VERSION,
            answer=sm.Registered,
        ),
        query("GET scorers/list", sm.ListScorers, find, needs=reads, on=LISTED, version=VERSION, answer=sm.Scorers),
        query(
            "GET scorers/versions",
            sm.OfScorer,
            versions,
            needs=reads,
            on=experiment,
            version=VERSION,
            answer=sm.Scorers,
        ),
        query("GET scorers/get", sm.OfVersion, get, needs=reads, on=experiment, version=VERSION, answer=sm.OneScorer),
        command("DELETE scorers/delete", sm.OfVersion, delete, needs=deletes, on=experiment, version=VERSION),
        command(
            "PUT scorers/online-config",
            sm.PutConfig,
            put_config,
            needs=writes,
            on=experiment,
            version=VERSION,
            answer=sm.OneConfig,
        ),
        query(
            "GET scorers/online-configs",
            sm.OfConfigs,
            configs,
            needs=reads,
            on=LISTED,
            version=VERSION,
            answer=sm.Configs,
        ),
    ]
