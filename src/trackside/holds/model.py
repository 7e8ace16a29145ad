"""A legal hold, and the sentences about it.  Pure."""

from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from trackside.core.access import experiment_named
from trackside.core.errors import BadState, Invalid

MAX_REASON = 1000
MAX_DIGITS = 18  # of a version


class Kind(StrEnum):
    RUN = "run"
    EXPERIMENT = "experiment"
    LOGGED_MODEL = "logged_model"
    MODEL = "registered_model"
    VERSION = "model_version"
    WORKSPACE = "workspace"


class Hold(Struct, frozen=True):
    """`id` is that of MLflow's API, `name/version` for a model version, and empty for the workspace."""

    kind: Kind
    id: str
    reason: str
    placed_by: str
    placed_at: int  # ms
    ends_at: int | None = None  # ms; None: until the hold is removed

    @property
    def title(self) -> str:
        return title(self.kind, self.id)

    @property
    def text(self) -> str:
        """The hold in one sentence, with the command that removes it."""
        by = f" by {self.placed_by}" if self.placed_by else ""
        until = f" until {_day(self.ends_at)}" if self.ends_at is not None else ""
        return (
            f"The {self.title} is on legal hold since {_day(self.placed_at)}{by}{until}: {self.reason}"
            f" (remove it with `trackside hold remove {words(self.kind)}{f' {self.id}' if self.id else ''}`)."
        )

    @property
    def refusal(self) -> BadState:
        """The fault of a deletion that the hold forbids."""
        return BadState(self.text).because("on-hold", reason=self.reason)


def title(kind: Kind, object_id: str) -> str:
    return f"{kind.replace('_', ' ')} {object_id}".rstrip()


def words(kind: Kind) -> str:
    """The word of the command line for a kind."""
    return {Kind.LOGGED_MODEL: "logged-model", Kind.MODEL: "model", Kind.VERSION: "version"}.get(kind, str(kind))


def kind_of(text: str | None) -> Kind:
    if text not in Kind.__members__.values():
        raise Invalid(f"kind is {(text or '')[:50]!r}; it must be one of {', '.join(Kind)}")
    return Kind(text or "")


def id_of(kind: Kind, text: str | None) -> str:
    """Return the id of an object as the store has it: `007` is `7`.  Raise Invalid where it does not fit the kind."""
    found = text or ""
    if kind is Kind.WORKSPACE:
        if found:
            raise Invalid(f"id is {found[:100]!r}; a hold on the workspace has none: the call names the workspace")
        return ""
    if not found:
        raise Invalid(f"id is missing; a hold on a {kind.replace('_', ' ')} names it")
    if kind is Kind.EXPERIMENT:
        return experiment_named(found).id
    if kind is Kind.VERSION:
        name, _, version = found.rpartition("/")
        if not name or not (version.isascii() and version.isdigit() and len(version) <= MAX_DIGITS):
            raise Invalid(f"id is {found[:100]!r}; a model version is named NAME/VERSION, such as churn/3")
        return f"{name}/{int(version)}"
    return found


def reason_of(text: str | None) -> str:
    found = (text or "").strip()
    if not found:
        raise Invalid("reason is missing; say why the object must not be deleted, such as the number of a case")
    if len(found) > MAX_REASON:
        raise Invalid(f"reason has {len(found)} characters; it may have {MAX_REASON}")
    return found


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"
