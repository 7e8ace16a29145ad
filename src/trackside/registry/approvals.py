"""Requests to move a version to a stage, and the decisions on them.  `transitions` moves the versions.

A requester cannot decide their own request.  On a server without authentication, this check relies on the names that callers
claim.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import UNSET, UnsetType

from trackside.core.db.tx import Change, Row, Tx
from trackside.core.errors import AlreadyExists, BadState, Denied, Invalid, NotFound
from trackside.core.http.codec import Answer, encode
from trackside.registry import stages, transitions, versions
from trackside.registry.history import Reason
from trackside.registry.model import ModelVersion
from trackside.workspaces import store as workspaces

MAX_COMMENT_CHARS = 5_000


class Status(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"  # the version was deleted


class StageRequest(Answer, frozen=True):
    """A request.  `requested_by` and `decided_by` are the names that the callers claimed, unverified; empty if they gave none."""

    request_id: str
    name: str
    version: str
    stage: str
    archive_existing_versions: bool
    status: str
    comment: str
    requested_by: str
    requested_at: int  # ms
    decided_by: str | UnsetType = UNSET
    decided_at: int | UnsetType = UNSET  # ms
    decision_comment: str | UnsetType = UNSET


_COLUMNS = """q.request_id, m.name, q.version, q.stage, q.archive_existing, q.status, q.comment, q.requested_by,
    q.requested_at, q.decided_by, q.decided_at, q.decision_comment"""


def ask(tx: Tx, name: str, version: str, stage: str, *, archive_existing: bool, comment: str) -> StageRequest:
    """Create a request.  Raise AlreadyExists if one for the same version and stage is pending."""
    _check_comment(comment)
    workspaces.hold(tx)  # lock the stages
    wanted = stages.find(stages.of(tx), stage)
    key = versions.locked(tx, name, version)
    if key.stage == wanted.name:
        raise Invalid(f"Version {key.version} of '{name}' is in the stage {wanted.name} already")
    if archive_existing and not wanted.is_active:
        raise Invalid(f"The stage {wanted.name} is not an active one, so it has no versions to archive")
    pending = tx.one(
        """
        SELECT request_id, requested_by FROM stage_requests
        WHERE workspace_id = :ws AND model_seq = :model AND version = :version AND stage = :stage AND status = 'PENDING'
        """,
        model=key.model_seq,
        version=key.version,
        stage=wanted.name,
    )
    if pending is not None:
        by = f" by '{pending[1]}'" if pending[1] else ""
        raise AlreadyExists(
            f"Request {pending[0]}{by} asks for version {key.version} of '{name}' in {wanted.name} already"
        ).because("stage-asked", version=str(key.version), stage=wanted.name)
    made = tx.one(
        """
        INSERT INTO stage_requests (workspace_id, model_seq, version, stage, archive_existing, status, comment,
            requested_by, requested_at)
        VALUES (:ws, :model, :version, :stage, :archive, 'PENDING', :comment, :user, :now) RETURNING request_id
        """,
        model=key.model_seq,
        version=key.version,
        stage=wanted.name,
        archive=int(archive_existing),
        comment=comment,
        user=tx.user,
    )
    assert made is not None
    _record(tx, made[0], "create", name, key.version, wanted.name)
    return get(tx, name, version, str(made[0]))


def approve(tx: Tx, name: str, version: str, request_id: str, comment: str) -> tuple[StageRequest, ModelVersion]:
    """Approve a request and move the version."""
    workspaces.hold(tx)  # locked before the model, in the order of `transitions`
    request = _decide(tx, name, version, request_id, Status.APPROVED, comment)
    said = comment or request.comment
    moved = transitions.move(
        tx,
        name,
        version,
        request.stage,
        archive_existing=request.archive_existing_versions,
        reason=Reason(said, int(request.request_id)),
    )
    return request, moved


def reject(tx: Tx, name: str, version: str, request_id: str, comment: str) -> StageRequest:
    return _decide(tx, name, version, request_id, Status.REJECTED, comment)


def get(tx: Tx, name: str, version: str, request_id: str) -> StageRequest:
    key = versions.key_of(tx, name, version)
    row = tx.one(
        f"""
        SELECT {_COLUMNS} FROM stage_requests q JOIN registered_models m ON m.model_seq = q.model_seq
        WHERE q.workspace_id = :ws AND q.model_seq = :model AND q.version = :version AND q.request_id = :id
        """,
        model=key.model_seq,
        version=key.version,
        id=_number(request_id),
    )
    if row is None:
        raise NotFound(f"Stage request {request_id} of version {key.version} of '{name}' not found")
    return _request(row)


def of_version(tx: Tx, name: str, version: str, statuses: Sequence[str]) -> list[StageRequest]:
    """Return the requests about a version, the newest first."""
    key = versions.key_of(tx, name, version)
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM stage_requests q JOIN registered_models m ON m.model_seq = q.model_seq
        WHERE q.workspace_id = :ws AND q.model_seq = :model AND q.version = :version AND q.status IN :statuses
        ORDER BY q.request_id DESC
        """,
        model=key.model_seq,
        version=key.version,
        statuses=list(statuses),
    )
    return [_request(row) for row in rows]


