"""Endpoints, deployments and replicas: their structs, and the checks of calls."""

import re
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from trackside.core import names
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call

NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?")  # Azure's rule for online endpoints
KEY = re.compile(r"[\x21-\x7e]{16,256}")
MAX_REPLICAS = 64
MAX_PAGE = 1000  # of a list of endpoints
MAX_TOLD = 200  # characters of a wrong value in a message
MAX_DESCRIPTION = 5000


class AuthMode(StrEnum):
    """The authentication of callers of the scoring URI."""

    KEY = "key"
    NONE = "none"


class State(StrEnum):
    """The states of Azure's web services."""

    TRANSITIONING = "Transitioning"
    HEALTHY = "Healthy"
    UNHEALTHY = "Unhealthy"
    UNSCHEDULABLE = "Unschedulable"
    FAILED = "Failed"


class ReplicaState(StrEnum):
    """`pending`: no node has been assigned yet."""

    PENDING = "pending"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


class Spec(Struct, frozen=True, kw_only=True):
    """The options of a deployment.

    `backend` is `process` (child processes of the server), `ray` (the cluster of --ray-address) or `kubernetes`.  `env` is `uv`
    (an environment is built from the model's requirements), `local` (the Python of --model-python) or `auto` (`uv` if it is
    installed, else `local`; on clusters `uv`).  `replicas` is the number of processes; up to `max_replicas`, more are added while
    the utilization, busy replicas over all, is above `target_utilization` percent."""

    replicas: int = 1
    max_replicas: int = 0  # 0: as many as `replicas`
    target_utilization: int = 70  # percent
    backend: str = "process"
    env: str = "auto"
    threads: int = 1
    batching: str = "auto"
    max_rows: int = 4096
    max_queue: int = 512
    request_timeout_s: float = 60.0
    max_body_mb: int = 16
    memory_mb: int = 0  # 0: no limit

    @property
    def most(self) -> int:
        return max(self.replicas, self.max_replicas)


class Model(Struct, frozen=True, kw_only=True):
    """The location of a deployment's model.  `name` and `version` are empty for a model that is not registered."""

    uri: str  # as the caller wrote it
    files_uri: str
    name: str = ""
    version: str = ""


class Endpoint(Struct, frozen=True, kw_only=True):
    endpoint_seq: int
    name: str
    auth_mode: AuthMode
    description: str
    created_by: str
    created_at: int
    updated_at: int
    tags: dict[str, str]
    properties: dict[str, str]


class Deployment(Struct, frozen=True, kw_only=True):
    deployment_seq: int
    workspace_id: int
    endpoint_seq: int
    endpoint: str
    name: str
    traffic: int
    mirror: int
    model: Model
    spec: Spec
    generation: int
    state: State
    reason: str
    created_at: int
    updated_at: int


class Replica(Struct, frozen=True, kw_only=True):
    replica_id: str
    workspace_id: int
    deployment_seq: int
    generation: int
    holder: str
    address: str
    pid: int | None
    state: ReplicaState
    reason: str
    started_at: int


class ShownReplica(Answer, frozen=True):
    id: str
    state: str
    started_at: int
    reason: str | UnsetType = UNSET


class ShownDeployment(Answer, frozen=True):
    name: str
    model_uri: str
    traffic: int
    mirror: int
    state: str
    reason: str
    spec: Spec
    generation: int
    created_at: int
    updated_at: int
    replicas: list[ShownReplica]
    model_name: str | UnsetType = UNSET
    model_version: str | UnsetType = UNSET


class ShownEndpoint(Answer, frozen=True):
    name: str
    auth_mode: str
    description: str
    created_by: str
    created_at: int
    updated_at: int
    tags: dict[str, str]
    properties: dict[str, str]
    state: str
    scoring_path: str
    openapi_path: str
    deployments: list[ShownDeployment]


class GotEndpoint(Answer, frozen=True):
    endpoint: ShownEndpoint


