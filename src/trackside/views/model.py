"""Saved views in the API, and checks of their values."""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http.codec import Call
from trackside.experiments.model import check_id

MAX_NAME = 200
MAX_STATE_BYTES = 256 << 10
MAX_VIEWS = 500  # of an experiment
MAX_TOGETHER = 50  # experiments of a view


class ListViews(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None


class CreateView(Call, frozen=True):
    """`experiment_ids`: all experiments that the view shows together; absent for a view of one experiment."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None
    state: dict[str, Any] | None = None
    is_default: bool | None = None
    experiment_ids: list[str] | None = None


class OfView(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("view_id",)
    view_id: str | None = None


class UpdateView(Call, frozen=True):
    """Changes what is given, if the view still has that version.  Empty `experiment_ids` make it a view of one experiment."""

    required: ClassVar[tuple[str, ...]] = ("view_id", "version")
    view_id: str | None = None
    version: int | None = None
    name: str | None = None
    state: dict[str, Any] | None = None
    is_default: bool | None = None
    experiment_ids: list[str] | None = None


class View(Struct, frozen=True, kw_only=True):
    """A saved view.  `experiment_id` is the experiment that contains the view: a caller who may write the experiment may change
    the view.  `experiment_ids` are the experiments that the view shows together; empty for a view of one experiment.  Each such
    set of experiments has one default view at most."""

    view_id: str
    experiment_id: str
    name: str
    state: msgspec.Raw
    is_default: bool
    owner: str  # the creator; unverified while the store has no users
    version: int
    creation_time: int  # ms
    last_update_time: int  # ms
    experiment_ids: list[str]


class GotView(Struct, frozen=True):
    view: View


class Views(Struct, frozen=True):
    """Saved views by name."""

    views: list[View]


def check_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME:
        raise Invalid(f"The name of a view has {len(name)} characters; it must have 1 to {MAX_NAME}").because(
            "bad-name", kind="view", name=name
        )
    return name


def check_together(experiment_id: str, given: list[str]) -> list[int]:
    """Return the ids in order, without repetitions.  Raise Invalid unless `experiment_id` is one of several."""
    ids = sorted({check_id(each) for each in given})
    if not 2 <= len(ids) <= MAX_TOGETHER:
        raise Invalid(f"experiment_ids has {len(ids)} experiments; a view shows 2 to {MAX_TOGETHER} together")
    if check_id(experiment_id) not in ids:
        raise Invalid(f"experiment_ids is {given}; it must contain experiment {experiment_id}, which keeps the view")
    return ids


def state_text(state: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(state)
    if len(encoded) > MAX_STATE_BYTES:
        raise Invalid(f"The state of a view has {len(encoded)} bytes; at most {MAX_STATE_BYTES} are allowed")
    return encoded.decode()
