"""The resolvers of queries and mutations.  Each makes the REST call of the same name, with the same rights.

An answer has MLflow's REST names (`run_id`).  A fault of the caller becomes its `api_error`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from trackside.core.access import Action, Object, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault
from trackside.core.http.admission import REFUSED
from trackside.core.http.codec import decode_body, encode
from trackside.core.http.streams import Request
from trackside.experiments import model as experiments
from trackside.experiments import store as experiment_store
from trackside.registry import search as versions
from trackside.registry.model import Search as SearchVersions
from trackside.runs import history, lineage, search
from trackside.runs import model as runs
from trackside.runs import store as run_store
from trackside.runs.documents import Documents

Json = dict[str, Any]
VERSIONS_OF_AT_ONCE = 200  # runs whose model versions one search finds
EXTRAS = frozenset({"experiment", "model_versions"})  # of a run, which REST has not


class Server(NamedTuple):
    """`list_files(run_id, path)` returns the answer of `artifacts/list`; call it without a transaction."""

    request: Request
    documents: Documents
    list_files: Callable[[str, str], bytes]


class Fields:
    """The resolvers of one request.  `wanted` are the names of all requested fields: others are not read."""

    def __init__(self, server: Server, wanted: frozenset[str]) -> None:
        self._server = server
        self._rights = server.request.visit.rights
        self._extras = wanted & EXTRAS
        self._by_name: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "mlflow_get_experiment": self._get_experiment,
            "mlflow_get_run": self._get_run,
            "mlflow_search_runs": self._search_runs,
            "mlflow_list_artifacts": self._list_artifacts,
            "mlflow_search_model_versions": self._search_versions,
            "mlflow_search_datasets": self._search_datasets,
            "mlflow_get_metric_history_bulk_interval": self._history,
        }

    def answer(self, name: str, arguments: Mapping[str, Any]) -> Json:
        """Return what a field of the root returns.  Raise Fault only for what is not the caller's doing."""
        if name in ("test", "test_mutation"):
            return {"output": arguments.get("input_string")}
        try:
            return self._by_name[name](arguments.get("input") or {})
        except Fault as fault:
            if fault.status >= 500:
                raise
            return {"api_error": {"code": fault.code, "message": fault.message}}

    def _get_experiment(self, given: Mapping[str, Any]) -> Json:
        call = _call(experiments.GetExperiment, given)
        with self._server.request.reading() as tx:
            self._check(Action.EXPERIMENTS_READ, experiment_named(call.experiment_id))
            return {"experiment": _plain(experiment_store.get(tx, call.experiment_id))}

    def _get_run(self, given: Mapping[str, Any]) -> Json:
        call = _call(runs.RunCall, given)
        with self._server.request.reading() as tx:
            self._check_run(tx, call.run)
            run: Json = _plain(run_store.get(tx, call.run))
            self._add_extras(tx, [run])
        return {"run": run}

    def _search_runs(self, given: Mapping[str, Any]) -> Json:
        call = _call(runs.SearchRuns, given)
        with self._server.request.reading() as tx:
            found: Json = msgspec.json.decode(search.search(tx, call, self._server.documents))
            self._add_extras(tx, found.get("runs", []))
        return found

    def _list_artifacts(self, given: Mapping[str, Any]) -> Json:
        call = _call(runs.RunCall, {name: given.get(name) for name in ("run_id", "run_uuid")})
        with self._server.request.reading() as tx:
            self._check_run(tx, call.run)
        found: Json = msgspec.json.decode(self._server.list_files(call.run, given.get("path") or ""))
        return found

    def _search_versions(self, given: Mapping[str, Any]) -> Json:
        call = _call(SearchVersions, given)
        with self._server.request.reading() as tx:
            found: Json = _plain(versions.search_versions(tx, call))
        return found

    def _search_datasets(self, given: Mapping[str, Any]) -> Json:
        call = _call(lineage.SearchDatasets, given)
        with self._server.request.reading() as tx:
            found: Json = _plain(lineage.search_datasets(tx, call))
        return found

    def _history(self, given: Mapping[str, Any]) -> Json:
        call = _call(history.GetHistoryInterval, given)
        with self._server.request.reading() as tx:
            for run_id in call.run_ids:
                self._check_run(tx, run_id)
            found: Json = _plain(history.get_history_interval(tx, call))
        return found

    def _check_run(self, tx: Tx, run_id: str) -> None:
        self._check(Action.RUNS_READ, run_store.locate(tx, run_id))

    def _check(self, action: Action, found: Object | None) -> None:
        """Raise the same fault for missing and hidden objects if the caller may not read all."""
        rights = self._rights
        if action in rights.everywhere and action not in rights.some:
            return
        if found is None or not rights.allows(action, found):
            raise Denied(REFUSED)

    def _add_extras(self, tx: Tx, found: list[Json]) -> None:
        """Add to the runs their experiment and their model versions, as far as the caller may read them."""
        if "experiment" in self._extras:
            known: dict[str, Json | None] = {}
            for run in found:
                experiment_id = run["info"]["experiment_id"]
                if experiment_id not in known:
                    may = self._rights.allows(Action.EXPERIMENTS_READ, experiment_named(experiment_id))
                    known[experiment_id] = _plain(experiment_store.get(tx, experiment_id)) if may else None
                run["experiment"] = known[experiment_id]
        if "model_versions" in self._extras:
            by_run: dict[str, list[Json]] = {run["info"]["run_id"]: [] for run in found}
            ids = list(by_run)
            for start in range(0, len(ids), VERSIONS_OF_AT_ONCE):
                for version in _versions_of(tx, ids[start : start + VERSIONS_OF_AT_ONCE]):
                    by_run[version["run_id"]].append(version)
            for run in found:
                run["model_versions"] = by_run[run["info"]["run_id"]]


def _versions_of(tx: Tx, run_ids: Iterable[str]) -> list[Json]:
    listed = ",".join(f"'{run_id}'" for run_id in run_ids)
    found: list[Json] = _plain(versions.search_versions(tx, SearchVersions(filter=f"run_id IN ({listed})"))).get(
        "model_versions", []
    )
    return found


def _call(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Return the call of REST with these values, checked as that of a body.  Raise Invalid."""
    return decode_body(kind, encode({name: value for name, value in given.items() if value is not None}))


def _plain(answer: Any) -> Any:
    return msgspec.to_builtins(answer)
