"""The server's settings: flags, then TRACKSIDE_* variables, then defaults.

This is the only module that reads the environment.  `OPTIONS` is the list of all settings, from which the command line is made.
Every value is checked here, and the message for a wrong one names its source.
"""

import os
import re
import socket
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from trackside.core import locations, places, setting_values
from trackside.core.errors import Invalid
from trackside.core.locations import ArtifactStore, LocationError, PostgresStore, SqliteStore, Store
from trackside.core.options import OPTIONS, PREFIX, REFUSED_FLAGS, REGISTRY_STORE, Option
from trackside.core.prices import Prices
from trackside.core.providers import Providers
from trackside.core.seal import SecretKey
from trackside.core.setting_values import MailServer, Secret

__all__ = ["ArtifactStore", "PostgresStore", "SettingError", "Settings", "SqliteStore", "Store", "load"]

Durability = Literal["full", "relaxed"]
LogLevel = Literal["debug", "info", "warning", "error"]

SERVER_URL = "TRACKSIDE_URL"
SERVER_TOKEN = "TRACKSIDE_TOKEN"  # noqa: S105  # its name, not the token
WORKSPACE = "TRACKSIDE_WORKSPACE"
USER = "TRACKSIDE_USER"
DEFAULT_URL = "http://127.0.0.1:5000"

# The variables that are passed to child processes with code of users: no setting and no credential.
CHILD_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "JAVA_HOME"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
)


class SettingError(ValueError):
    """A setting is wrong; the message is one line with the value, its source and what would be right."""


class Settings(Struct, frozen=True, kw_only=True):
    """Complete and checked settings."""

    host: str
    port: int  # 0: any free one
    child_environment: dict[str, str]
    ray_environment: dict[
        str, str
    ]  # Ray's own variables, such as RAY_AUTH_TOKEN, for the process that drives a cluster
    data: Path
    store: Store
    artifacts: ArtifactStore
    default_artifact_root: str
    allowed_artifact_roots: tuple[str, ...]  # workspaces may have artifact roots of their own below these
    workers: int
    durability: Durability
    ui: Literal["trackside", "mlflow"]
    allow_unauthenticated: bool
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...]  # beyond the server's own and those of localhost
    static_prefix: str  # "" or "/some/prefix"
    log_level: LogLevel
    log_format: Literal["text", "json"]
    otlp_endpoint: str  # empty: no traces
    secret_key: SecretKey | None  # None: the file in the data folder
    allow_private_webhooks: bool
    webhook_schemes: tuple[str, ...]
    webhook_timeout_s: int
    webhook_retries: int
    mail_server: MailServer | None  # None: no mail is sent
    mail_password: Secret | None
    mail_from: str
    mail_domains: tuple[str, ...]  # empty: any
    allowed_remotes: tuple[str, ...]  # hosts, addresses and networks
    model_prices: Prices
    trace_inline_kib: int
    artifact_timeout_s: int
    search_timeout_s: int
    max_links: int
    kubernetes_namespace: str  # empty: no cluster
    kubernetes_config: str
    kubernetes_context: str
    kubernetes_image: str
    kubernetes_server_url: str
    ray_address: str  # empty: no cluster
    ray_python: str
    ray_server_url: str  # empty: the server's own URL on this machine
    model_python: str  # for deployments that need no environment of their own; empty: none
    job_slots: int  # jobs that this server runs at once
    workspace_jobs: int  # jobs that a workspace runs at once
    job_days: int  # 0: without a limit
    job_folders: tuple[Path, ...]
    job_buckets: tuple[str, ...]
    spark_masters: tuple[str, ...]
    project_sources: tuple[str, ...]
    change_log_days: int  # 0: without a limit
    tls: str
    tls_cert: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[str, ...]  # addresses and networks
    admin_username: str
    admin_password: Secret | None  # of the first administrator, if there is no user
    admin_password_file: str
    default_role: tuple[str, ...]  # of every signed-in user
    oidc: Providers  # sign users in, and issue the JWTs of programs
    anonymous_read: bool
    max_token_days: int
    session_days: int
    audit_days: int  # 0: without a limit

    @property
    def is_local(self) -> bool:
        """Return whether only this machine can reach the server."""
        host = self.host.strip("[]").lower()
        return host == "localhost" or re.fullmatch(r"127(\.[0-9]{1,3}){3}|::1", host) is not None

    @property
    def own_places(self) -> list[str]:
        """Return the server's own folders: no workspace's artifact root may overlap with any of them."""
        root = self.default_artifact_root
        return [
            str(self.artifacts),
            str(self.data),
            *([str(self.store.path)] if isinstance(self.store, SqliteStore) else []),
            *([] if root.startswith(("mlflow-artifacts:", "http:", "https:")) else [root]),
        ]

    @property
    def backups(self) -> Path:
        """Return the folder for copies of the store before an upgrade."""
        return self.data / "backups"