class ListEndpoints(Call, frozen=True):
    """A page has at most `max_results` endpoints and begins after `page_token`, which is from the previous page; without both,
    the answer has all endpoints."""

    max_results: int | None = None
    page_token: str | None = None


class Endpoints(Answer, frozen=True):
    """Endpoints by name.  `next_page_token` is set if more follow."""

    endpoints: list[ShownEndpoint]
    next_page_token: str | UnsetType = UNSET


class GotKeys(Answer, frozen=True):
    primary: str
    secondary: str


class Log(Answer, frozen=True):
    lines: list[str]


class EndpointCall(Call, frozen=True):
    name: str | None = None


class CreateEndpoint(Call, frozen=True):
    """`model_uri` and the fields after it describe a first deployment, which gets all of the traffic.

    `properties` are immutable; `tags` can be changed."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    name: str | None = None
    auth_mode: str | None = None
    description: str | None = None
    tags: dict[str, str] | None = None
    properties: dict[str, str] | None = None
    model_uri: str | None = None
    deployment: str | None = None
    spec: dict[str, Any] | None = None


class UpdateEndpoint(Call, frozen=True):
    name: str | None = None
    description: str | None = None
    auth_mode: str | None = None
    tags: dict[str, str] | None = None
    traffic: dict[str, int] | None = None
    mirror_traffic: dict[str, int] | None = None


class PutDeployment(Call, frozen=True):
    """A deployment to create, or the values to change."""

    name: str | None = None
    deployment: str | None = None
    model_uri: str | None = None
    spec: dict[str, Any] | None = None


class DeploymentCall(Call, frozen=True):
    name: str | None = None
    deployment: str | None = None


class LogCall(Call, frozen=True):
    name: str | None = None
    deployment: str | None = None
    lines: int | None = None


class RegenerateKey(Call, frozen=True):
    """`value` is the new key; without it the server creates one."""

    name: str | None = None
    key: str | None = None
    value: str | None = None


def check_page(max_results: str | None, page_token: str | None) -> tuple[int, str]:
    """Return the size of a page of endpoints, and the name after which it begins."""
    if max_results is None:
        most = MAX_PAGE
    elif not max_results.isascii() or not max_results.isdigit() or not 1 <= int(max_results[:9]) <= MAX_PAGE:
        raise Invalid(f"max_results is {max_results[:20]!r}; it must be a number from 1 to {MAX_PAGE}.")
    else:
        most = int(max_results)
    if page_token and NAME.fullmatch(page_token) is None:
        raise Invalid(f"page_token is {page_token[:100]!r}; it must be the next_page_token of the previous page.")
    return most, page_token or ""


def check_name(given: str | None, what: str = "name") -> str:
    if not given or NAME.fullmatch(given) is None:
        raise Invalid(
            f"{what} is {given!r}; it must have 1 to 32 letters, digits and hyphens, begin with a letter, and not end with a"
            " hyphen."
        ).because("bad-name", kind="endpoint", name=given or "")
    return given


def check_auth_mode(given: str | None) -> AuthMode:
    if given is None:
        return AuthMode.KEY
    try:
        return AuthMode(given)
    except ValueError:
        raise Invalid(f"auth_mode is {given!r}; it must be one of {', '.join(AuthMode)}.") from None


def check_description(given: str | None) -> str:
    if given and len(given) > MAX_DESCRIPTION:
        raise Invalid(f"description has {len(given)} characters; it may have {MAX_DESCRIPTION}.")
    return given or ""


def check_notes(given: dict[str, str] | None, what: str) -> dict[str, str]:
    """Return tags or properties.  Raise Invalid if there are too many, or one is too long."""
    found = given or {}
    names.check_count(found, what)
    for key, value in found.items():
        names.check_key(key, what)
        if not isinstance(value, str):
            raise Invalid(f"{what} has {value!r} for {key!r}; it must be text.")
        names.check_length(key, f"the name in {what}", names.MAX_KEY)
        names.check_length(value, what, MAX_DESCRIPTION)
    return found


def check_key(given: str) -> str:
    """Return a key that a caller provides.  Raise Invalid if it is too short, or not valid in an HTTP header."""
    if KEY.fullmatch(given) is None:
        raise Invalid(
            f"value has {len(given)} characters; a key must have 16 to 256 visible ASCII characters, and no spaces."
        )
    return given


_RANGES = {
    "replicas": (0, MAX_REPLICAS),
    "max_replicas": (0, MAX_REPLICAS),
    "target_utilization": (1, 100),
    "threads": (1, 64),
    "max_rows": (1, 100_000),
    "max_queue": (1, 100_000),
    "max_body_mb": (1, 1024),
    "memory_mb": (0, 1 << 20),
}
_CHOICES = {
    "backend": ("process", "ray", "kubernetes"),
    "env": ("auto", "uv", "local"),
    "batching": ("auto", "on", "off"),
}


def check_spec(given: dict[str, Any] | None, base: Spec) -> Spec:
    """Return `base` with the given fields.  Raise Invalid, with the field, its value and what would be right."""
    values: dict[str, Any] = {name: getattr(base, name) for name in Spec.__struct_fields__}
    for name, value in (given or {}).items():
        if name not in values:
            raise Invalid(f"spec has the unknown field {_told(name)}; it may have {', '.join(values)}.")
        values[name] = _check_field(name, value)
    return Spec(**values)


def _check_field(name: str, value: Any) -> Any:
    if name in _RANGES:
        least, most = _RANGES[name]
        if type(value) is not int or not least <= value <= most:
            raise Invalid(f"spec.{name} is {_told(value)}; it must be a whole number from {least} to {most}.")
        return value
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise Invalid(f"spec.{name} is {_told(value)}; it must be one of {', '.join(_CHOICES[name])}.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 3600:
        raise Invalid(f"spec.request_timeout_s is {_told(value)}; it must be a number from above 0 to 3600.")
    return float(value)


def _told(value: Any) -> str:
    """Return a value for a message: it may be as large as a body."""
    text = repr(value)
    return text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD]}…"


def check_traffic(given: dict[str, int], deployments: list[str]) -> dict[str, int]:
    """Return the share of each deployment in percent.  The shares sum to 100, or are all 0."""
    unknown = sorted(set(given) - set(deployments))
    if unknown:
        raise Invalid(
            f"traffic names {unknown[0]!r}, which is not a deployment; the deployments are: {', '.join(deployments) or 'none'}."
        )
    for name, share in given.items():
        if type(share) is not int or not 0 <= share <= 100:
            raise Invalid(f"traffic of {name!r} is {share!r}; it must be a whole number from 0 to 100.")
    total = sum(given.values())
    if total not in (0, 100):
        raise Invalid(f"traffic sums to {total}; it must sum to 100, or be 0 for every deployment.")
    return {name: given.get(name, 0) for name in deployments}


def check_mirror(given: dict[str, int], traffic: dict[str, int]) -> dict[str, int]:
    """Return the mirrored share of each deployment: of one deployment without live traffic, at most 50 %."""
    if len([name for name, share in given.items() if share]) > 1:
        raise Invalid("mirror_traffic names several deployments; one deployment can get mirrored requests.")
    for name, share in given.items():
        if name not in traffic:
            raise Invalid(
                f"mirror_traffic names {name!r}, which is not a deployment; the deployments are: {', '.join(traffic) or 'none'}."
            )
        if type(share) is not int or not 0 <= share <= 50:
            raise Invalid(f"mirror_traffic of {name!r} is {share!r}; it must be a whole number from 0 to 50.")
        if share and traffic[name]:
            raise Invalid(
                f"{name!r} has {traffic[name]} % of the traffic; a deployment gets live or mirrored requests, not both."
            )
    return {name: given.get(name, 0) for name in traffic}
