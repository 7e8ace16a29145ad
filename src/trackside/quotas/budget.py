"""Checks whether new runs, files, endpoints and jobs fit into the quotas.  Logging to a run is never refused."""

from collections.abc import Sequence

from trackside.core.db.tx import Tx
from trackside.core.errors import Fault
from trackside.quotas import store
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
    """The rest of the quotas while several objects are created in one transaction."""

    def __init__(self, tx: Tx, quotas: Sequence[Quota] | None = None) -> None:
        """`quotas`: those of the workspace, where they are known."""
        self._tx = tx
        self._quotas = quotas_of(tx) if quotas is None else quotas
        self._used: dict[tuple[Measure, Subject], int] = {}

    @property
    def is_counted(self) -> bool:
        """Return whether the workspace has quotas, so that its use is counted."""
        return bool(self._quotas)

    def take_run(self, experiment_id: str) -> Fault | None:
        """Count a new run, or say why there is no room for it.  There is none either while points or files are over a limit."""
        if not self._quotas:
            return None
        subjects = _subjects(self._tx.user, experiment_id)
        found = [each for each in applying(self._quotas, subjects) if each[0].measure in COUNTED]
        for quota, subject in found:
            more = 1 if quota.measure is Measure.RUNS else 0
            used = self._of(quota.measure, subject)
            if is_over(quota, used, more):
                return _refusal(self._tx, quota, subject, used, more)
        for quota, subject in found:
            if quota.measure is Measure.RUNS:
                self._used[quota.measure, subject] += 1
        return None

    def take_trace(self, experiment_id: str, size_bytes: int) -> Fault | None:
        """Count the bytes of a new trace, or say why there is no room for them."""
        if not self._quotas:
            return None
        subjects = _subjects(self._tx.user, experiment_id)
        found = [each for each in applying(self._quotas, subjects) if each[0].measure is Measure.BYTES]
        for quota, subject in found:
            used = self._of(quota.measure, subject)
            if is_over(quota, used, size_bytes):
                return _refusal(self._tx, quota, subject, used, size_bytes)
        for quota, subject in found:
            self._used[quota.measure, subject] += size_bytes
        return None

    def _of(self, measure: Measure, subject: Subject) -> int:
        key = (measure, subject)
        if key not in self._used:
            if not self._used:
                store.lock(self._tx, of_server=any(quota.scope is Scope.SERVER for quota in self._quotas))
            self._used[key] = store.used(self._tx, measure, subject)
        return self._used[key]


def check(tx: Tx, measure: Measure, more: int = 1, *, owner: str | None = None, experiment_id: str = "") -> bool:
    """Raise QuotaExceeded if `more` of a measure do not fit.  Return whether the workspace is counted at all.

    `owner`: whose they are, by default the transaction's user."""
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