_DEFAULT = "the default"
_S3_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT")
_MLFLOWS_S3_ENDPOINT = "MLFLOW_S3_ENDPOINT_URL"
_IN_DATA_FOLDER = (
    "store",
    "store_file",
    "artifacts",
    "secret_key",
    "admin_password",
    "mail_password",
)  # unless they are set


class _Given(Struct, frozen=True):
    text: str
    source: str  # in the user's terms: "--port", "TRACKSIDE_PORT" or "the default"


def load(flags: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings.  `flags` holds each flag as it was typed (`-p` or `--port`) with its value."""
    environ = os.environ if environ is None else environ
    for flag in flags:
        if flag in REFUSED_FLAGS:
            raise SettingError(
                f"{flag} is a flag of MLflow's server that Trackside does not support: {REFUSED_FLAGS[flag]}"
            )
    given = {name: _find(option, flags, environ) for name, option in OPTIONS.items()}
    values = {name: _read(name, each) for name, each in given.items() if each.text or name not in _IN_DATA_FOLDER}
    data: Path = values["data"]
    url = values.pop("store_file", None)
    if url is not None:
        source = given["store_file"].source
        if "store" in values:
            raise SettingError(f"{given['store'].source} and {source} both name a store; set only one of them")
        try:
            values["store"] = locations.store(url)
        except LocationError as fault:
            raise SettingError(f"the store that {source} names cannot be used; {fault}") from None
    values.setdefault("store", SqliteStore(data / "trackside.db"))
    values.setdefault("artifacts", ArtifactStore((data / "artifacts").as_uri(), data / "artifacts"))
    if given["allowed_hosts"].source == _DEFAULT:
        values["allowed_hosts"] += tuple(filter(setting_values.is_name, (values["host"], socket.gethostname())))
    values.setdefault("secret_key", None)
    values.setdefault("admin_password", None)
    values.setdefault("mail_password", None)
    child = {name: environ[name] for name in CHILD_VARIABLES if name in environ}
    rays = {name: value for name, value in environ.items() if name.startswith("RAY_")}
    settings = Settings(**values, child_environment=child, ray_environment=rays)
    _check_together(settings, flags, given["workers"])
    return settings


def server_url(environ: Mapping[str, str] | None = None) -> str:
    """Return the URL of the server that commands call."""
    return _value(SERVER_URL, environ) or DEFAULT_URL


def server_token(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the token that commands send to that server; None if there is none."""
    token = _value(SERVER_TOKEN, environ)
    if token and not re.fullmatch(r"[!-~]+", token):
        raise SettingError(
            f"{SERVER_TOKEN} is not a token; it must be one line of letters, digits and signs, without blanks"
        )
    return token


def mlflow_credentials(environ: Mapping[str, str] | None = None) -> tuple[str | None, str | None, str | None]:
    """Return the user name, password and token that MLflow's clients send."""
    name, password, token = (f"MLFLOW_TRACKING_{word}" for word in ("USERNAME", "PASSWORD", "TOKEN"))
    return _value(name, environ), _value(password, environ), _value(token, environ)


def workspace(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the default workspace of commands."""
    return _value(WORKSPACE, environ)


def variables() -> set[str]:
    """Return all TRACKSIDE_* variables of the server, commands and the client package."""
    return {SERVER_URL, SERVER_TOKEN, WORKSPACE, USER, *(option.variable for option in OPTIONS.values())}


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each TRACKSIDE_* variable that is probably misspelt.  Others are ignored."""
    environ = os.environ if environ is None else environ
    known = variables()
    strange = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if not strange:
        return []
    from difflib import get_close_matches  # noqa: PLC0415  # for mistakes alone

    near = {name: get_close_matches(name, known, n=1, cutoff=0.86) for name in strange}
    return [f"{name} is not a setting; did you mean {guess[0]}?" for name, guess in near.items() if guess]


def complete_endpoint(environ: MutableMapping[str, str] | None = None) -> None:
    """Complete the variables of an S3 server other than Amazon's, which the library for buckets reads itself: it does not know
    MLflow's name of the endpoint variable, and refuses an endpoint without TLS unless a second variable allows it."""
    environ = os.environ if environ is None else environ
    if not any(environ.get(name) for name in _S3_ENDPOINTS) and environ.get(_MLFLOWS_S3_ENDPOINT):
        environ[_S3_ENDPOINTS[0]] = environ[_MLFLOWS_S3_ENDPOINT]
    if any(environ.get(name, "").lower().startswith("http://") for name in _S3_ENDPOINTS):
        environ.setdefault("AWS_ALLOW_HTTP", "true")


def _value(variable: str, environ: Mapping[str, str] | None) -> str | None:
    environ = os.environ if environ is None else environ
    return environ.get(variable, "").strip() or None


def _find(option: Option, flags: Mapping[str, str], environ: Mapping[str, str]) -> _Given:
    typed = [flag for flag in option.flags if flag in flags]
    if typed:
        first = typed[0]
        for other in typed[1:]:
            if flags[other] != flags[first]:
                raise SettingError(
                    f"{first} and {other} are one setting, but their values differ; set only one of them"
                )
        return _Given(flags[first], first)
    text = environ.get(option.variable, "")
    if not text and environ.get(option.mlflows):
        return _Given(environ[option.mlflows], option.mlflows)
    if not text or _is_from_kubernetes(option.variable, text):
        return _Given(option.default, _DEFAULT)
    return _Given(text, option.variable)


def _is_from_kubernetes(variable: str, text: str) -> bool:
    # If a Kubernetes service is named "trackside", every container has TRACKSIDE_PORT=tcp://10.0.0.1:5000.
    return variable == "TRACKSIDE_PORT" and text.startswith(("tcp://", "udp://", "sctp://"))


def _read(name: str, given: _Given) -> Any:
    option = OPTIONS[name]
    try:
        return option.read(given.text)
    except ValueError as fault:
        shown = "not readable" if option.is_secret else repr(locations.redact(given.text))
        raise SettingError(f"{given.source} is {shown}; {fault}") from None


def _check_together(settings: Settings, flags: Mapping[str, str], workers: _Given) -> None:
    if settings.workers > 1 and isinstance(settings.store, SqliteStore):
        raise SettingError(
            f"{workers.source} is {workers.text!r}, but a SQLite store has one writing process; omit it (one process "
            f"serves many clients at once), or use --store postgresql://…"
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingError("--tls-cert and --tls-key need each other: set both or none")
    if settings.tls != "off" and settings.tls_cert is not None:
        raise SettingError(f"--tls is {settings.tls!r} and --tls-cert names a certificate; set only one of them")
    if settings.kubernetes_namespace and not settings.kubernetes_server_url.startswith(("http://", "https://")):
        raise SettingError(
            f"--kubernetes-server-url is {settings.kubernetes_server_url!r}; with --kubernetes-namespace it must be "
            f"the http(s)"
            " address where pods reach this server"
        )
    if settings.ray_server_url and not settings.ray_server_url.startswith(("http://", "https://")):
        raise SettingError(
            f"--ray-server-url is {settings.ray_server_url!r}; it must be the http(s) address where a Ray cluster "
            f"reaches this"
            " server"
        )
    if settings.mail_server is not None and not settings.mail_from:
        raise SettingError("--mail-server needs --mail-from, the sender address of mails")
    _check_job_buckets(settings)
    registry = flags.get(REGISTRY_STORE)
    if registry is not None and _same_store(registry) != settings.store:
        raise SettingError(
            f"{REGISTRY_STORE} is {locations.redact(registry)!r}; models are in the store ({settings.store}), so omit "
            f"it or set both to the same value"
        )


def _check_job_buckets(settings: Settings) -> None:
    """Raise SettingError if the bucket of jobs contains the artifacts of all workspaces: any job could read them."""
    for bucket in settings.job_buckets:
        for kept in (*settings.own_places, *settings.allowed_artifact_roots):
            try:
                is_shared = places.overlap(places.parse(bucket), places.parse(kept))
            except Invalid:  # the server never opens this root
                continue
            if is_shared:
                raise SettingError(
                    f"--job-buckets has {bucket!r}, which is, contains or is inside {kept!r}, the artifact store; "
                    f"name another folder: every job may read and write everything in --job-buckets"
                )


def _same_store(text: str) -> Store | None:
    try:
        return locations.store(text)
    except locations.LocationError:
        return None
