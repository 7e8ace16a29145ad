"""The calls by which an import writes scorers, label schemas, review queues and issues.

Objects keep their ids and times; each call is idempotent.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, command
from trackside.sync.api.files import PREFIX
from trackside.traces.replica import queue_store, store
from trackside.traces.replica.model import (
    GivenIssue,
    GivenQueue,
    GivenSchema,
    GivenScorer,
    Kind,
    Outcome,
    ReplicaResult,
)

MAX_OBJECTS = 500  # of each kind in a call
MAX_ITEMS = 5_000  # traces of queues in a call
MAX_NAME = 250  # characters of a name in an answer


class PutReviews(Call, frozen=True):
    """`default_schema_id` is the id of the default label schema at the source.  `dry_run`: compare, and change nothing."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    scorers: list[GivenScorer] = []
    label_schemas: list[GivenSchema] = []
    review_queues: list[GivenQueue] = []
    issues: list[GivenIssue] = []
    default_schema_id: str | None = None
    dry_run: bool = False


class ReviewsPut(Answer, frozen=True):
    """One outcome for each object: scorers, then label schemas, queues and issues, each in their order."""

    outcomes: list[Outcome] = []


def put(tx: Tx, call: PutReviews) -> ReviewsPut:
    for kind in Kind:
        if len(getattr(call, kind)) > MAX_OBJECTS:
            raise Invalid(
                f"One call has {len(getattr(call, kind))} {kind.replace('_', ' ')}; at most {MAX_OBJECTS} are allowed."
            )
    items = sum(len(each.items) for each in call.review_queues)
    if items > MAX_ITEMS:
        raise Invalid(f"One call has {items} items of review queues; at most {MAX_ITEMS} are allowed.")
    at, dry_run = store.place(tx, call.experiment_id or ""), call.dry_run

    def queue(given: GivenQueue) -> tuple[ReplicaResult, str | None]:
        how, missing = queue_store.put(tx, at, given, call.default_schema_id, dry_run=dry_run)
        return how, f"{missing} of its traces are not in the experiment of this workspace" if missing else None

    takes: dict[Kind, Callable[[Any], tuple[ReplicaResult, str | None]]] = {
        Kind.SCORER: lambda given: (store.put_scorer(tx, at, given, dry_run=dry_run), None),
        Kind.LABEL_SCHEMA: lambda given: (store.put_schema(tx, at, given, dry_run=dry_run), None),
        Kind.REVIEW_QUEUE: queue,
        Kind.ISSUE: lambda given: (store.put_issue(tx, at, given, dry_run=dry_run), None),
    }
    return ReviewsPut(
        outcomes=[_outcome(kind, given, take) for kind, take in takes.items() for given in getattr(call, kind)]
    )


def _outcome(kind: Kind, given: Any, take: Callable[[Any], tuple[ReplicaResult, str | None]]) -> Outcome:
    """Return the outcome; a fault affects only its object."""
    try:
        how, reason = take(given)
    except Fault as fault:
        how, reason = ReplicaResult.FAILED, fault.message
    return Outcome(kind=kind, name=given.name[:MAX_NAME], how=how, reason=reason)


def routes() -> list[Route]:
    return [command(f"POST {PREFIX}/reviews", PutReviews, put, needs=Action.SYNC_WRITE, answer=ReviewsPut)]
