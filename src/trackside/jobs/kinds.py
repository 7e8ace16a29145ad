"""Kinds of jobs: the description of a kind, and the registry of a server."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault, Invalid
from trackside.jobs import plan, store
from trackside.jobs.model import Job, ShownKind, State
from trackside.jobs.plan import Next

if TYPE_CHECKING:
    from trackside.jobs.running import Running

DAY_S = 86_400

P = TypeVar("P", bound=Struct)


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[P]):
    """One kind of job.

    `run` does the work in a thread of the server that leased the job.  It may run again after a crash, with the same job id and
    folder, so it must be idempotent.  It calls `Running.check` at least once a second, or `Running.run` for a child process.  A
    `Fault` that it raises fails the job with the fault's message.

    `check` runs in the transaction that queues the job, with the caller's rights.  It returns the parameters to store, for
    example with a resolved alias, and raises a `Fault` for parameters that can never work.

    `ended` runs in the transaction that ends a job as failed or cancelled, also if its server was killed or the job never began.
    It ends objects that `run` created outside of the job, such as a run, unless `run` has ended them already."""

    name: str
    title: str
    params: type[P]
    run: Callable[["Running", P], Struct | None]
    check: Callable[[Tx, P], P] | None = None
    ended: Callable[[Tx, Job, P, Next], None] | None = None
    describe: Callable[[P], str] | None = None  # the title of a job with these parameters
    needs: tuple[Action, ...] = ()  # actions of a caller who queues one through the API, besides jobs/write
    checks_objects: bool = (
        False  # `check` verifies the rights on the job's objects; otherwise `needs` applies to the workspace
    )
    is_open: bool = True  # callers of the API may queue one
    has_token: bool = False  # the job calls the API as its user
    timeout_s: int = DAY_S
    max_attempts: int = 3

    def decode(self, raw: bytes | str) -> P:
        """Return the parameters.  Raise Invalid for parameters that do not fit the kind."""
        try:
            return msgspec.json.decode(raw, type=self.params)
        except msgspec.ValidationError as fault:
            raise Invalid(f"params of a job of kind {self.name!r}: {fault}") from None

    def of_caller(self, given: dict[str, Any]) -> P:
        """Return the parameters of a caller.  Raise Invalid also for unknown ones, such as a misspelt name."""
        known = [field.encode_name for field in msgspec.structs.fields(self.params)]
        strange = [name for name in given if name not in known]
        if strange:
            raise Invalid(
                f"params of a job of kind {self.name!r}: {strange[0]!r} is not known; it takes {', '.join(known) or 'none'}"
            )
        return self.decode(msgspec.json.encode(given))

    def checked(self, tx: Tx, params: P) -> P:
        return params if self.check is None else self.check(tx, params)


class Kinds:
    """The kinds of a server, by name."""

    def __init__(self, kinds: Iterable[Kind[Any]] = ()) -> None:
        self._by_name = {kind.name: kind for kind in kinds}

    def find(self, name: str) -> Kind[Any] | None:
        return self._by_name.get(name)

    def get_open(self, name: str) -> Kind[Any]:
        """Return a kind that callers of the API may queue.  Raise Invalid for any other name."""
        found = self._by_name.get(name)
        if found is None or not found.is_open:
            there = ", ".join(each.name for each in self._open()) or "none"
            raise Invalid(f"kind is {name[:100]!r}; the kinds of jobs that can be started are: {there}")
        return found

    def shown(self) -> list[ShownKind]:
        return [ShownKind(each.name, each.title, msgspec.json.schema(each.params)) for each in self._open()]

    def end(self, tx: Tx, job: Job, next_: Next) -> None:
        """Write the state of a job whose attempt ended, or that is cancelled before its first attempt."""
        if not store.end(tx, job, next_) or next_.state not in (State.FAILED, State.CANCELLED):
            return
        kind = self.find(job.kind)
        if kind is not None and kind.ended is not None:
            with suppress(Fault):  # the object of the job was deleted
                kind.ended(tx, job, kind.decode(job.params), next_)

    def cancel(self, tx: Tx, job: Job) -> None:
        """End a queued job; request the end of a running one from its server."""
        if job.state is State.QUEUED:
            self.end(tx, job, plan.cancelled_before(job))
        else:
            store.request_cancel(tx, job)

    def _open(self) -> list[Kind[Any]]:
        return sorted((kind for kind in self._by_name.values() if kind.is_open), key=lambda kind: kind.name)
