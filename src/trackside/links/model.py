"""Links in the API, and checks of their values."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, ClassVar

from msgspec import Struct

from trackside.core import locations
from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call, missing
from trackside.core.http_client.credentials import Secret, check_credentials
from trackside.core.uris import http_parts
from trackside.sync.document import Mode
from trackside.sync.entities import FIRST, Entity

LEAST_RATE = 0.1  # calls a second; with less, every caller of that remote would wait for minutes
_NAME = re.compile(r"[a-zA-Z0-9][\w.-]{0,99}")
POLL_S = {"trackside": 0.5, "mlflow": 5.0, "databricks": 30.0}  # between two polls of the remote
QUIET_POLL_S = 2.0  # the same, after a time without changes: at most this,
QUIET_SHARE = 30  # and at most this fraction of that time
LISTENED_POLL_S = 30.0  # the same, if the remote has a long poll


class Kind(StrEnum):
    TRACKSIDE = "trackside"
    MLFLOW = "mlflow"
    DATABRICKS = "databricks"


class State(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    REMOVING = "removing"  # its copies are being deleted


class CreatedBy(StrEnum):
    """The side that created an item."""

    US = "us"  # the link created the remote item
    HERE = "here"  # the link created the local item
    THEM = "them"  # both items existed


class Side(StrEnum):
    """A side of a link, from the point of view of this server."""

    HERE = "here"
    THERE = "there"


class LogKind(StrEnum):
    """The kind of an entry in the link's log."""

    CONFLICT = "conflict"  # both sides changed something, or a copy was changed by hand
    REFUSED = "refused"  # the remote, or a rule of this server, rejects an item for now
    SKIPPED = "skipped"  # the remote cannot store the item
    ERROR = "error"  # about the link as a whole
    STATE = "state"


class Deletion(Struct, frozen=True):
    """An item that a link would delete.  `items`: the number of items, including those below it (a registered model
    with its versions)."""

    side: Side
    name: str
    items: int = 1


