"""Calls for permanent deletion and the trash."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct

from trackside.access.service import REFUSED
from trackside.cleanup import model as m
from trackside.cleanup import preview, retention, rows, survey, trace_retention, trash, whole
from trackside.cleanup.kinds import Retention, TraceRetention
from trackside.cleanup.model import Kind, Target
from trackside.cleanup.work import Work, check_free
from trackside.core.access import Action, Object
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Conflict, Denied, Fault, Invalid
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Answer, Call, decode_body, encode
from trackside.core.http.routes import HANDLED, LISTED, Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.evaluation_datasets import store as datasets
from trackside.experiments import store as experiments
from trackside.logged_models import store as logged_models
from trackside.runs import store as runs
from trackside.traces.storage import trash as traces
from trackside.views import store as views

T = TypeVar("T", bound=Call)
C = TypeVar("C")
R = TypeVar("R")
PREFIX = "/api/trackside/v1"
MAX_BODY_BYTES = 1 << 18
MAX_BATCH = 100
AT_ONCE = 16
BATCH_S = 10.0
NEEDS = {
    Kind.RUN: Action.EXPERIMENTS_DELETE,
    Kind.EXPERIMENT: Action.EXPERIMENTS_DELETE,
    Kind.LOGGED_MODEL: Action.EXPERIMENTS_DELETE,
    Kind.MODEL: Action.MODELS_DELETE,
    Kind.VERSION: Action.MODELS_DELETE,
    **{kind: each.needs for kind, each in whole.KINDS.items()},
}
RESTORE_NEEDS = {Kind.EXPERIMENT: Action.EXPERIMENTS_WRITE, Kind.TRACE: Action.TRACES_DELETE}


@dataclass(frozen=True)
class Calls:
    work: Work

    async def preview(self, request: Request) -> Response:
        """Return what a permanent deletion would free, and the obstacles to it.  Changes nothing."""
        return _json(await self._previewed(request, await _decoded(request, m.Named)))

    async def preview_batch(self, request: Request) -> Response:
        """Return the previews of several deletions.  Changes nothing."""
        targets = _batch("targets", (await _decoded(request, m.NamedBatch)).targets)
        found = await _each(targets, lambda call: self._previewed(request, call))
        return _json(
            m.Previews(
                [m.PreviewOf(error=each) if isinstance(each, m.Refusal) else m.PreviewOf(each) for each in found]
            )
        )

    async def delete_batch(self, request: Request) -> Response:
        """Carry out several deletions independently.  A refused deletion does not stop the others."""
        deletions = _batch("deletions", (await _decoded(request, m.DeleteBatch)).deletions)
        found = await _each(deletions, lambda call: self._deleted(request, call))
        return _json(
            m.DeletionResults(
                [m.ResultOf(error=each) if isinstance(each, m.Refusal) else m.ResultOf(each) for each in found]
            )
        )

    async def delete(self, request: Request) -> Response:
        """Delete files and rows permanently.  A large deletion takes several calls: repeat the call until `is_done`."""
        return _json(await self._deleted(request, await _decoded(request, m.Delete)))

    async def _previewed(self, request: Request, call: m.Named) -> m.Preview:
        return await self._preview(request, m.target_of(call))

    async def _deleted(self, request: Request, call: m.Delete) -> m.DeletionResult:
        target = m.target_of(call)
        if not await request.read(lambda tx: _has_begun(tx, target)):
            found = await self._preview(request, target)
            if found.obstacles:
                await request.read(lambda tx: check_free(survey.find(tx, target)))
            if call.token and call.token != found.token:
                if await request.read(lambda tx: _has_begun(tx, target)):  # by another call, during the preview
                    return await self.work.portion(request, target)
                raise Conflict(
                    f"The preview of {target.title} is out of date. Ask for a new one, then delete."
                ).because("preview-outdated")
            if found.confirm is not None and call.confirm != found.confirm:
                raise Invalid(
                    f"confirm is {(call.confirm or '')[:200]!r}; it must be {found.confirm!r}, since this is large"
                )
        return await self.work.portion(request, target)

    async def _preview(self, request: Request, target: Target) -> m.Preview:
        await request.read(lambda tx: check_allowed(tx, target))
        return await preview.preview(self.work, request, target)

    async def retention(self, request: Request) -> Response:
        """Return the runs that a retention rule matches now, and what their deletion would free.  Changes nothing."""
        rule = await _rule(request)
        found = await request.read(lambda tx: retention.find(tx, retention.check(tx, rule)))
        items, count, size = [], 0, 0
        for run_id in found.run_ids[: retention.SHOWN]:
            one = await preview.preview(self.work, request, Target(kind=Kind.RUN, run_id=run_id))
            paths = await preview.paths(self.work, request, run_id, rule.artifacts) if rule.artifacts else []
            items.append(MatchedRun(run_id, one.file_bytes, one.row_bytes, paths[:20], one.obstacles))
            count, size = count + one.counts.get("files", 0), size + one.file_bytes
        return Response(
            headers=[(b"content-type", b"application/json")],
            body=encode(
                RetentionPreview(
                    words=rule.words,
                    matched=len(found.run_ids),
                    total=found.total,
                    is_allowed=len(found.run_ids) * 100 <= rule.most_percent * found.total,
                    file_count=count,
                    file_bytes=size,
                    runs=items,
                )
            ),
        )


def trace_retention_preview(tx: Tx, call: "TraceRetentionCall") -> "TraceRetentionPreview":
    """Return what a retention rule for traces matches now, by experiment, without deleting anything."""
    given = {name: value for name in TraceRetention.__struct_fields__ if (value := getattr(call, name)) is not None}
    rule = trace_retention.check(tx, TraceRetention(**given))
    found = trace_retention.find(tx, rule)
    return TraceRetentionPreview(
        words=rule.words,
        matched=found.traces,
        total=found.total,
        is_allowed=found.traces * 100 <= rule.most_percent * found.total,
        row_bytes=sum(each.size_bytes for each in found.experiments),
        experiments=[
            MatchedTraces(each.experiment_id, each.name, each.traces, each.size_bytes, each.obstacle)
            for each in found.experiments
        ],
    )


class TraceRetentionCall(Call, frozen=True):
    """A retention rule for traces; see the job kind `trace-retention`."""

    experiments: str | None = None
    older_than_days: int | None = None
    keep_last: int | None = None
    most_percent: int | None = None


class MatchedTraces(Struct, frozen=True):
    """The matching traces of an experiment.

    `row_bytes`: the stored size of the spans.  `obstacle` says why they cannot be deleted; empty if they can."""

    experiment_id: str
    name: str
    traces: int
    row_bytes: int
    obstacle: str


class TraceRetentionPreview(Answer, frozen=True):
    """`is_allowed`: not more than `most_percent` of all traces."""

    words: str
    matched: int
    total: int
    is_allowed: bool
    row_bytes: int
    experiments: list[MatchedTraces]


class MatchedRun(Struct, frozen=True):
    """`paths`: the first 20 files that the glob of the rule matches."""

    run_id: str
    file_bytes: int
    row_bytes: int
    paths: list[str]
    obstacles: list[m.Obstacle]


class RetentionPreview(Answer, frozen=True):
    """`runs` are the first 100 matching runs, and counts and bytes are sums over these.  `is_allowed`: not more than
    `most_percent` of all runs."""

    words: str
    matched: int
    total: int
    is_allowed: bool
    file_count: int
    file_bytes: int
    runs: list[MatchedRun]


class RetentionCall(Call, frozen=True):
    """A retention rule for runs; see the job kind `retention`."""

    experiments: str | None = None
    filter: str | None = None
    older_than_days: int | None = None
    keep_last: int | None = None
    keep_best: int | None = None
    metric: str | None = None
    is_lower_better: bool | None = None
    artifacts: str | None = None
    permanently: bool | None = None
    most_percent: int | None = None


async def _rule(request: Request) -> Retention:
    call = await _decoded(request, RetentionCall)
    given = {name: value for name in Retention.__struct_fields__ if (value := getattr(call, name)) is not None}
    return Retention(**given)


def routes(work: Work) -> list[Route]:
    calls = Calls(work)
    needs = Action.RUNS_WRITE
    return [
        stream(
            f"POST {PREFIX}/deletions/preview", calls.preview, call=m.Named, needs=needs, on=HANDLED, answer=m.Preview
        ),
        stream(
            f"POST {PREFIX}/deletions", calls.delete, call=m.Delete, needs=needs, on=HANDLED, answer=m.DeletionResult
        ),
        stream(
            f"POST {PREFIX}/deletions/batch/preview",
            calls.preview_batch,
            call=m.NamedBatch,
            needs=needs,
            on=HANDLED,
            answer=m.Previews,
        ),
        stream(
            f"POST {PREFIX}/deletions/batch",
            calls.delete_batch,
            call=m.DeleteBatch,
            needs=needs,
            on=HANDLED,
            answer=m.DeletionResults,
        ),
        query(
            f"GET {PREFIX}/trash", trash.FindTrash, trash.find, needs=Action.RUNS_READ, on=LISTED, answer=trash.Trash
        ),
        stream(
            f"POST {PREFIX}/retention/preview",
            calls.retention,
            call=RetentionCall,
            needs=Action.EXPERIMENTS_DELETE,
            answer=RetentionPreview,
        ),
        query(
            f"POST {PREFIX}/trace-retention/preview",
            TraceRetentionCall,
            trace_retention_preview,
            needs=Action.TRACES_READ,
            on=LISTED,
            answer=TraceRetentionPreview,
        ),
        command(f"POST {PREFIX}/trash/restore", trash.Restore, _restore, needs=needs, on=HANDLED),
    ]


def _restore(tx: Tx, call: trash.Restore) -> None:
    """Restore a run, an experiment, a logged model or a trace from the trash.  No effect if it is not in the trash."""
    target = m.target_of(trash.target_of(call))
    _check_allowed(tx, target, RESTORE_NEEDS.get(target.kind, Action.RUNS_WRITE))
    if rows.begun(tx, target) is not None:
        raise BadState(f"The permanent deletion of {target.title} has begun. It cannot be restored.").because(
            "deletion-begun"
        )
    match target.kind:
        case Kind.RUN:
            runs.restore(tx, target.run_id)
        case Kind.EXPERIMENT:
            experiments.restore(tx, target.experiment_id)
        case Kind.TRACE:
            traces.restore(tx, target.trace_id)
        case _:
            logged_models.restore(tx, target.model_id)


def _has_begun(tx: Tx, target: Target) -> bool:
    check_allowed(tx, target)
    return rows.begun(tx, target) is not None


def _action(target: Target) -> Action:
    return NEEDS.get(target.kind, Action.RUNS_WRITE)


def check_allowed(tx: Tx, target: Target) -> None:
    """Raise Denied unless the caller may delete the target."""
    _check_allowed(tx, target, _action(target))


def _check_allowed(tx: Tx, target: Target, action: Action) -> None:
    """Raise Denied unless the caller has the action on the target.  Hidden and missing targets get the same error."""
    if target.kind is Kind.TOKEN:
        if not whole.may_revoke(tx, target):
            raise Denied(REFUSED)
        return
    found = _objects(tx, target)
    is_allowed = all(tx.rights.allows(action, each) for each in found) if found else action in tx.rights.everywhere
    if not is_allowed:
        raise Denied(REFUSED)


def _objects(tx: Tx, target: Target) -> tuple[Object, ...]:
    """Return the objects whose rights apply; none if the rights of the workspace apply."""
    if target.kind in (Kind.DATASET, Kind.RECORD):
        return datasets.locate(tx, target.dataset_id) or ()
    found = _object(tx, target)
    return () if found is None else (found,)


def _object(tx: Tx, target: Target) -> Object | None:
    match target.kind:
        case Kind.EXPERIMENT:
            return Object("experiment", target.experiment_id)
        case Kind.MODEL | Kind.VERSION | Kind.ALIAS:
            return Object("model", target.name)
        case Kind.LOGGED_MODEL:
            return logged_models.locate(tx, target.model_id)
        case Kind.ENDPOINT | Kind.CAPTURE | Kind.DEPLOYMENT:
            return Object("endpoint", target.name)
        case Kind.VIEW:
            return views.locate(tx, target.view_id)
        case Kind.TRACE:
            return traces.locate(tx, target.trace_id)
        case Kind.LINK_LOG | Kind.LINK | Kind.JOB | Kind.MONITOR | Kind.WEBHOOK | Kind.SCHEDULE | Kind.ALERT_RULE:
            return None
    return runs.locate(tx, target.run_id)


async def _decoded(request: Request, call: type[T]) -> T:
    check_content_type(request.headers.get(b"content-type"))
    made: T = decode_body(call, await request.whole_body(MAX_BODY_BYTES))
    return made


def _batch(name: str, given: list[C] | None) -> list[C]:
    if not given or len(given) > MAX_BATCH:
        raise Invalid(f"{name} has {len(given or [])} elements; it must have 1 to {MAX_BATCH}")
    return given


async def _each(calls: Sequence[C], work: Callable[[C], Awaitable[R]]) -> list[R | m.Refusal]:
    """Return the result or the refusal of each call.  No call starts after BATCH_S, except the first: a client waits for the
    answer.

    Several calls run concurrently, so that their transactions share the commits of the writer."""

    async def one(call: C) -> R | m.Refusal:
        try:
            return await work(call)
        except Fault as fault:
            if fault.status >= 500:  # a fault of the store or of a disk: the next call would also fail
                raise
            return m.Refusal(fault.code, fault.message)

    found: list[R | m.Refusal] = []
    begun = time.monotonic()
    while len(found) < len(calls) and time.monotonic() - begun < BATCH_S:
        # Wait for all calls before raising: no call may still run after the answer.
        for each in await asyncio.gather(*map(one, calls[len(found) : len(found) + AT_ONCE]), return_exceptions=True):
            if isinstance(each, BaseException):
                raise each
            found.append(each)
    return found


def _json(answer: Answer) -> Response:
    return Response(headers=[(b"content-type", b"application/json")], body=encode(answer))
