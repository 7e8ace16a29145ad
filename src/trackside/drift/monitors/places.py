"""The locations of rows of baselines and targets: request logs, files of runs, folders of the server, and evaluation datasets."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from trackside.artifacts import store as artifacts
from trackside.artifacts.roots import Roots
from trackside.core import disk
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid, NotFound
from trackside.drift.monitors.exchange import File
from trackside.drift.monitors.model import Baseline, Config
from trackside.endpoints import store as endpoints
from trackside.endpoints.request_log import files as log_files
from trackside.endpoints.request_log.recorder import Recorder
from trackside.evaluation_datasets import record_store
from trackside.evaluation_datasets.records import Page
from trackside.jobs.running import Running
from trackside.runs import store as runs
from trackside.scoring import places
from trackside.scoring.places import Folders
from trackside.workspaces import store as workspaces

RECORDS = 5_000  # of an evaluation dataset, in one transaction
_FORMATS = {".csv": "csv", ".parquet": "parquet"}


class Places:
    """`recorder` has the request logs; `folders` are those of the machine that jobs may use."""

    def __init__(self, roots: Roots, recorder: Recorder, folders: Folders) -> None:
        self._roots = roots
        self._recorder = recorder
        self._folders = folders

    def check(self, tx: Tx, config: Config) -> None:
        """Raise a Fault for a target or baseline that does not exist, or whose rows the caller may not read."""
        target, baseline = config.target, config.baseline
        if target.endpoint:
            endpoint = endpoints.get(tx, target.endpoint)
            if not tx.rights.allows(Action.ENDPOINTS_REQUESTS, Object("endpoint", target.endpoint)):
                raise Denied(
                    f"Permission denied: a monitor of endpoint {target.endpoint} needs {Action.ENDPOINTS_REQUESTS} on it."
                )
            if target.deployment:
                endpoints.get_deployment(tx, endpoint, target.deployment)
        else:
            self._check_table(tx, "target table", target.table)
        if baseline.table:
            self._check_table(tx, "baseline table", baseline.table)
        if baseline.run:
            _check_run(tx, "baseline run", baseline.run)
            _logged_dataset(tx, baseline)
        elif baseline.dataset:
            if Action.DATASETS_READ not in tx.rights.everywhere:
                raise Denied(f"Permission denied: a baseline with dataset needs {Action.DATASETS_READ}.")
            _dataset_id(tx, baseline.dataset)

    def target(self, running: Running, config: Config) -> list[File]:
        """Return the files of the target, including the newest requests."""
        if config.target.endpoint:
            endpoint = running.store.read(lambda tx: endpoints.get(tx, config.target.endpoint))
            self._recorder.flush()
            found = log_files.place(self._recorder.folder, endpoint.endpoint_seq).all()
            return [File(str(each.path), each.hour, each.hour + log_files.HOUR_MS) for each in found]
        paths = self._table(running, "target", config.target.table, running.folder / "target")
        return [File(str(path)) for path in paths]

    def baseline(self, running: Running, config: Config) -> list[str]:
        """Return the files of a baseline; none for a baseline of past windows."""
        wanted, folder = config.baseline, running.folder / "baseline"
        if wanted.is_past:
            return []
        if wanted.table:
            return [str(path) for path in self._table(running, "baseline", wanted.table, folder)]
        if wanted.run:
            place = running.store.read(lambda tx: _logged_dataset(tx, wanted))
            return [str(path) for path in self._table(running, "baseline", place, folder)]
        return [str(self._dataset(running, wanted.dataset, folder))]

    def _table(self, running: Running, what: str, place: str, folder: Path) -> list[Path]:
        kind = _FORMATS.get(Path(place).suffix.lower(), "parquet")
        try:
            source = places.run_of(place)
            if source is None:
                return places.local_files(self._folders.checked(what, place), kind)
            workspace, root = running.store.read(
                lambda tx: (workspaces.current(tx), artifacts.root_of_run(tx, source[0]))
            )
            return places.fetch(self._roots.of(root, source[1], workspace), kind, folder, running.check)
        except Fault as fault:
            raise Invalid(f"The {what} {place!r} cannot be read: {fault.message}") from None

    def _check_table(self, tx: Tx, what: str, place: str) -> None:
        source = places.run_of(place)
        if source is None:
            self._folders.checked(what, place)
        else:
            _check_run(tx, what, source[0])

    def _dataset(self, running: Running, named: str, folder: Path) -> Path:
        """Write the records of an evaluation dataset as a table: their inputs, outputs and expectations are columns."""
        disk.make_folder(folder)
        target = folder / "records.jsonl"
        dataset_id = running.store.read(lambda tx: _dataset_id(tx, named))
        token: str | None = None
        with target.open("wb") as file:
            while True:
                running.check()
                page = running.store.read(partial(_page, dataset_id=dataset_id, token=token))
                for record in msgspec.json.decode(page.records):
                    file.write(msgspec.json.encode(_flat(record)) + b"\n")
                token = page.next_page_token
                if not token:
                    return target


def _page(tx: Tx, dataset_id: str, token: str | None) -> Page:
    return record_store.page(tx, dataset_id, RECORDS, token)


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in ("inputs", "outputs", "expectations"):
        values = record.get(part)
        if isinstance(values, str):
            values = msgspec.json.decode(values)
        if isinstance(values, dict):
            found |= {name: _plain(value) for name, value in values.items()}
    return found


def _plain(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _check_run(tx: Tx, what: str, run_id: str) -> None:
    found = runs.locate(tx, run_id)
    if found is None:
        raise NotFound(f"{what} names run {run_id[:100]!r}, which does not exist")
    if not tx.rights.allows(Action.RUNS_READ, found):
        raise Denied(f"Permission denied: {what} needs {Action.RUNS_READ} on {found.kind} {found.id}.")


def _dataset_id(tx: Tx, named: str) -> str:
    """Return the id of an evaluation dataset, by its id or name; the newest of several with one name."""
    row = tx.one(
        """
        SELECT dataset_id FROM evaluation_datasets WHERE workspace_id = :ws AND (dataset_id = :named OR name = :named)
        ORDER BY created_time DESC, dataset_id DESC LIMIT 1
        """,
        named=named,
    )
    if row is None:
        raise NotFound(f"baseline dataset is {named[:100]!r}; no evaluation dataset has this name or id")
    return str(row[0])


def _logged_dataset(tx: Tx, wanted: Baseline) -> str:
    """Return the location of a run's logged dataset.  Raise Invalid for one that is not stored on this server."""
    rows = tx.all(
        """
        SELECT d.name, d.source_type, d.source, r.artifact_uri FROM runs r JOIN inputs i ON i.run_seq = r.run_seq
        JOIN datasets d ON d.dataset_seq = i.dataset_seq WHERE r.workspace_id = :ws AND r.run_id = :run ORDER BY d.name
        """,
        run=wanted.run,
    )
    chosen = [row for row in rows if not wanted.dataset or row[0] == wanted.dataset]
    if len(chosen) != 1:
        names = ", ".join(repr(row[0]) for row in rows) or "none"
        raise Invalid(
            f"baseline dataset is {wanted.dataset!r}; choose one of the datasets of run {wanted.run}: {names}"
        )
    name, kind, source, artifact_uri = chosen[0]
    try:
        uri = str(msgspec.json.decode(source).get("uri", ""))
    except (msgspec.DecodeError, AttributeError):
        uri = ""
    if uri.startswith(f"{artifact_uri}/"):
        return f"runs:/{wanted.run}/{uri.removeprefix(f'{artifact_uri}/')}"
    if uri.startswith(("runs:/", "file:/", "/")):
        return uri.removeprefix("file://")
    raise Invalid(
        f"The dataset {name!r} of run {wanted.run} has a source of type {kind!r}, whose rows the server does not "
        f"have. Log the table as a file of the run, and set the baseline to the table runs:/RUN/PATH."
    )
