"""Runs in SQL: lifecycle and cached JSON documents.  `batch` writes logged data."""

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec
from msgspec import UNSET, Struct

from trackside.core.access import Object
from trackside.core.db.debounce import SHORT_QUIET_S
from trackside.core.db.texts import texts
from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import NotFound
from trackside.core.http.codec import encode, wire_double
from trackside.holds import store as holds
from trackside.holds.model import Kind as Held
from trackside.runs.lifecycle import INFO, info_of, not_active
from trackside.runs.model import (
    Dataset,
    DatasetInput,
    KeyValue,
    Metric,
    ModelInput,
    ModelOutput,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    not_found,
)

AT_FIRST, AT_ONCE = 100, 1000  # documents that are read together
MADE_FIRST = 20  # documents that are created together while their sizes are unknown
ROW_BYTES = 32 << 20  # of documents in one row; SQLite's row ends at 1 GB
# Documents up to this size are read before the sizes of all are known; AT_ONCE of them are 32 MiB.
SMALL_BYTES = 32 << 10
ROW_PAIRS = 10_000  # parameters or tags in one row, at most 500 MB as JSON
_sizes = msgspec.json.Decoder(list[tuple[int, int]])
REST_MS = round(SHORT_QUIET_S * 1000) // 2  # a run that changed within this time is left to the server that changed it


def delete(tx: Tx, run_id: str) -> None:
    """Mark a run as deleted.  No effect on a run that is already deleted."""
    holds.check(tx, Held.RUN, run_id)
    _move(tx, run_id, "deleted", "delete")


def restore(tx: Tx, run_id: str) -> None:
    _move(tx, run_id, "active", "restore")


