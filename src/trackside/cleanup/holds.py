"""Calls for legal holds."""

from typing import ClassVar

from msgspec import UNSET, Struct, UnsetType

from trackside.cleanup import model as m
from trackside.cleanup import rows
from trackside.cleanup.model import Target
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadState, Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, command, query
from trackside.experiments import store as experiments
from trackside.experiments.model import check_id
from trackside.holds import model, store
from trackside.holds.model import Hold, Kind
from trackside.identity.service import record
from trackside.logged_models import store as logged_models
from trackside.registry import models, versions
from trackside.runs import store as runs
from trackside.workspaces import store as workspaces

PATH = "/api/trackside/v1/holds"


class PlaceHold(Call, frozen=True):
    """A new hold.  `id` is omitted for the workspace; the hold expires at `ends_at` (ms)."""

    required: ClassVar[tuple[str, ...]] = ("kind", "reason")
    kind: str | None = None
    id: str | None = None
    reason: str | None = None
    ends_at: int | None = None


class RemoveHold(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("kind",)
    kind: str | None = None
    id: str | None = None


class FindHolds(Call, frozen=True):
    """`kind` selects the holds that prevent the deletion of one object, including holds on objects that contain it or that it
    contains."""

    kind: str | None = None
    id: str | None = None


class ShownHold(Struct, frozen=True):
    """A hold.  `is_over`: the hold has expired and no longer prevents a deletion."""

    kind: str
    id: str
    reason: str
    placed_by: str
    placed_at: int
    text: str
    ends_at: int | UnsetType = UNSET
    is_over: bool = False


class GotHold(Answer, frozen=True):
    hold: ShownHold


class Holds(Answer, frozen=True):
    """Legal holds, the earliest first."""

    holds: list[ShownHold] = []


def place(tx: Tx, call: PlaceHold) -> GotHold:
    """Place a legal hold: the object, its parts and its files cannot be deleted until the hold is removed."""
    kind = model.kind_of(call.kind)
    object_id = model.id_of(kind, call.id)
    _check_there(tx, kind, object_id)
    if call.ends_at is not None and call.ends_at <= tx.now:
        raise Invalid(f"ends_at is {call.ends_at}; it must be later than now, in ms since 1970")
    hold = Hold(kind, object_id, model.reason_of(call.reason), tx.user, tx.now, call.ends_at)
    store.place(tx, hold)
    _check_not_begun(tx, kind, object_id)
    record(tx, "hold.place", kind, object_id, workspace=workspaces.name(tx), reason=hold.reason, ends_at=hold.ends_at)
    return GotHold(hold=_shown(tx, hold))


def find(tx: Tx, call: FindHolds) -> Holds:
    """List legal holds."""
    if not call.kind:
        if call.id:
            raise Invalid(f"id is {call.id[:100]!r} without kind; kind must be one of {', '.join(Kind)}")
        return Holds(holds=[_shown(tx, hold) for hold in store.all_of(tx)])
    kind = model.kind_of(call.kind)
    return Holds(holds=[_shown(tx, hold) for hold in store.covering(tx, kind, model.id_of(kind, call.id))])


def remove(tx: Tx, call: RemoveHold) -> None:
    """Remove the legal hold that was placed on the object."""
    kind = model.kind_of(call.kind)
    object_id = model.id_of(kind, call.id)
    store.remove(tx, kind, object_id)
    record(tx, "hold.remove", kind, object_id, workspace=workspaces.name(tx))


def routes() -> list[Route]:
    return [
        query(f"GET {PATH}", FindHolds, find, needs=Action.HOLDS_READ, answer=Holds),
        command(f"POST {PATH}", PlaceHold, place, needs=Action.HOLDS_WRITE, status=201, answer=GotHold),
        command(f"DELETE {PATH}", RemoveHold, remove, needs=Action.HOLDS_DELETE),
    ]


def _check_there(tx: Tx, kind: Kind, object_id: str) -> None:
    """Raise NotFound if the object does not exist."""
    match kind:
        case Kind.RUN:
            runs.seq_of(tx, object_id)
        case Kind.EXPERIMENT:
            experiments.get(tx, object_id)
        case Kind.LOGGED_MODEL:
            logged_models.keys_of(tx, object_id)
        case Kind.MODEL:
            models.key_of(tx, object_id)
        case Kind.VERSION:
            name, _, version = object_id.rpartition("/")
            versions.key_of(tx, name, version)


def _check_not_begun(tx: Tx, kind: Kind, object_id: str) -> None:
    """Raise BadState if a permanent deletion of the object, or of its container, has begun: a part of the object may be
    deleted."""
    for target in _around(tx, kind, object_id):
        if rows.begun(tx, target) is not None:
            raise BadState(
                f"The permanent deletion of {target.title} has begun. It cannot be put on hold any more."
            ).because("deletion-begun")


def _around(tx: Tx, kind: Kind, object_id: str) -> list[Target]:
    match kind:
        case Kind.RUN:
            found = runs.locate(tx, object_id)
            own = [Target(kind=m.Kind.RUN, run_id=object_id)]
        case Kind.LOGGED_MODEL:
            found = logged_models.locate(tx, object_id)
            own = [Target(kind=m.Kind.LOGGED_MODEL, model_id=object_id)]
        case Kind.EXPERIMENT:
            return [Target(kind=m.Kind.EXPERIMENT, experiment_id=str(check_id(object_id)))]
        case _:
            return []
    return [*own, *([] if found is None else [Target(kind=m.Kind.EXPERIMENT, experiment_id=found.id)])]


def _shown(tx: Tx, hold: Hold) -> ShownHold:
    return ShownHold(
        kind=hold.kind,
        id=hold.id,
        reason=hold.reason,
        placed_by=hold.placed_by,
        placed_at=hold.placed_at,
        text=hold.text,
        ends_at=UNSET if hold.ends_at is None else hold.ends_at,
        is_over=hold.ends_at is not None and hold.ends_at <= tx.now,
    )
