"""Kinds of permanent deletions, their previews and results.  Pure."""

import hashlib
from datetime import date
from enum import StrEnum
from typing import ClassVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from trackside.artifacts import keys
from trackside.core.errors import Because, Invalid, Reason
from trackside.core.http.codec import Answer, Call
from trackside.experiments.model import check_id
from trackside.holds.model import MAX_DIGITS, Hold

MAX_KEY = 1000
STEP_MIN, STEP_MAX = -(2**63), 2**63 - 1


class Kind(StrEnum):
    RUN = "run"
    EXPERIMENT = "experiment"
    LOGGED_MODEL = "logged_model"
    MODEL = "registered_model"
    VERSION = "model_version"
    METRIC = "metric"
    STEPS = "metric_steps"
    PARAM = "param"
    TAG = "tag"
    ARTIFACT = "artifact"
    ENDPOINT = "endpoint"
    LINK = "link"
    DATASET = "evaluation_dataset"
    JOB = "job"
    MONITOR = "monitor"
    CAPTURE = "capture_day"
    TOKEN = "token"  # noqa: S105  # the kind, and no password
    LINK_LOG = "link_log"
    ALIAS = "alias"
    DEPLOYMENT = "deployment"
    WEBHOOK = "webhook"
    SCHEDULE = "job_schedule"
    ALERT_RULE = "alert_rule"
    VIEW = "saved_view"
    RECORD = "dataset_record"
    INPUT = "dataset_input"
    TRACE = "trace"


FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.RUN: ("run_id",),
    Kind.EXPERIMENT: ("experiment_id",),
    Kind.LOGGED_MODEL: ("model_id",),
    Kind.MODEL: ("name",),
    Kind.VERSION: ("name", "version"),
    Kind.METRIC: ("run_id", "key"),
    Kind.STEPS: ("run_id", "key", "from_step", "to_step"),
    Kind.PARAM: ("run_id", "key"),
    Kind.TAG: ("run_id", "key"),
    Kind.ARTIFACT: ("run_id", "path"),
    Kind.ENDPOINT: ("name",),
    Kind.LINK: ("name",),
    Kind.DATASET: ("dataset_id",),
    Kind.JOB: ("job_id",),
    Kind.MONITOR: ("name",),
    Kind.CAPTURE: ("name", "day"),
    Kind.TOKEN: ("token_id",),
    Kind.LINK_LOG: ("name",),
    Kind.ALIAS: ("name", "alias"),
    Kind.DEPLOYMENT: ("name", "deployment"),
    Kind.WEBHOOK: ("webhook_id",),
    Kind.SCHEDULE: ("name",),
    Kind.ALERT_RULE: ("name",),
    Kind.VIEW: ("view_id",),
    Kind.RECORD: ("dataset_id", "record_id"),
    Kind.INPUT: ("run_id", "name", "digest"),
    Kind.TRACE: ("trace_id",),
}
OPTIONAL: dict[Kind, tuple[str, ...]] = {Kind.LINK: ("copies",)}
COPIES = ("keep", "remove")


class Target(Struct, frozen=True, omit_defaults=True):
    """An object to delete.  Fields that the kind does not use are empty."""

    kind: Kind
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
    digest: str = ""
    trace_id: str = ""
    copies: str = ""  # `remove`: the copies that the link created are also deleted

    @property
    def text(self) -> str:
        """Return the canonical text of the target."""
        return msgspec.json.encode(self).decode()

    @property
    def title(self) -> str:
        """Return a description for messages and the audit log."""
        match self.kind:
            case Kind.RUN:
                return f"run {self.run_id}"
            case Kind.EXPERIMENT:
                return f"experiment {self.experiment_id}"
            case Kind.LOGGED_MODEL:
                return f"logged model {self.model_id}"
            case Kind.MODEL:
                return f"registered model {self.name}"
            case Kind.VERSION:
                return f"model version {self.name}/{self.version}"
            case Kind.METRIC:
                return f"metric {self.key} of run {self.run_id}"
            case Kind.STEPS:
                return f"steps {self.from_step} to {self.to_step} of metric {self.key} of run {self.run_id}"
            case Kind.ARTIFACT:
                return f"artifact {self.path} of run {self.run_id}"
            case Kind.ENDPOINT | Kind.LINK | Kind.MONITOR:
                return f"{self.kind} {self.name}"
            case Kind.DATASET:
                return f"dataset {self.dataset_id}"
            case Kind.JOB:
                return f"job {self.job_id}"
            case Kind.CAPTURE:
                return f"requests of endpoint {self.name} on {self.day}"
            case Kind.TOKEN:
                return f"token {self.token_id}"
            case Kind.LINK_LOG:
                return f"log of link {self.name}"
            case Kind.ALIAS:
                return f"alias {self.alias} of registered model {self.name}"
            case Kind.DEPLOYMENT:
                return f"deployment {self.deployment} of endpoint {self.name}"
            case Kind.WEBHOOK:
                return f"webhook {self.webhook_id}"
            case Kind.SCHEDULE:
                return f"job schedule {self.name}"
            case Kind.ALERT_RULE:
                return f"alert rule {self.name}"
            case Kind.VIEW:
                return f"saved view {self.view_id}"
            case Kind.RECORD:
                return f"record {self.record_id} of dataset {self.dataset_id}"
            case Kind.INPUT:
                return f"dataset input {self.name} ({self.digest}) of run {self.run_id}"
            case Kind.TRACE:
                return f"trace {self.trace_id}"
        return f"{self.kind} {self.key} of run {self.run_id}"


