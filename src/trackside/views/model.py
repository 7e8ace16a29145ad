"""Saved views in the API, and checks of their values."""

from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http.codec import Call

MAX_NAME = 200
MAX_STATE_BYTES = 256 << 10
MAX_VIEWS = 500  # of an experiment


class ListViews(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None


class CreateView(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None
    state: dict[str, Any] | None = None
    is_default: bool | None = None


class OfView(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("view_id",)
    view_id: str | None = None


class UpdateView(Call, frozen=True):
    """Changes what is given, if the view still has that version."""

    required: ClassVar[tuple[str, ...]] = ("view_id", "version")
    view_id: str | None = None
    version: int | None = None
    name: str | None = None
    state: dict[str, Any] | None = None
    is_default: bool | None = None


class View(Struct, frozen=True, kw_only=True):
    view_id: str
    experiment_id: str
    name: str
    state: msgspec.Raw
    is_default: bool
    owner: str  # who created it; as the caller said, while the store has no user
    version: int
    creation_time: int  # ms
    last_update_time: int  # ms


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


def state_text(state: dict[str, Any]) -> str:
    encoded = msgspec.json.encode(state)
    if len(encoded) > MAX_STATE_BYTES:
        raise Invalid(f"The state of a view has {len(encoded)} bytes; at most {MAX_STATE_BYTES} are allowed")
    return encoded.decode()