class Options(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The options chosen when the link was added."""

    experiments: list[str] = []  # globs of names; empty: all
    exclude: list[str] = []
    backfill: str = "all"  # all, none, or a date
    since: int = 0  # ms: runs that started earlier are replicated only when they change
    registry: bool = False
    prefix: str = ""  # prepended to experiment names that are no absolute path (Databricks)
    rate: float = 0.0  # calls a second at most; 0: the limit of the kind of remote
    max_deletions: int = 20  # in an hour; the link pauses if it would exceed this and `max_deletions_percent`
    max_deletions_percent: float = 10.0  # of the items that both sides have

    def wants(self, experiment: str) -> bool:
        if any(fnmatchcase(experiment, glob) for glob in self.exclude):
            return False
        return not self.experiments or any(fnmatchcase(experiment, glob) for glob in self.experiments)


def acts_of(mode: Mode, *, registry: bool) -> tuple[Action, ...]:
    """Return the directions in which a link of this mode writes to this workspace."""
    reads = (
        Action.EXPERIMENTS_READ,
        Action.RUNS_READ,
        Action.DATASETS_READ,
        Action.TRACES_READ,
        *((Action.MODELS_READ,) if registry else ()),
    )
    writes = (
        *(Action.EXPERIMENTS_WRITE, Action.RUNS_WRITE, Action.DATASETS_WRITE, Action.TRACES_WRITE),
        *((Action.MODELS_WRITE,) if registry else ()),
    )
    return (Action.LINKS_WRITE, *reads, *(writes if mode.takes else ()))


class Link(Struct, frozen=True, kw_only=True):
    link_id: int
    name: str
    kind: Kind
    url: str
    mode: Mode
    options: Options
    secret: bytes | None  # sealed
    state: State
    seen_seq: int
    remote_cursor: str
    created_at: int
    last_success_at: int | None
    last_error: str | None
    last_error_at: int | None
    retry_at: int | None
    sent_items: int
    sent_points: int
    sent_bytes: int
    taken_items: int
    points_per_s: float
    backfill_cursor: str  # as `state.backfill` writes it
    heard_at: int | None
    unread_changes: int
    taken_points: int
    taken_bytes: int
    store_id: str
    store_generation: int
    store_generation_at: int | None
    principal_id: int | None  # the user for whom it acts; None: the server

    @property
    def acts(self) -> tuple[Action, ...]:
        """Return the actions that the link performs in this workspace, besides those of being a link."""
        return acts_of(self.mode, registry=self.options.registry)

    @property
    def poll_s(self) -> float:
        return POLL_S[self.kind]

    def poll_after_s(self, quiet_s: float) -> float:
        """Return the pause before the next poll after a time without changes."""
        return max(self.poll_s, min(QUIET_POLL_S, quiet_s / QUIET_SHARE))

    @property
    def longest_poll_s(self) -> float:
        """Return the longest time between two polls of a remote that answers."""
        return LISTENED_POLL_S if self.kind is Kind.TRACKSIDE and self.last_error is None else self.poll_s

    @property
    def has_seen_all(self) -> bool:
        """Return whether the remote was listed completely once."""
        return self.remote_cursor != "" and not self.remote_cursor.startswith(FIRST)


class Lag(Struct, frozen=True):
    items: int
    seconds: float
    postponed: int  # of the items


class AddLink(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "to")
    private: ClassVar[tuple[str, ...]] = ("to", "token", "username", "password")
    name: str | None = None
    to: str | None = None
    mode: str | None = None
    kind: str | None = None
    experiments: list[str] | None = None
    exclude: list[str] | None = None
    backfill: str | None = None
    registry: bool | None = None
    prefix: str | None = None
    rate: float | None = None
    max_deletions: int | None = None
    max_deletions_percent: float | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None


class OfLink(Call, frozen=True):
    name: str | None = None

    @property
    def link(self) -> str:
        return self.name or ""


class ResumeLink(OfLink, frozen=True):
    """`accept_deletions`: carry out the deletions for which the link was paused."""

    accept_deletions: bool | None = None


class RemoveLink(OfLink, frozen=True):
    copies: str | None = None


class LogCall(OfLink, frozen=True):
    after: int | None = None
    limit: int | None = None


class CheckCall(Call, frozen=True):
    """`verify`: read points and files on both sides and compare them by hashes, files by SHA-256."""

    after: str | None = None
    verify: bool | None = None


class SyncCall(OfLink, frozen=True):
    """`verify`: as in a check."""

    verify: bool | None = None


class HeldDeletion(Answer, frozen=True):
    """An item that the link would delete.  `id`: the local id, or the remote id if the local item is to be deleted."""

    entity: Entity
    id: str
    side: Side
    name: str
    items: int  # including those below, such as the versions of a registered model


class HeldDeletions(Answer, frozen=True):
    """The deletions that a link holds: `items` in all, of which the first are listed."""

    items: int
    listed: list[HeldDeletion]


class Shown(Answer, frozen=True):
    """A link as the API shows it, without its secret."""

    name: str
    kind: Kind
    to: str
    mode: Mode
    state: State
    options: Options
    has_secret: bool
    lag_items: int  # that wait to be compared
    lag_s: float  # the age of the oldest queued item, or the time since the last poll if that is too long ago
    postponed_items: int  # queued items that were rejected and are retried later
    mirrored: dict[str, int]  # items that both sides have, by entity
    sent_items: int
    sent_points: int
    sent_bytes: int
    taken_items: int
    taken_points: int
    taken_bytes: int
    points_per_s: float  # during the last transfer, in either direction
    created_at: int  # ms
    held_deletions: HeldDeletions
    last_success_at: int | None = None
    last_error: str | None = None
    last_error_at: int | None = None
    retry_at: int | None = None
    lost_store_at: int | None = None  # when the remote's store was last found to be replaced or restored


class GotLink(Answer, frozen=True):
    link: Shown


class Listed(Answer, frozen=True):
    links: list[Shown] = []


class LogEntry(Answer, frozen=True):
    log_id: int
    time: int  # ms
    kind: LogKind
    entity: str
    entity_id: str
    message: str


class FoundLog(Answer, frozen=True):
    entries: list[LogEntry] = []


class Target(Struct, frozen=True):
    """The remote of a link, as its address names it."""

    kind: Kind | None  # None: to be detected by a call to the server
    url: str
    secret: Secret


def check_name(name: str | None) -> str:
    if not name or not _NAME.fullmatch(name):
        raise Invalid(
            f"link name is {name!r}; it must begin with a letter or digit, then up to 99 of those, '.', '_' or '-'"
        ).because("bad-name", kind="link", name=name or "")
    return name


def check_mode(mode: str | None) -> Mode:
    text = mode or Mode.PUSH
    if text not in list(Mode):
        raise Invalid(f"mode is {text!r}; it must be push, pull or both")
    return Mode(text)


def target(to: str | None, kind: str | None, given: Secret) -> Target:
    """Return the target of an address such as http://host:5000/ws/team-a, databricks://profile or
    https://adb-1.azuredatabricks.net."""
    if not to:
        raise missing("to")
    if kind and kind not in list(Kind):
        raise Invalid(f"kind is {kind!r}; it must be trackside, mlflow or databricks")
    chosen = Kind(kind) if kind else None
    scheme, _, profile = to.strip().partition("://")
    if scheme.lower() == "databricks":
        profile = profile.partition("/")[0] or "DEFAULT"
        return Target(Kind.DATABRICKS, f"databricks://{profile}", Secret(profile=profile))
    parts = http_parts(to.strip())
    if parts is None:
        raise Invalid(
            f"to is {locations.redact(to[:500])!r}; it must be http(s)://HOST[:PORT][/ws/WORKSPACE] or databricks://PROFILE"
        )
    if parts.username or parts.password:
        given = Secret(username=parts.username or "", password=parts.password or "")
    host = parts.netloc.rpartition("@")[2]
    if parts.query or parts.fragment:
        raise Invalid(f"to is {host}{parts.path}?…; leave out what follows ? or #")
    if chosen is None and re.search(r"\.(azuredatabricks|gcp\.databricks|cloud\.databricks|databricks)\.", f".{host}"):
        chosen = Kind.DATABRICKS
    if chosen is Kind.DATABRICKS and not (given.token or (given.username and given.password)):
        raise Invalid(
            f"{host} is a Databricks workspace, which requires a token: give one (--token-file), or a service"
            " principal's id as username and its secret as password; databricks://PROFILE takes them from a profile"
        )
    return Target(chosen, f"{parts.scheme}://{host}{parts.path.rstrip('/')}", given)


def check_backfill(text: str | None, now: int) -> tuple[str, int]:
    """Return the option, and the time in ms from which on runs are replicated."""
    text = text or "all"
    if text == "all":
        return text, 0
    if text == "none":
        return text, now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"backfill is {text!r}; it must be all, none, or a date such as 2026-01-31") from None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return text, int(at.timestamp() * 1000)