class Named(Call, frozen=True):
    """The target of a call.  `kind` decides which of the other fields are read."""

    required: ClassVar[tuple[str, ...]] = ("kind",)
    kind: str | None = None
    run_id: str | None = None
    experiment_id: str | None = None
    model_id: str | None = None
    name: str | None = None
    version: str | None = None
    key: str | None = None
    path: str | None = None
    from_step: int | None = None
    to_step: int | None = None
    dataset_id: str | None = None
    job_id: str | None = None
    day: str | None = None
    token_id: int | None = None
    alias: str | None = None
    deployment: str | None = None
    webhook_id: str | None = None
    view_id: str | None = None
    record_id: str | None = None
    trace_id: str | None = None
    digest: str | None = None
    copies: str | None = None


class Delete(Named, frozen=True):
    """A deletion.  `token` comes from a preview: the call is refused if it would now delete more or less.  `confirm` is the
    name that the preview asks for."""

    token: str | None = None
    confirm: str | None = None


class NamedBatch(Call, frozen=True):
    """At most 100 targets."""

    required: ClassVar[tuple[str, ...]] = ("targets",)
    targets: list[Named] | None = None


class DeleteBatch(Call, frozen=True):
    """At most 100 deletions."""

    required: ClassVar[tuple[str, ...]] = ("deletions",)
    deletions: list[Delete] | None = None


class Obstacle(Struct, frozen=True):
    """A reason that prevents the deletion: `held` (a legal hold), `protected`, `registered`, `deployed`, `aliased`, `linked`,
    `running` or `default`."""

    kind: str
    message: str
    reason: Reason | None = None

    def because(self, key: Because, **values: str) -> "Obstacle":
        return structs.replace(self, reason=Reason(key, values))


class Preview(Answer, frozen=True):
    """The preview of a deletion.

    `counts` are by noun; `file_bytes` are in the artifact store, `row_bytes` the metric points in the database.  `kept` names the
    files that stay.  `confirm` is a name that must be typed; absent if none is required."""

    kind: str
    title: str
    token: str
    counts: dict[str, int]
    file_bytes: int
    row_bytes: int
    obstacles: list[Obstacle] = []
    kept: list[str] = []
    confirm: str | None = None


class DeletionResult(Answer, frozen=True):
    """The freed data over all portions.  If `is_done` is false, repeat the call for the next portion."""

    kind: str
    title: str
    is_done: bool
    file_count: int
    file_bytes: int
    row_count: int
    row_bytes: int
    pending: list[str] = []


class Refusal(Struct, frozen=True):
    error_code: str
    message: str


class PreviewOf(Struct, frozen=True):
    """The preview of one target of a batch, or the reason why it has none."""

    preview: Preview | UnsetType = UNSET
    error: Refusal | UnsetType = UNSET


class ResultOf(Struct, frozen=True):
    """The result of one deletion of a batch, or the reason of its refusal."""

    result: DeletionResult | UnsetType = UNSET
    error: Refusal | UnsetType = UNSET


class Previews(Answer, frozen=True):
    """`items` are in the order of the targets.  If there are fewer items than targets, repeat the call with the remaining
    targets."""

    items: list[PreviewOf]


class DeletionResults(Answer, frozen=True):
    """`items` are in the order of the deletions.  If there are fewer items than deletions, repeat the call with the remaining
    ones."""

    items: list[ResultOf]


class Found(Struct, frozen=True, kw_only=True):
    """The stored data of a target, for the planner."""

    name: str  # the name that users see
    counts: dict[str, int]
    row_bytes: int = 0
    roots: tuple[str, ...] = ()  # URIs of files to be deleted
    span_files: int = 0  # files of spans to be deleted, which rows count
    span_file_bytes: int = 0
    is_protected: bool = False
    protected_inside: int = 0
    versions: tuple[str, ...] = ()  # registered versions that use the files
    uses: tuple[str, ...] = ()  # that serve them
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    running: tuple[str, ...] = ()  # jobs
    is_default: bool = False
    holds: tuple[Hold, ...] = ()
    traffic: int = 0  # percent of its endpoint's requests
    kept: tuple[str, ...] = ()


