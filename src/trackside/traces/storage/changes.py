"""Changes of existing traces: tags, links and deletion."""

from collections.abc import Sequence

import msgspec

from trackside.core.db.tx import Change, Tx
from trackside.core.errors import Invalid, NotFound
from trackside.experiments.model import check_id
from trackside.holds import store as holds
from trackside.holds.model import Hold, Kind
from trackside.traces import model as m
from trackside.traces.storage import announce, trash

MOST_LINKS = 100

_decode = msgspec.json.Decoder(dict[str, str]).decode


def set_tag(tx: Tx, trace_id: str, key: str, value: str) -> None:
    key, value = m.check_tag(key, value)
    seq, tags = _tags(tx, trace_id)
    _save_tags(tx, seq, {**tags, key: value})


def delete_tag(tx: Tx, trace_id: str, key: str) -> None:
    seq, tags = _tags(tx, trace_id)
    if key not in tags:
        raise NotFound(f"No trace tag with key '{key}' for trace with ID '{trace_id}'")
    del tags[key]
    _save_tags(tx, seq, tags)


def _tags(tx: Tx, trace_id: str) -> tuple[int, dict[str, str]]:
    row = tx.one(
        "SELECT trace_seq, tags FROM traces WHERE workspace_id = :ws AND trace_id = :id AND trash_seq = 0 FOR UPDATE",
        id=trace_id,
    )
    if row is None:
        raise m.missing(trace_id)
    return row[0], _decode(row[1])


def _save_tags(tx: Tx, seq: int, tags: dict[str, str]) -> None:
    row = tx.one(
        """
        UPDATE traces SET tags = :tags, name = :name WHERE workspace_id = :ws AND trace_seq = :seq
        RETURNING (SELECT e.experiment_id FROM experiments e WHERE e.experiment_seq = traces.experiment_seq)
        """,
        tags=m.encode_map(tags),
        name=tags.get(m.NAME),
        seq=seq,
    )
    if row is not None:
        tx.record(Change("traces", str(row[0]), "tag"))
    announce.changed_seqs(tx, [seq], "tag")


def check_deletion(call: m.DeleteTraces) -> None:
    """Raise Invalid, with MLflow's message, unless the call selects traces in exactly one way."""
    if call.max_timestamp_millis is None and not call.request_ids:
        raise Invalid("Either `max_timestamp_millis` or `trace_ids` must be specified.")
    if call.max_timestamp_millis is not None and call.request_ids:
        raise Invalid("Only one of `max_timestamp_millis` and `trace_ids` can be specified.")
    if call.request_ids and call.max_traces is not None:
        raise Invalid("`max_traces` can't be specified if `trace_ids` is specified.")
    if call.max_traces is not None and call.max_traces <= 0:
        raise Invalid(f"`max_traces` must be a positive integer, received {call.max_traces}.")


def check_not_held(tx: Tx, experiment_id: str) -> None:
    """Raise BadState if a legal hold is on the experiment or on the workspace."""
    for hold in held(tx, experiment_id):
        raise hold.refusal


def held(tx: Tx, experiment_id: str) -> tuple[Hold, ...]:
    """Return the legal holds that keep the traces of an experiment."""
    found = holds.covering(tx, Kind.EXPERIMENT, experiment_id)
    return tuple(hold for hold in found if hold.kind in (Kind.EXPERIMENT, Kind.WORKSPACE))


def delete(tx: Tx, call: m.DeleteTraces) -> int:
    """Move traces of an experiment to the trash: those with the ids, or the oldest up to a time.  Return their number."""
    check_deletion(call)
    experiment_id = check_id(call.experiment_id or "")
    check_not_held(tx, str(experiment_id))
    if call.request_ids:
        rows = tx.all(
            """
            SELECT t.trace_seq FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
            WHERE t.workspace_id = :ws AND e.experiment_id = :experiment AND t.trace_id IN :ids
            """,
            experiment=experiment_id,
            ids=list(call.request_ids),
        )
    else:
        limit = "" if call.max_traces is None else "LIMIT :most"
        rows = tx.all(
            f"""
            SELECT t.trace_seq FROM traces t JOIN experiments e ON e.experiment_seq = t.experiment_seq
            WHERE e.workspace_id = :ws AND e.experiment_id = :experiment AND t.timestamp_ms <= :until
            ORDER BY t.timestamp_ms, t.trace_id {limit}
            """,
            experiment=experiment_id,
            until=call.max_timestamp_millis,
            **({} if call.max_traces is None else {"most": call.max_traces}),
        )
    return trash.move(tx, [row[0] for row in rows], str(experiment_id))


def link(tx: Tx, kind: str, links: Sequence[tuple[int, str]]) -> None:
    """Link traces to runs or prompt versions; existing links stay."""
    tx.many(
        """
        INSERT INTO trace_links (workspace_id, trace_seq, kind, target) VALUES (:ws, :seq, :kind, :target)
        ON CONFLICT DO NOTHING
        """,
        [{"seq": seq, "target": target} for seq, target in links],
        kind=kind,
    )
    announce.changed_seqs(tx, [seq for seq, _ in links], "link")