def check_secret(call: AddLink) -> Secret:
    return check_credentials(call.token, call.username, call.password)


def check_rate(rate: float | None) -> float:
    if rate and not LEAST_RATE <= rate < math.inf:
        raise Invalid(
            f"rate is {rate}; it must be {LEAST_RATE} or more calls a second, or 0 for the limit of the remote"
        )
    return rate or 0.0


def check_max_deletions(most: int | None, percent: float | None) -> tuple[int, float]:
    """Return both limits.  Raise Invalid for a value out of range."""
    defaults = Options()
    if most is not None and not 0 <= most <= 10**9:
        raise Invalid(f"max_deletions is {most}; it must be a number of items from 0 to 1000000000")
    if percent is not None and not 0 <= percent <= 100:
        raise Invalid(f"max_deletions_percent is {percent}; it must be between 0 and 100")
    return (
        defaults.max_deletions if most is None else most,
        defaults.max_deletions_percent if percent is None else percent,
    )


def check_globs(globs: Sequence[str] | None) -> list[str]:
    return [glob for glob in globs or [] if glob]


def shown(link: Link, lag: Lag, mirrored: dict[str, int], held: HeldDeletions) -> Shown:
    same: dict[str, Any] = {
        name: getattr(link, name)
        for name in (
            "name kind mode state options sent_items sent_points sent_bytes taken_items taken_points taken_bytes points_per_s "
            "created_at last_success_at last_error last_error_at retry_at"
        ).split()
    }
    return Shown(
        **same,
        to=link.url,
        has_secret=link.secret is not None,
        lag_items=lag.items,
        lag_s=lag.seconds,
        postponed_items=lag.postponed,
        mirrored=mirrored,
        held_deletions=held,
        lost_store_at=link.store_generation_at,
    )