def target_of(call: Named) -> Target:
    """Return the target of a call.  Raise Invalid for an unknown kind, or for a missing or inapplicable field."""
    if call.kind not in Kind.__members__.values():
        raise Invalid(f"kind is {(call.kind or '')[:50]!r}; it must be one of {', '.join(Kind)}")
    kind = Kind(call.kind or "")
    fields = FIELDS[kind]
    known = (*fields, *OPTIONAL.get(kind, ()))
    values = {name: getattr(call, name) for name in Target.__struct_fields__ if name != "kind"}
    missing = [name for name in fields if values[name] in (None, "")]
    if missing:
        raise Invalid(f"{missing[0]} is missing; a {kind} is named by {', '.join(fields)}")
    strange = [name for name, value in values.items() if value not in (None, "") and name not in known]
    if strange:
        raise Invalid(f"{strange[0]} is given; a {kind} is named by {', '.join(known)}")
    given = {name: values[name] for name in known if values[name] not in (None, "")}
    if kind is Kind.STEPS and given["from_step"] > given["to_step"]:
        raise Invalid(f"from_step is {given['from_step']}; it must not exceed to_step, which is {given['to_step']}")
    if len(given.get("key", "")) > MAX_KEY:
        raise Invalid(f"key has {len(given['key'])} characters; a key has at most {MAX_KEY}")
    if kind is Kind.EXPERIMENT:
        given["experiment_id"] = str(check_id(given["experiment_id"]))
    if kind is Kind.VERSION:
        version = given["version"]
        if not (version.isascii() and version.isdigit() and len(version) <= MAX_DIGITS):
            raise Invalid(f"version is {version[:50]!r}; it must be a number")
        given["version"] = str(int(version))
    if kind is Kind.CAPTURE and not is_day(given["day"]):
        raise Invalid(f"day is {given['day'][:50]!r}; it must be a day such as 2026-01-31")
    if given.get("copies", COPIES[0]) not in COPIES:
        raise Invalid(f"copies is {given['copies'][:50]!r}; it must be {' or '.join(COPIES)}")
    if kind is Kind.ARTIFACT:
        given["path"] = keys.from_path(given["path"])
        if not given["path"]:
            raise Invalid("path is the folder of all artifacts; name a file or a folder in it, or delete the run")
    return Target(kind=kind, **given)


def token_of(target: Target, found: Found, file_count: int, file_bytes: int) -> str:
    """Return the token of a preview.  It changes if the deletion would free different data or has different obstacles."""
    said = [
        target.text,
        found.counts,
        found.row_bytes,
        file_count,
        file_bytes,
        [each.kind for each in obstacles(found)],
    ]
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


def held(hold: Hold) -> Obstacle:
    return Obstacle("held", hold.text).because("on-hold", reason=hold.reason)


def obstacles(found: Found) -> list[Obstacle]:
    """Return the obstacles as sentences that tell the user what to do."""
    blocks = []
    if found.is_default:
        blocks.append(
            Obstacle("default", "The default experiment of a workspace cannot be deleted.").because("default")
        )
    blocks += [held(hold) for hold in found.holds]
    if found.is_protected:
        message = f"It is protected. Delete the tag {PROTECTED} first."
        blocks.append(Obstacle("protected", message).because("protected", tag=PROTECTED))
    if found.protected_inside:
        message = f"{found.protected_inside} of its runs or models have the tag {PROTECTED}."
        inside = str(found.protected_inside)
        blocks.append(Obstacle("protected", message).because("protected-inside", count=inside, tag=PROTECTED))
    if found.uses:
        users = _some(found.uses)
        blocks.append(
            Obstacle("deployed", f"In use: {users}. Delete what uses it first.").because("in-use", users=users)
        )
    if found.traffic:
        message = f"It gets {found.traffic} % of the traffic. Give its share to another deployment first."
        blocks.append(Obstacle("deployed", message).because("has-traffic", percent=str(found.traffic)))
    if found.aliases:
        names = _some(found.aliases)
        blocks.append(
            Obstacle("aliased", f"Aliases name it: {names}. Delete them first.").because("aliased", names=names)
        )
    if found.versions:
        names = _some(found.versions)
        message = f"Model versions are made of its files: {names}. Delete them first."
        blocks.append(Obstacle("registered", message).because("has-versions", names=names))
    if found.links:
        names = _some(found.links)
        message = f"A link keeps a copy in step: {names}. Remove the link first; the copy stays."
        blocks.append(Obstacle("linked", message).because("kept-in-step", names=names))
    if found.running:
        names = _some(found.running)
        blocks.append(
            Obstacle("running", f"It has not ended: {names}. Cancel it first.").because("not-ended", names=names)
        )
    return blocks


def confirmation(target: Target, found: Found, file_bytes: int) -> str | None:
    """Return the name that the user must type; None for a small deletion."""
    is_large = found.counts.get("runs", 0) >= LARGE_RUNS or file_bytes + found.row_bytes >= LARGE_BYTES
    return found.name if is_large or target.kind in TYPED else None


PROTECTED = "trackside.protected"
LARGE_RUNS = 10
TYPED = frozenset({Kind.EXPERIMENT, Kind.MODEL, Kind.ENDPOINT, Kind.LINK, Kind.MONITOR})
LARGE_BYTES = 1 << 30
_SHOWN = 10


def is_protecting(value: str | None) -> bool:
    """Return whether a value of the tag `trackside.protected` prevents deletion: every text except `false` and the empty text."""
    return value is not None and value.strip().lower() not in ("", "false")


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
