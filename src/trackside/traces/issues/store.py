"""Issues in SQL, with the assessments that refer to them."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from trackside.core.access import Action, Object
from trackside.core.db.tx import Change, Tx
from trackside.core.filters.fields import ISSUES
from trackside.core.filters.keyset import Term
from trackside.core.filters.nodes import Field
from trackside.core.filters.parse import parse_filter
from trackside.core.filters.to_sql import Binder, Place, where
from trackside.experiments import store as experiments
from trackside.experiments.model import check_id
from trackside.traces import paging
from trackside.traces.issues import model as im

# The columns are the fields of `Issue` in their order, except the number of traces.
_COLUMNS = """
i.issue_id, e.experiment_id, i.name, i.description, i.status, i.created_at, i.updated_at, i.severity, i.root_causes,
i.source_run_id, i.categories, i.created_by
"""
_FROM = "FROM trace_issues i JOIN experiments e ON e.experiment_seq = i.experiment_seq WHERE i.workspace_id = :ws"
_TRACES = """
(SELECT COUNT(DISTINCT a.trace_seq) FROM trace_assessments a
WHERE a.workspace_id = :ws AND a.experiment_seq = i.experiment_seq AND a.name = i.issue_id AND a.kind = 'issue')
"""
_texts = msgspec.json.Decoder(list[str]).decode


def create(tx: Tx, call: im.Create) -> im.Issue:
    seq, _ = experiments.active(tx, call.experiment_id or "")
    issue_id = f"iss-{uuid.uuid4().hex}"
    tx.run(
        """
        INSERT INTO trace_issues (workspace_id, experiment_seq, issue_id, name, description, status, severity, root_causes,
            categories, source_run_id, created_by, created_at, updated_at)
        VALUES (:ws, :seq, :id, :name, :description, :status, :severity, :causes, :categories, :run, :by, :now, :now)
        """,
        seq=seq,
        id=issue_id,
        name=im.check_text(call.name or "", "name", im.MAX_NAME),
        description=im.check_text(call.description or "", "description", im.MAX_DESCRIPTION),
        status=im.check_status(call.status or im.STATUSES[0]),
        severity=im.rank(call.severity),
        causes=_encoded(im.check_list(call.root_causes, "root_causes")),
        categories=_encoded(im.check_list(call.categories, "categories")),
        run=im.check_text(call.source_run_id, "source_run_id", im.MAX_NAME) if call.source_run_id else None,
        by=tx.user or im.check_text(call.created_by or "", "created_by", im.MAX_USER) or None,
    )
    tx.record(Change("issue", issue_id, "create"))
    return get(tx, issue_id)


def get(tx: Tx, issue_id: str) -> im.Issue:
    row = tx.one(f"SELECT {_COLUMNS} {_FROM} AND i.issue_id = :id", id=issue_id)
    if row is None:
        raise im.missing(issue_id)
    return _of(row)


def update(tx: Tx, call: im.Update) -> im.Issue:
    changed = tx.run(
        """
        UPDATE trace_issues SET name = COALESCE(:name, name), description = COALESCE(:description, description),
            status = COALESCE(:status, status), severity = COALESCE(:severity, severity), updated_at = :now
        WHERE workspace_id = :ws AND issue_id = :id
        """,
        name=im.check_text(call.name, "name", im.MAX_NAME) if call.name else None,
        description=im.check_text(call.description, "description", im.MAX_DESCRIPTION) if call.description else None,
        status=None if call.status is None else im.check_status(call.status),
        severity=im.rank(call.severity),
        id=call.issue_id,
    )
    if not changed:
        raise im.missing(call.issue_id)
    tx.record(Change("issue", call.issue_id, "update"))
    return get(tx, call.issue_id)


def page(tx: Tx, call: im.Search) -> tuple[list[im.Issue], str | None]:
    """Return issues, the most severe first, and the token of the next page."""
    most = paging.check_most(call.max_results, im.DEFAULT_RESULTS)
    readable, bound = tx.only_readable("experiment", Action.TRACES_READ, "e.experiment_id")
    bind = Binder()
    params: dict[str, Any] = dict(bound)
    only = readable
    if call.experiment_id:
        only += " AND e.experiment_id = :experiment"
        params["experiment"] = check_id(call.experiment_id)
    tree = parse_filter(call.filter_string, ISSUES)
    if tree is not None:
        only += f" AND ({where(tree, _place, bind, tx.dialect)})"
    orders = [Term("x.rank", ascending=False, kind="whole number")]
    if call.include_trace_count:
        orders.append(Term("x.trace_count", ascending=False, kind="whole number"))
    orders += [Term("x.created_at", ascending=False, kind="whole number"), Term("x.issue_id", ascending=False)]
    rows, token = paging.page(
        tx,
        f"""
        SELECT {_COLUMNS}, COALESCE(i.severity, -1) AS rank, {_TRACES if call.include_trace_count else "NULL"} AS trace_count
        {_FROM}{only}
        """,
        orders,
        most,
        call.page_token,
        ("issues", call.experiment_id or "", call.filter_string or "", call.include_trace_count),
        bind,
        **params,
    )
    return [_of(row, row[13]) for row in rows], token


def locate(tx: Tx, issue_id: str) -> Object | None:
    """Return the experiment of an issue, for access control; None if there is no such issue."""
    row = tx.one(f"SELECT e.experiment_id {_FROM} AND i.issue_id = :id", id=issue_id)
    return None if row is None else Object("experiment", str(row[0]))


def _place(field: Field) -> Place:
    return Place(f"i.{field.key}", is_nullable=field.key == "source_run_id")


def _of(row: Sequence[Any], trace_count: int | None = None) -> im.Issue:
    fields: dict[str, Any] = dict(zip(im.Issue.__struct_fields__, row, strict=False))
    severity = fields["severity"]
    return im.Issue(
        **{
            **fields,
            "experiment_id": str(fields["experiment_id"]),
            "severity": None if severity is None else im.SEVERITIES[severity],
            "root_causes": _texts(fields["root_causes"]),
            "categories": _texts(fields["categories"]),
            "trace_count": trace_count,
        }
    )


def _encoded(entries: Sequence[str]) -> str:
    return msgspec.json.encode(entries).decode()