def delete_tag(tx: Tx, run_id: str, key: str) -> None:
    holds.check(tx, Held.RUN, run_id)
    run_seq, _ = active(tx, run_id)
    if not tx.run("DELETE FROM tags WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=run_seq, key=key):
        raise NotFound(f"No tag with name: {key} in run with id {run_id}")
    changed(tx, run_id, run_seq, "delete-tag")


def active(tx: Tx, run_id: str) -> tuple[int, int]:
    """Return the internal keys of a run and of its experiment, and lock the run until the transaction ends.

    Raise NotFound for a run that does not exist, Invalid for one that is not active."""
    row = tx.one(
        """
        SELECT run_seq, experiment_seq, lifecycle_stage FROM runs
        WHERE workspace_id = :ws AND run_id = :id FOR UPDATE
        """,
        id=run_id,
    )
    if row is None:
        raise not_found(run_id)
    run_seq, experiment_seq, stage = row
    if stage != "active":
        raise not_active(run_id, stage)
    return run_seq, experiment_seq


def seq_of(tx: Tx, run_id: str) -> int:
    row = tx.one("SELECT run_seq FROM runs WHERE workspace_id = :ws AND run_id = :id", id=run_id)
    if row is None:
        raise not_found(run_id)
    seq: int = row[0]
    return seq


def find_seqs(tx: Tx, run_ids: Sequence[str]) -> dict[str, int]:
    rows = tx.all("SELECT run_id, run_seq FROM runs WHERE workspace_id = :ws AND run_id IN :ids", ids=list(run_ids))
    return dict(rows)


def locate(tx: Tx, run_id: str) -> Object | None:
    """Return the experiment of a run, for access control; None if there is no such run."""
    row = tx.one(
        """
        SELECT e.experiment_id FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id = :id
        """,
        id=run_id,
    )
    return None if row is None else Object("experiment", str(row[0]))


def get(tx: Tx, run_id: str) -> Run:
    """Return a run with everything that was logged to it, including model inputs, which searches omit."""
    row = tx.one(
        f"""
        SELECT EXISTS (SELECT 1 FROM inputs i WHERE i.workspace_id = :ws AND i.run_seq = r.run_seq),
            EXISTS (SELECT 1 FROM run_models o WHERE o.workspace_id = :ws AND o.run_seq = r.run_seq), {INFO}
        FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND r.run_id = :id
        """,
        id=run_id,
    )
    if row is None:
        raise not_found(run_id)
    seq: int = row[2]
    parts = _parts(tx, [seq], has_datasets=bool(row[0]), has_models=bool(row[1]))
    return parts.run(seq, info_of(row[2:]), with_model_inputs=True)


def some(tx: Tx, run_ids: Sequence[str]) -> list[Run]:
    """Return the runs that exist, in the form of `get`."""
    return list(_load(tx, list(find_seqs(tx, run_ids).values()), with_model_inputs=True).values())


def load(tx: Tx, run_seqs: Sequence[int]) -> list[Run]:
    """Return the runs that exist, in the order of `run_seqs`."""
    return list(_load(tx, run_seqs).values())


def _load(tx: Tx, run_seqs: Sequence[int], *, with_model_inputs: bool = False) -> dict[int, Run]:
    """Return runs by run_seq."""
    seqs = list(run_seqs)
    # The `+` keeps SQLite, which has no statistics, from taking the index of all of the workspace's runs.
    infos = {
        row[0]: info_of(row)
        for row in tx.all(
            f"""
            SELECT {INFO} FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
            WHERE +r.workspace_id = :ws AND r.run_seq IN :runs
            """,
            runs=seqs,
        )
    }
    parts = _parts(tx, seqs)
    return {seq: parts.run(seq, infos[seq], with_model_inputs=with_model_inputs) for seq in seqs if seq in infos}


class _Parts(Struct, frozen=True):
    """The params, tags and metrics of some runs, by run_seq."""

    metrics: dict[int, list[Metric]]
    params: dict[int, list[KeyValue]]
    tags: dict[int, list[KeyValue]]
    datasets: dict[int, list[DatasetInput]]
    inputs: dict[int, list[ModelInput]]
    outputs: dict[int, list[ModelOutput]]

    def run(self, seq: int, info: RunInfo, *, with_model_inputs: bool) -> Run:
        return Run(
            info=info,
            data=RunData(
                metrics=self.metrics.get(seq, []), params=self.params.get(seq, []), tags=self.tags.get(seq, [])
            ),
            inputs=RunInputs(
                dataset_inputs=self.datasets.get(seq, []),
                model_inputs=self.inputs.get(seq, []) if with_model_inputs else [],
            ),
            outputs=RunOutputs(model_outputs=self.outputs.get(seq, [])),
        )


def _parts(tx: Tx, seqs: list[int], *, has_datasets: bool = True, has_models: bool = True) -> _Parts:
    """Return the logged data of runs.  Pass False for `has_datasets` or `has_models` if none of the runs has any."""
    which = "= :runs" if len(seqs) == 1 else "IN :runs"  # binding one value is faster than binding a list
    runs = seqs[0] if len(seqs) == 1 else seqs
    metrics = {
        seq: [
            Metric(key=key, value=wire_double(value, is_nan=is_nan), timestamp=timestamp, step=step)
            for _, key, value, is_nan, timestamp, step in rows
        ]
        for seq, rows in _by_run(
            tx.all(
                f"""
                SELECT run_seq, key, last_value, last_is_nan, last_timestamp, last_step FROM metric_series
                WHERE workspace_id = :ws AND run_seq {which} ORDER BY run_seq, first_timestamp, key
                """,
                runs=runs,
            )
        )
    }
    params = _pairs(tx, "params", seqs)
    tags = _pairs(tx, "tags", seqs)
    inputs: dict[int, list[ModelInput]] = {}
    outputs: dict[int, list[ModelOutput]] = {}
    if has_models:
        for seq, direction, model_id, step in tx.all(
            f"""
            SELECT run_seq, direction, model_id, step FROM run_models
            WHERE workspace_id = :ws AND run_seq {which} ORDER BY run_seq, direction, model_id
            """,
            runs=runs,
        ):
            if direction == "output":
                outputs.setdefault(seq, []).append(ModelOutput(model_id=model_id, step=step))
            else:
                inputs.setdefault(seq, []).append(ModelInput(model_id=model_id))
    return _Parts(metrics, params, tags, _datasets(tx, seqs) if has_datasets else {}, inputs, outputs)


def documents(
    tx: Tx,
    run_seqs: Sequence[int],
    most_bytes: int = sys.maxsize,
    unsaved: Callable[[int], bytes | None] = lambda _: None,
) -> tuple[list[bytes], list[tuple[int, str, bytes]]]:
    """Return the JSON of runs in the order of `run_seqs`, and the documents that this call created: run_seq, run_id, JSON.

    A document is created if it is neither stored nor returned by `unsaved(run_seq)`.  The result has at least one run, and
    otherwise at most `most_bytes`."""
    docs: list[bytes] = []
    fresh: list[tuple[int, str, bytes]] = []
    start, total, size, most_made = 0, 0, AT_FIRST, MADE_FIRST
    while start < len(run_seqs):
        stored, asked = _stored(tx, run_seqs[start : start + size], most_bytes - total)
        found, asked = _made(tx, asked, stored, fresh, unsaved, most_made)
        for seq in asked:
            doc = found.get(seq)
            if doc is None:  # the run was deleted
                continue
            if docs and total + len(doc) > most_bytes:
                return docs, fresh
            docs.append(doc)
            total += len(doc)
        start += len(asked)
        if docs:  # read about as many as will fit
            size = most_made = max(1, min(AT_ONCE, (most_bytes - total) * len(docs) // (total + 1)))
    return docs, fresh


def _made(
    tx: Tx,
    run_seqs: Sequence[int],
    stored: dict[int, bytes],
    fresh: list[tuple[int, str, bytes]],
    unsaved: Callable[[int], bytes | None],
    most: int,
) -> tuple[dict[int, bytes], Sequence[int]]:
    """Return the stored documents with missing ones created, at most `most` of them, and the part of `run_seqs` that they
    cover."""
    docs = dict(stored)
    absent: list[int] = []
    for count, seq in enumerate(run_seqs):
        if seq not in docs:
            doc = unsaved(seq)
            if doc is not None:
                docs[seq] = doc
            elif len(absent) < most:
                absent.append(seq)
            else:
                run_seqs = run_seqs[:count]
                break
    if absent:
        for seq, run in _load(tx, absent).items():
            doc = docs[seq] = encode(run)
            fresh.append((seq, run.info.run_id, doc))
    return docs, run_seqs


def _stored(tx: Tx, run_seqs: Sequence[int], most_bytes: int) -> tuple[dict[int, bytes], Sequence[int]]:
    """Return stored documents, as many as fit into `most_bytes` and one more, and the part of `run_seqs` that they cover."""
    where = "FROM run_docs WHERE workspace_id = :ws AND run_seq IN :runs"
    if len(run_seqs) == 1:
        return dict(tx.all(f"SELECT run_seq, doc {where}", runs=list(run_seqs))), run_seqs
    # A second query would cost a round trip, so the first one reads small documents.
    if tx.dialect == "postgresql":
        rows = tx.all(
            f"SELECT run_seq, octet_length(doc), CASE WHEN octet_length(doc) <= :small THEN doc END {where}",
            runs=list(run_seqs),
            small=SMALL_BYTES,
        )
        run_seqs = _within(run_seqs, {seq: size for seq, size, _ in rows}, most_bytes)
        docs = {seq: doc for seq, _, doc in rows if doc is not None}
        large = sorted({seq for seq, _, doc in rows if doc is None} & set(run_seqs))
        return docs | dict(tx.all(f"SELECT run_seq, doc {where}", runs=large)) if large else docs, run_seqs
    ((packed,),) = tx.all(  # in one row, as in `texts`
        f"SELECT CAST(json_group_array(json_array(run_seq, length(doc))) AS BLOB) {where}", runs=list(run_seqs)
    )
    sizes = dict(_sizes.decode(packed))
    run_seqs = _within(run_seqs, sizes, most_bytes)
    found = sorted(sizes.keys() & set(run_seqs))
    if sum(sizes[seq] for seq in found) > ROW_BYTES:
        return dict(tx.all(f"SELECT run_seq, doc {where}", runs=found)), run_seqs
    if not found:
        return {}, run_seqs
    ((packed,),) = tx.all(
        f"SELECT CAST(group_concat(doc, '') AS BLOB) FROM (SELECT doc {where} ORDER BY run_seq)", runs=found
    )
    docs, start = {}, 0
    for seq in found:
        docs[seq] = packed[start : start + sizes[seq]]
        start += sizes[seq]
    return docs, run_seqs


def _within(run_seqs: Sequence[int], sizes: dict[int, int], most_bytes: int) -> Sequence[int]:
    """Return the leading `run_seqs` with documents that fit into `most_bytes`, and one more."""
    total = 0
    for count, seq in enumerate(run_seqs, 1):
        total += sizes.get(seq, 0)
        if total > most_bytes:
            return run_seqs[:count]
    return run_seqs


def save_documents(tx: Tx, docs: Sequence[tuple[int, str, bytes]], epoch: int) -> None:
    """Store documents that were created from a snapshot at `epoch` or later, except documents of runs that have changed since."""
    if tx.memory is None:
        return
    kept = []
    for seq, run_id, doc in docs:
        key = ("run", tx.ws, run_id)
        if not tx.memory.changed_since(key, epoch):
            kept.append({"run": seq, "doc": doc})
            state = tx.memory.get(key)
            if state is not None:
                state.has_doc = True
    tx.many(
        """
        INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc)
        ON CONFLICT (run_seq) DO UPDATE SET doc = excluded.doc
        """,
        kept,
    )


def keep_documents(tx: Tx, run_seqs: Sequence[int]) -> None:
    """Create and store documents on a store with several servers, where no server knows all changes.

    Only runs that have not changed for `REST_MS` are taken, and their rows are locked.  A writer of a run keeps this lock until
    it has deleted the document."""
    seqs = [
        seq
        for (seq,) in tx.all(
            """
            SELECT r.run_seq FROM runs r WHERE r.workspace_id = :ws AND r.run_seq IN :runs
                AND NOT EXISTS (SELECT 1 FROM run_docs d WHERE d.workspace_id = :ws AND d.run_seq = r.run_seq)
                AND NOT EXISTS (
                    SELECT 1 FROM changes c
                    WHERE c.workspace_id = :ws AND c.entity = 'run' AND c.entity_id = r.run_id AND c.changed_at > :lately
                )
            ORDER BY r.run_seq FOR UPDATE OF r SKIP LOCKED
            """,
            runs=list(run_seqs),
            lately=tx.now - REST_MS,
        )
    ]
    tx.many(
        "INSERT INTO run_docs (workspace_id, run_seq, doc) VALUES (:ws, :run, :doc) ON CONFLICT DO NOTHING",
        [{"run": seq, "doc": encode(run)} for seq, run in _load(tx, seqs).items()],
    )


def saving(docs: Sequence[tuple[int, str, bytes]], epoch: int) -> Callable[[Tx], None]:
    """Return `save_documents` as a command for the writer."""
    return lambda tx: save_documents(tx, docs, epoch)


def keeping(docs: Sequence[tuple[int, str, bytes]]) -> Callable[[Tx], None]:
    """Return `keep_documents` as a command for the writer."""
    seqs = [seq for seq, _, _ in docs]
    return lambda tx: keep_documents(tx, seqs)


def changed(tx: Tx, run_id: str, run_seq: int, action: str, detail: str | None = None, *, ends: bool = False) -> None:
    """Record a change of a run and delete its document.  `ends`: no further change of the run is expected."""
    tx.run("DELETE FROM run_docs WHERE workspace_id = :ws AND run_seq = :run", run=run_seq)
    tx.record(Change("run", run_id, action, detail))
    tx.touch("run", run_id, ends=ends)


def _move(tx: Tx, run_id: str, stage: str, action: str) -> None:
    row = tx.one(
        """
        UPDATE runs SET lifecycle_stage = :stage, deleted_time = :deleted_time
        WHERE workspace_id = :ws AND run_id = :id RETURNING run_seq
        """,
        id=run_id,
        stage=stage,
        deleted_time=tx.now if stage == "deleted" else None,
    )
    if row is None:
        raise not_found(run_id)
    changed(tx, run_id, row[0], action)


def _by_run(rows: Iterable[Row]) -> Iterable[tuple[int, Iterable[Row]]]:
    """Group rows by their first column, `run_seq`, by which they are ordered."""
    return groupby(rows, itemgetter(0))


def _pairs(tx: Tx, table: str, seqs: list[int]) -> dict[int, list[KeyValue]]:
    found: dict[int, list[KeyValue]] = {}
    left = sorted(seqs)
    while left:
        rows, left = _first_pairs(tx, table, left)
        for seq, some in _by_run(rows):
            found[seq] = [KeyValue(key=key, value=value) for _, key, value in some]
    return found


def _first_pairs(tx: Tx, table: str, seqs: list[int]) -> tuple[Sequence[Row], list[int]]:
    """Return the rows of the leading `seqs`, which are sorted, and the remaining runs."""
    if len(seqs) == 1:
        return _pairs_of(tx, table, seqs[0]), []
    query = f"""
        SELECT run_seq AS seq, key, value FROM {table} WHERE workspace_id = :ws AND run_seq IN :runs ORDER BY run_seq, key
    """
    if tx.dialect != "sqlite":
        return tx.all(query, runs=seqs), []
    rows = texts(tx, f"{query} LIMIT :most", runs=seqs, most=ROW_PAIRS)
    if len(rows) < ROW_PAIRS:
        return rows, []
    last = rows[-1][0]  # the last run may have more rows
    if rows[0][0] == last:
        return _pairs_of(tx, table, last), [seq for seq in seqs if seq > last]
    return [row for row in rows if row[0] != last], [seq for seq in seqs if seq >= last]


def _pairs_of(tx: Tx, table: str, seq: int) -> list[Row]:
    return tx.all(  # binding one value is faster than binding a list
        f"SELECT run_seq, key, value FROM {table} WHERE workspace_id = :ws AND run_seq = :run ORDER BY key", run=seq
    )


def _datasets(tx: Tx, seqs: Sequence[int]) -> dict[int, list[DatasetInput]]:
    rows = tx.all(
        """
        SELECT i.run_seq, d.dataset_seq, d.name, d.digest, d.source_type, d.source, d.schema_text, d.profile
        FROM inputs i JOIN datasets d ON d.dataset_seq = i.dataset_seq
        WHERE i.workspace_id = :ws AND i.run_seq IN :runs ORDER BY i.run_seq, d.dataset_seq
        """,
        runs=list(seqs),
    )
    if not rows:
        return {}
    tags: dict[tuple[int, int], list[KeyValue]] = {}
    for run_seq, dataset_seq, key, value in tx.all(
        "SELECT run_seq, dataset_seq, key, value FROM input_tags WHERE workspace_id = :ws AND run_seq IN :runs ORDER BY key",
        runs=list(seqs),
    ):
        tags.setdefault((run_seq, dataset_seq), []).append(KeyValue(key=key, value=value))
    found: dict[int, list[DatasetInput]] = {}
    for run_seq, dataset_seq, name, digest, source_type, source, schema, profile in rows:
        dataset = Dataset(
            name=name,
            digest=digest,
            source_type=source_type,
            source=source,
            schema=UNSET if schema is None else schema,
            profile=UNSET if profile is None else profile,
        )
        found.setdefault(run_seq, []).append(DatasetInput(dataset=dataset, tags=tags.get((run_seq, dataset_seq), [])))
    return found