def of_workspace(tx: Tx, statuses: Sequence[str], *, limit: int, after: int) -> list[StageRequest]:
    """Return the requests of the workspace, the newest first; `after` is the last one of the previous page, 0 for the first
    page."""
    rows = tx.all(
        f"""
        SELECT {_COLUMNS} FROM stage_requests q JOIN registered_models m ON m.model_seq = q.model_seq
        WHERE q.workspace_id = :ws AND q.status IN :statuses AND (:after = 0 OR q.request_id < :after)
        ORDER BY q.request_id DESC LIMIT :limit
        """,
        statuses=list(statuses),
        after=after,
        limit=limit,
    )
    return [_request(row) for row in rows]


def statuses(given: str | None) -> list[str]:
    """Return the statuses of a name in any case; all statuses if none is given."""
    if not given:
        return [str(status) for status in Status]
    if given.upper() not in Status.__members__:
        raise Invalid(f"status is '{given[:100]}'; it must be one of {', '.join(Status)}")
    return [given.upper()]


def _decide(tx: Tx, name: str, version: str, request_id: str, status: Status, comment: str) -> StageRequest:
    _check_comment(comment)
    versions.locked(tx, name, version)
    request = get(tx, name, version, request_id)
    if request.status != Status.PENDING:
        raise BadState(f"Stage request {request_id} is {request.status}; only a pending one can be decided").because(
            "stage-decided"
        )
    if status is Status.APPROVED and tx.user and tx.user == request.requested_by:
        raise Denied(f"'{tx.user}' made stage request {request_id}; another user must approve it").because(
            "stage-own-request"
        )
    tx.run(
        """
        UPDATE stage_requests SET status = :status, decided_by = :user, decided_at = :now, decision_comment = :comment
        WHERE workspace_id = :ws AND request_id = :id
        """,
        id=int(request.request_id),
        status=status,
        user=tx.user,
        comment=comment,
    )
    _record(tx, int(request.request_id), status.lower(), name, int(request.version), request.stage)
    return get(tx, name, version, request_id)


def _number(request_id: str) -> int:
    if not (request_id.isascii() and request_id.isdigit() and len(request_id) < 19):
        raise Invalid(f"'{request_id[:100]}' is not an id of a stage request, which is a whole number")
    return int(request_id)


def _check_comment(comment: str) -> None:
    if len(comment) > MAX_COMMENT_CHARS:
        raise Invalid(f"The comment has {len(comment)} characters; at most {MAX_COMMENT_CHARS} are allowed")


def _record(tx: Tx, request_id: int, action: str, name: str, version: int, stage: str) -> None:
    detail = encode({"name": name, "version": str(version), "stage": stage}).decode()
    tx.record(Change("stage_request", str(request_id), action, detail))


def _request(row: Row) -> StageRequest:
    seq, name, version, stage, archive, status, comment, by, at, decided_by, decided_at, decision_comment = row
    return StageRequest(
        request_id=str(seq),
        name=name,
        version=str(version),
        stage=stage,
        archive_existing_versions=bool(archive),
        status=status,
        comment=comment,
        requested_by=by,
        requested_at=at,
        decided_by=UNSET if decided_by is None else decided_by,
        decided_at=UNSET if decided_at is None else decided_at,
        decision_comment=UNSET if decision_comment is None else decision_comment,
    )
