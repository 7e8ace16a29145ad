"""The kinds of jobs that delete, and their parameters.  The implementation is imported at the first run."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.jobs.kinds import Kind


class Delete(Struct, frozen=True, kw_only=True):
    """The target of a deletion job, with the fields of `model.Delete`."""

    kind: str
    run_id: str = ""
    experiment_id: str = ""
    model_id: str = ""
    name: str = ""
    version: str = ""
    key: str = ""
    path: str = ""
    from_step: int | None = None
    to_step: int | None = None
    dataset_id: str = ""
    job_id: str = ""
    day: str = ""
    token_id: int | None = None
    alias: str = ""
    deployment: str = ""
    webhook_id: str = ""
    view_id: str = ""
    record_id: str = ""
    trace_id: str = ""
    digest: str = ""
    copies: str = ""
    token: str = ""
    confirm: str = ""


class EmptyTrash(Struct, frozen=True):
    """`kind` limits the deletion to items of this kind, such as `trace`."""

    older_than_days: int = 30
    kind: str = ""


class Retention(Struct, frozen=True, kw_only=True):
    """`experiments` is a glob of names; `filter` is in the filter language, such as `tags.team = "nlp" AND status = "FAILED"`.
    In each experiment, the `keep_last` newest (by start) or the `keep_best` best (by `metric`) of the matching runs are kept.
    The others are moved to the trash, or deleted if `permanently` is set.  With `artifacts`, a glob of paths, only the matching
    files of these runs are deleted. A rule that matches more than `most_percent` of the runs of the workspace deletes nothing."""

    experiments: str = "*"
    filter: str = ""
    older_than_days: int = 0
    keep_last: int = 0
    keep_best: int = 0
    metric: str = ""
    is_lower_better: bool = False
    artifacts: str = ""
    permanently: bool = False
    most_percent: int = 10

    @property
    def words(self) -> str:
        """Return a description in one line."""
        parts = [f"experiments {self.experiments}"]
        if self.filter:
            parts.append(self.filter)
        if self.older_than_days:
            parts.append(f"older than {self.older_than_days} days")
        if self.keep_last:
            parts.append(f"keep the last {self.keep_last}")
        if self.keep_best:
            parts.append(f"keep the best {self.keep_best} by {self.metric}")
        return ", ".join(parts) + (f"; files {self.artifacts}" if self.artifacts else "")


class TraceRetention(Struct, frozen=True, kw_only=True):
    """`experiments` is a glob of names.  Traces that began more than `older_than_days` ago are deleted permanently, except the
    `keep_last` newest traces of each experiment.  A rule that matches more than `most_percent` of the traces of the workspace
    deletes nothing."""

    experiments: str = "*"
    older_than_days: int = 0
    keep_last: int = 0
    most_percent: int = 10

    @property
    def words(self) -> str:
        """Return a description in one line."""
        parts = [f"traces of experiments {self.experiments}"]
        if self.older_than_days:
            parts.append(f"older than {self.older_than_days} days")
        if self.keep_last:
            parts.append(f"keep the last {self.keep_last}")
        return ", ".join(parts)


def kinds(make: Callable[[], Any]) -> list[Kind[Any]]:
    """`make` returns the `Deletions` of the server."""
    return [
        Kind(
            name="delete",
            title="Delete permanently",
            params=Delete,
            run=lambda running, params: make().delete(running, params),
            check=lambda tx, params: make().check_delete(tx, params),
            describe=_described,
        ),
        Kind(
            name="empty-trash",
            title="Empty the trash",
            params=EmptyTrash,
            run=lambda running, params: make().empty_trash(running, params),
            check=_check_trash,
            needs=(Action.EXPERIMENTS_DELETE,),
        ),
        Kind(
            name="retention",
            title="Apply a retention rule",
            params=Retention,
            run=lambda running, params: make().retain(running, params),
            check=_check_rule,
            describe=lambda params: f"Retention: {params.words}"[:500],
            needs=(Action.EXPERIMENTS_DELETE,),
        ),
        Kind(
            name="trace-retention",
            title="Delete old traces",
            params=TraceRetention,
            run=lambda running, params: make().retain_traces(running, params),
            check=lambda tx, params: _trace_rules().check(tx, params),
            describe=lambda params: f"Retention: {params.words}"[:500],
            needs=(Action.TRACES_DELETE,),
        ),
    ]


def _described(params: Delete) -> str:
    names = (params.run_id, params.experiment_id, params.model_id, params.name, params.dataset_id, params.webhook_id)
    inside = (params.key, params.path, params.version, params.deployment, params.alias, params.record_id, params.day)
    named = [next(filter(None, names), ""), next(filter(None, inside), "")]
    return " ".join(["Delete", params.kind.replace("_", " "), *filter(None, named)])[:500]


def _trace_rules() -> Any:
    return import_module("trackside.cleanup.trace_retention")


def _check_trash(tx: Tx, params: EmptyTrash) -> EmptyTrash:
    found: EmptyTrash = import_module("trackside.cleanup.jobs").check_trash(tx, params)
    return found


def _check_rule(tx: Tx, params: Retention) -> Retention:
    found: Retention = import_module("trackside.cleanup.retention").check(tx, params)
    return found
