"""The kinds of jobs that a server knows.  Knows how a kind is described; knows no kind."""

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

    `run` does the work in a thread of the server that leased the job.  It may run again after a crash, with the same job id
    and folder, so what it does must be idempotent.  It calls `Running.check` at least once a second, or `Running.run` for a
    child process.  A `Fault` that it raises fails the job with the fault's message.

    `check` runs in the transaction that queues the job, with the caller's rights.  It returns the parameters to store, such
    as with an alias resolved, and raises a `Fault` for what can never work.

    `ended` runs in the transaction that ends a job as failed or cancelled, also one whose server was killed or that never began.
    What `run` began outside of the job, such as a run, is ended there.  It may find that `run` has ended it."""

    name: str
    title: str
    params: type[P]
    run: Callable[["Running", P], Struct | None]
    check: Callable[[Tx, P], P] | None = None
    ended: Callable[[Tx, Job, P, Next], None] | None = None
    describe: Callable[[P], str] | None = None  # the title of one job
    needs: tuple[Action, ...] = ()  # of a caller who starts one through the API, besides jobs/write
    checks_objects: bool = (
        False  # `check` looks up the rights to what the job names; else `needs` must hold for every object
    )
    is_open: bool = True  # callers of the API may start one
    has_token: bool = False  # the job acts on the API in the name of its user
    timeout_s: int = DAY_S
    max_attempts: int = 3

    def decode(self, raw: bytes | str) -> P:
        """Raise Invalid for parameters that the kind does not take."""
        try:
            return msgspec.json.decode(raw, type=self.params)
        except msgspec.ValidationError as fault:
            raise Invalid(f"params of a job of kind {self.name!r}: {fault}") from None

    def of_caller(self, given: dict[str, Any]) -> P:
        """Raise Invalid also for parameters that the kind does not know: one that is mistyped would be left out."""
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
        """Return a kind that callers of the API may start.  Raise Invalid for any other name."""
        found = self._by_name.get(name)
        if found is None or not found.is_open:
            there = ", ".join(each.name for each in self._open()) or "none"
            raise Invalid(f"kind is {name[:100]!r}; the kinds of jobs that can be started are: {there}")
        return found

    def shown(self) -> list[ShownKind]:
        return [ShownKind(each.name, each.title, msgspec.json.schema(each.params)) for each in self._open()]

    def end(self, tx: Tx, job: Job, next_: Next) -> None:
        """Write what becomes of a job whose attempt ended, or that is cancelled before it began."""
        if not store.end(tx, job, next_) or next_.state not in (State.FAILED, State.CANCELLED):
            return
        kind = self.find(job.kind)
        if kind is not None and kind.ended is not None:
            with suppress(Fault):  # what the job was about is gone
                kind.ended(tx, job, kind.decode(job.params), next_)

    def cancel(self, tx: Tx, job: Job) -> None:
        """End a job that waits; ask the server that runs one to end it."""
        if job.state is State.QUEUED:
            self.end(tx, job, plan.cancelled_before(job))
        else:
            store.request_cancel(tx, job)

    def _open(self) -> list[Kind[Any]]:
        return sorted((kind for kind in self._by_name.values() if kind.is_open), key=lambda kind: kind.name)
