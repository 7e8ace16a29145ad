"""Checks whether new runs, files, endpoints and jobs fit into the quotas.  Logging to a run is never refused."""

from collections.abc import Iterable, Sequence

from trackside.core.db.group import GROUP_LIMIT
from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.quotas import store, usage
from trackside.quotas.model import (
    COUNTED,
    TOTAL,
    WORKSPACE,
    Measure,
    Quota,
    Scope,
    Subject,
    applying,
    is_over,
    refusal,
)
from trackside.workspaces import store as workspaces

_KEY = "quotas"
# What all transactions that are under way at once may add: 64 of them, each of GROUP_LIMIT calls.
TAKEN_AT_ONCE = {Measure.RUNS: 64 * GROUP_LIMIT, Measure.BYTES: 64 << 30}
_Lock = tuple[int, bool]  # of a workspace, or of the server, and whether it is shared


def quotas_of(tx: Tx) -> list[Quota]:
    """Return the quotas that hold in the workspace; the only writer of a store remembers them."""
    if tx.memory is None:
        return store.all_of(tx)
    key = (_KEY, tx.ws, "")
    found: list[Quota] | None = tx.memory.get(key)
    if found is None:
        found = tx.memory[key] = store.all_of(tx)
    return found


class Budget:
    """The rest of the quotas while several objects are created in one transaction.

    On PostgreSQL other transactions create too.  While every limit has more room than they could take together, they go on at
    once, under a shared lock; close to a limit each transaction waits for the others.  So no limit is ever exceeded by runs."""

    def __init__(self, tx: Tx, quotas: Sequence[Quota] | None = None) -> None:
        """`quotas`: those of the workspace, where they are known."""
        self._tx = tx
        self._quotas = quotas_of(tx) if quotas is None else quotas
        self._used: dict[tuple[Measure, Subject], int] = {}
        self._locks: set[_Lock] = set()

    @property
    def is_counted(self) -> bool:
        """Return whether the workspace has quotas, so that its use is counted."""
        return bool(self._quotas)

    def take_run(self, experiment_id: str) -> Fault | None:
        """Count a new run, or return why it exceeds a quota, also of points or files."""
        return self._take(Measure.RUNS, 1, COUNTED, experiment_id)

    def take_trace(self, experiment_id: str, size_bytes: int) -> Fault | None:
        """Count the bytes of a new trace, or return why they exceed a quota."""
        return self._take(Measure.BYTES, size_bytes, (Measure.BYTES,), experiment_id)

    def _take(self, measure: Measure, amount: int, checked: Sequence[Measure], experiment_id: str) -> Fault | None:
        """Count an amount of a measure, unless a quota of one of the checked measures refuses it."""
        if not self._quotas:
            return None
        subjects = _subjects(self._tx.user, experiment_id)
        found = [each for each in applying(self._quotas, subjects) if each[0].measure in checked]
        growing = [each for each in found if each[0].measure is measure]
        self._read({(quota.measure, subject): None for quota, subject in found}, growing)
        for quota, subject in found:
            more = amount if quota.measure is measure else 0
            used = self._used[quota.measure, subject]
            if is_over(quota, used, more):
                return _refusal(self._tx, quota, subject, used, more)
        for _quota, subject in growing:
            self._used[measure, subject] += amount
        return None

    def _read(self, wanted: Iterable[tuple[Measure, Subject]], growing: Sequence[tuple[Quota, Subject]]) -> None:
        """Read the uses that are not known yet, under the locks that the quotas of a growing use need."""
        missing = [each for each in wanted if each not in self._used]
        if not missing:
            return
        readings = [usage.reading(measure, subject) for measure, subject in missing]
        locks: list[_Lock] = []
        while True:
            # Each statement on PostgreSQL sees what was committed before it begins, so also what ended while a lock was awaited.
            rows = self._tx.several([*(store.locking(ws, is_shared=is_shared) for ws, is_shared in locks), *readings])
            self._locks.update(locks)
            self._used.update(zip(missing, (int(row[0][0]) for row in rows[len(locks) :]), strict=True))
            locks = self._missing_locks(growing)
            if not locks:
                return

    def _missing_locks(self, growing: Iterable[tuple[Quota, Subject]]) -> list["_Lock"]:
        """Return the locks that the uses need and that this transaction does not have yet, the lock of the server last."""
        if self._tx.dialect != "postgresql":
            return []
        is_near: dict[int, bool] = {}
        for quota, subject in growing:
            ws = usage.SERVER_WS if quota.scope is Scope.SERVER else self._tx.ws
            room = quota.limit - self._used[quota.measure, subject]
            is_near[ws] = is_near.get(ws, False) or room < TAKEN_AT_ONCE[quota.measure]
        locks = [(ws, not near) for ws, near in sorted(is_near.items(), reverse=True)]
        return [each for each in locks if each not in self._locks and (each[0], False) not in self._locks]


def check(tx: Tx, measure: Measure, more: int = 1, *, owner: str | None = None, experiment_id: str = "") -> bool:
    """Raise QuotaExceeded if `more` of a measure do not fit.  Return whether the workspace is counted.

    `owner` is the user to count for, by default the transaction's user."""
    quotas = quotas_of(tx)
    subjects = _subjects(tx.user if owner is None else owner, experiment_id)
    for quota, subject in applying(quotas, subjects):
        if quota.measure is measure:
            used = store.used(tx, measure, subject)
            if is_over(quota, used, more):
                raise _refusal(tx, quota, subject, used, more)
    return bool(quotas)


def _subjects(owner: str, experiment_id: str) -> Sequence[Subject]:
    return (TOTAL, WORKSPACE, Subject(Scope.USER, owner), Subject(Scope.EXPERIMENT, experiment_id))


def _refusal(tx: Tx, quota: Quota, subject: Subject, used: int, more: int) -> Fault:
    names = store.experiment_names(tx, [subject.name]) if subject.scope is Scope.EXPERIMENT else {}
    return refusal(quota, subject, used, more, workspaces.name(tx), names)
