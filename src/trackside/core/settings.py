"""What the operator chose: flags, then TRACKSIDE_* variables, then defaults.

The only module that reads the environment.  `OPTIONS` is the one list of what can be set; the command line is made from
it.  Every value is checked here, and a wrong one is named together with where it came from.
"""

import os
import re
import socket
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from trackside.core import locations, places
from trackside.core.errors import Invalid
from trackside.core.locations import ArtifactStore, LocationError, PostgresStore, SqliteStore, Store
from trackside.core.outgoing import addresses
from trackside.core.seal import SecretKey

__all__ = ["ArtifactStore", "PostgresStore", "SettingError", "Settings", "SqliteStore", "Store", "load"]

Durability = Literal["full", "relaxed"]
LogLevel = Literal["debug", "info", "warning", "error"]

PREFIX = "TRACKSIDE_"
SERVER_URL = "TRACKSIDE_URL"
SERVER_TOKEN = "TRACKSIDE_TOKEN"  # noqa: S105  # its name, not the token
WORKSPACE = "TRACKSIDE_WORKSPACE"
USER = "TRACKSIDE_USER"
DEFAULT_URL = "http://127.0.0.1:5000"
MAX_WORKERS = 256

# By these no foreign page can call a server: a browser that asks for an address sends just that as the Host.
NEAR_HOSTS = (
    *("localhost", "127.*", "0.0.0.0", "[::1]"),  # noqa: S104  # not what is listened on
    *("10.*", "192.168.*", *(f"172.{second}.*" for second in range(16, 32)), "[fc*:*]", "[fd*:*]"),
)


class Secret:
    """A text that no log shows."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Secret(…)"


# What child processes, which run code of users, may see of the environment: no setting and no credential.
CHILD_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH"),
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"),
)


class SettingError(ValueError):
    """A setting is wrong; the message is one line that names the value, where it came from and what would be right."""


class Settings(Struct, frozen=True, kw_only=True):
    """Checked and complete: nobody needs to look at a value twice."""

    host: str
    port: int  # 0: any free one
    child_environment: dict[str, str]
    data: Path
    store: Store
    artifacts: ArtifactStore
    default_artifact_root: str
    allowed_artifact_roots: tuple[str, ...]  # below which workspaces may have artifact roots of their own
    workers: int
    durability: Durability
    ui: Literal["trackside", "mlflow"]
    allow_unauthenticated: bool
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...]  # beyond the server's own and those of localhost
    static_prefix: str  # "" or "/some/prefix"
    log_level: LogLevel
    secret_key: SecretKey | None  # None: the file in the data folder
    allow_private_webhooks: bool
    webhook_schemes: tuple[str, ...]
    webhook_timeout_s: int
    webhook_retries: int
    allowed_remotes: tuple[str, ...]  # hosts, addresses and networks
    artifact_timeout_s: int
    search_timeout_s: int
    max_links: int
    model_python: str  # for deployments that need no environment of their own; empty: none
    change_log_days: int  # 0: for ever
    tls_cert: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[str, ...]  # addresses and networks
    admin_username: str
    admin_password: Secret | None  # of the first administrator, while there is no user
    admin_password_file: str
    default_role: tuple[str, ...]  # of everybody who signed in
    anonymous_read: bool
    max_token_days: int
    session_days: int
    audit_days: int  # 0: for ever

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        host = self.host.strip("[]").lower()
        return host == "localhost" or re.fullmatch(r"127(\.[0-9]{1,3}){3}|::1", host) is not None

    @property
    def own_places(self) -> list[str]:
        """What the server keeps for itself: no workspace's artifact root may overlap with any of it."""
        root = self.default_artifact_root
        return [
            str(self.artifacts),
            str(self.data),
            *([str(self.store.path)] if isinstance(self.store, SqliteStore) else []),
            *([] if root.startswith(("mlflow-artifacts:", "http:", "https:")) else [root]),
        ]

    @property
    def backups(self) -> Path:
        """The folder for what the store was before an upgrade."""
        return self.data / "backups"


class Option(Struct, frozen=True, kw_only=True):
    """One setting: its flags (the first is its name), its default as text, how it is read, and its words in `-h`."""

    flags: tuple[str, ...]
    default: str
    read: Callable[[str], Any]
    help: str
    metavar: str = ""
    is_switch: bool = False
    is_secret: bool = False  # not to be typed where others see it: a variable only
    mlflows: str = ""  # MLflow's variable for the same

    @property
    def variable(self) -> str:
        return PREFIX + self.flags[0].strip("-").replace("-", "_").upper()


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError("it must be a number from 0 to 65535, where 0 takes a free port")
    return int(text)


def _workers(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_WORKERS:
        raise ValueError(f"it must be a number from 1 to {MAX_WORKERS}")
    return int(text)


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"it must be a number from {least} to {most}")
        return int(text)

    return read


def _schemes(text: str) -> tuple[str, ...]:
    schemes = tuple(word.lower() for word in _words(text))
    if not schemes or not {"http", "https"}.issuperset(schemes):
        raise ValueError("it must be https, http or both with a comma between")
    return schemes


def _file(text: str) -> Path | None:
    if not text:
        return None
    path = locations.local_path(text)
    try:
        path.open("rb").close()
    except OSError as fault:
        raise ValueError(f"the file cannot be read ({fault.strerror})") from None
    return path


def _networks(text: str) -> tuple[str, ...]:
    words = _words(text)
    for word in words:
        try:
            ip_network(word)
        except ValueError:
            raise ValueError(
                f"{word!r} in it must be an address such as 10.0.0.1, or a network such as 10.0.0.0/8"
            ) from None
    return words


def _text(text: str) -> str:
    return text.strip()


def _default_role(text: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in _words(text))
    if words == ("none",):
        return ()
    if not words or not {"reader", "creator"}.issuperset(words):
        raise ValueError("it must be none, reader, creator or reader,creator")
    return words


def _remotes(text: str) -> tuple[str, ...]:
    words = _words(text)
    addresses.listed(words)
    return words


def _switch(text: str) -> bool:
    match text.strip().lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off" | "":
            return False
    raise ValueError("it must be true or false")


def _host(text: str) -> str:
    name = text.removeprefix("[").removesuffix("]") if text.startswith("[") else text
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?", name):
        raise ValueError("it must be an address or a host name, without scheme and port")
    return name


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"it must be {', '.join(words[:-1])} or {words[-1]}")
        return text.lower()

    return read


def _static_prefix(text: str) -> str:
    if text in ("", "/"):
        return ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text) or re.search(r"/\.\.?(/|$)", text):
        raise ValueError("it must be a path such as /mlflow: a slash first, none at the end, letters and digits")
    return text


def _allowed_hosts(text: str) -> tuple[str, ...]:
    hosts = _words(text)
    for host in hosts:
        if not re.fullmatch(r"[A-Za-z0-9._*-]+(:[0-9*]+)?|\[?[0-9A-Fa-f:.*]+\]?(:[0-9]+)?", host):
            raise ValueError(
                f"{host!r} in it must be a host name or an address (* for any part), without scheme and path"
            )
    return hosts


def _cors_origins(text: str) -> tuple[str, ...]:
    origins = _words(text)
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._:*\[\]-]+", origin):
            raise ValueError(
                f"{origin!r} in it must be an origin such as https://app.example.com, without path and last slash"
            )
    return origins


def _is_name(host: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._-]*[A-Za-z][A-Za-z0-9._-]*", host) is not None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _artifact_roots(text: str) -> tuple[str, ...]:
    roots = tuple(str(locations.artifacts(word)) for word in _words(text))
    for root in roots:
        try:
            places.parse(root)
        except Invalid:
            raise ValueError(
                "each must be a folder or a bucket such as s3://BUCKET/FOLDER, without query and fragment"
            ) from None
    return roots


def _first_line(text: str) -> str:
    try:
        lines = locations.local_path(text).read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"it cannot be read ({getattr(fault, 'strerror', None) or 'it is no text'})") from None
    if not lines[0].strip() or any(map(str.strip, lines[1:])):
        raise ValueError(
            "it must hold the URL of a store in one line, such as postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    return lines[0].strip()


def _folder(text: str) -> Path:
    path = locations.local_path(text)
    if path.exists() and not path.is_dir():
        raise ValueError("it is a file; it must be a folder, which is made if it is missing")
    return path


OPTIONS: dict[str, Option] = {
    "host": Option(
        flags=("--host",),
        default="127.0.0.1",
        read=_host,
        metavar="ADDRESS",
        help="address to listen on; beyond loopback needs an administrator, or --allow-unauthenticated",
    ),
    "port": Option(
        flags=("--port", "-p"), default="5000", read=_port, metavar="PORT", help="port to listen on; 0 takes a free one"
    ),
    "data": Option(
        flags=("--data",),
        default="./trackside-data",
        read=_folder,
        metavar="DIR",
        help="folder of the server's own files; made if it is missing",
    ),
    "store": Option(
        flags=("--store", "--backend-store-uri"),
        default="",
        read=locations.store,
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE; left out: trackside.db in the data folder",
    ),
    "store_file": Option(
        flags=("--store-file",),
        default="",
        read=_first_line,
        metavar="FILE",
        help="file that holds the URL of --store in one line: so no list of processes shows its password",
    ),
    "artifacts": Option(
        flags=("--artifacts", "--artifacts-destination"),
        default="",
        read=locations.artifacts,
        metavar="URL",
        help="where artifacts are kept: a folder, s3://, gs:// or abfss://; left out: a folder in the data folder",
    ),
    "default_artifact_root": Option(
        flags=("--default-artifact-root",),
        default="mlflow-artifacts:/",
        read=locations.artifact_root,
        metavar="URI",
        help="root that new experiments hand to clients; as it stands, clients send artifacts through the server",
    ),
    "allowed_artifact_roots": Option(
        flags=("--allowed-artifact-roots",),
        default="",
        read=_artifact_roots,
        metavar="PLACES",
        help="folders and buckets, with commas between, below which workspaces may have artifact roots of their own; "
        "left out: none",
    ),
    "workers": Option(
        flags=("--workers", "-w"),
        default="1",
        read=_workers,
        metavar="N",
        help="processes that serve; more than one needs PostgreSQL",
    ),
    "ui": Option(
        flags=("--ui",),
        default="trackside",
        read=_one_of("trackside", "mlflow"),
        metavar="trackside|mlflow",
        help="which web UI is served: Trackside's, or that of the mlflow that is installed beside it",
    ),
    "durability": Option(
        flags=("--durability",),
        default="full",
        read=_one_of("full", "relaxed"),
        metavar="full|relaxed",
        help="full: an answered write survives a power cut; relaxed: a power cut may take the last second",
    ),
    "allow_unauthenticated": Option(
        flags=("--allow-unauthenticated",),
        default="false",
        read=_switch,
        is_switch=True,
        help="listen beyond loopback although there are no users, and everyone who reaches the port may read and write",
    ),
    "allowed_hosts": Option(
        flags=("--allowed-hosts",),
        default=",".join(NEAR_HOSTS),
        read=_allowed_hosts,
        metavar="HOSTS",
        help="names that clients may call the server by, with commas between, * for any part; "
        "left out: localhost, private addresses and this machine's name",
    ),
    "cors_origins": Option(
        flags=("--cors-allowed-origins",),
        default="",
        read=_cors_origins,
        metavar="ORIGINS",
        help="web origins, with commas between, whose pages may write besides the server's own and localhost's",
    ),
    "static_prefix": Option(
        flags=("--static-prefix",),
        default="",
        read=_static_prefix,
        metavar="PATH",
        help="path that everything is served below",
    ),
    "log_level": Option(
        flags=("--log-level",),
        default="warning",
        read=_one_of("debug", "info", "warning", "error"),
        metavar="LEVEL",
        help="debug, info, warning or error",
    ),
    "secret_key": Option(
        flags=("--secret-key",),
        default="",
        read=SecretKey,
        is_secret=True,
        mlflows="MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
        help="32 random characters or more that secrets are sealed with; left out: the file secret.key in the data folder",
    ),
    "allow_private_webhooks": Option(
        flags=("--allow-private-webhooks",),
        default="false",
        read=_switch,
        is_switch=True,
        mlflows="MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
        help="let webhooks call private and loopback addresses; those of cloud metadata stay closed",
    ),
    "webhook_schemes": Option(
        flags=("--webhook-schemes",),
        default="https",
        read=_schemes,
        metavar="SCHEMES",
        mlflows="MLFLOW_WEBHOOK_ALLOWED_SCHEMES",
        help="what a webhook's URL may begin with: https, http or both",
    ),
    "webhook_timeout_s": Option(
        flags=("--webhook-timeout",),
        default="10",
        read=_number(1, 300),
        metavar="SECONDS",
        mlflows="MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
        help="how long a webhook's receiver may take to answer",
    ),
    "webhook_retries": Option(
        flags=("--webhook-retries",),
        default="12",
        read=_number(0, 50),
        metavar="N",
        mlflows="MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
        help="how often a delivery that failed is tried again, after longer and longer pauses; 12 take about an hour",
    ),
    "allowed_remotes": Option(
        flags=("--allowed-remotes",),
        default="",
        read=_remotes,
        metavar="HOSTS",
        help="hosts, addresses and networks, with commas between, that links, imports and webhooks may call although they"
        " are not public; a server on loopback may call all but those of cloud metadata",
    ),
    "artifact_timeout_s": Option(
        flags=("--artifact-timeout",),
        default="60",
        read=_number(1, 3600),
        metavar="SECONDS",
        help="how long one call of an artifact store may take; folders and checksums may take ten times as long",
    ),
    "search_timeout_s": Option(
        flags=("--search-timeout",),
        default="30",
        read=_number(1, 3600),
        metavar="SECONDS",
        help="how long a read of the store, such as a search, may take until it is interrupted",
    ),
    "max_links": Option(
        flags=("--max-links",),
        default="100",
        read=_number(0, 10_000),
        metavar="N",
        help="how many links the server keeps in all workspaces together; each has a thread",
    ),
    "model_python": Option(
        flags=("--model-python",),
        default="",
        read=str,
        metavar="PROGRAM",
        help="a Python with mlflow, httptools and what models need, for deployments with env local (default: none)",
    ),
    "change_log_days": Option(
        flags=("--change-log-days",),
        default="365",
        read=_number(0, 36500),
        metavar="DAYS",
        help="how long the log of changes (who did what, when) is kept; 0 for ever",
    ),
    "tls_cert": Option(
        flags=("--tls-cert",),
        default="",
        read=_file,
        metavar="FILE",
        help="serve HTTPS with this certificate (PEM, with its chain); needs --tls-key",
    ),
    "tls_key": Option(
        flags=("--tls-key",), default="", read=_file, metavar="FILE", help="the certificate's private key (PEM)"
    ),
    "trusted_proxies": Option(
        flags=("--trusted-proxies",),
        default="",
        read=_networks,
        metavar="ADDRESSES",
        help="addresses or networks, with commas between, of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed",
    ),
    "admin_username": Option(
        flags=("--admin-username",),
        default="admin",
        read=_text,
        metavar="NAME",
        help="the administrator that is made at a start without any user, if a password is given for one",
    ),
    "admin_password": Option(
        flags=("--admin-password",),
        default="",
        read=Secret,
        is_secret=True,
        help="the password of that administrator",
    ),
    "admin_password_file": Option(
        flags=("--admin-password-file",),
        default="",
        read=_text,
        metavar="FILE",
        help="a file with that password in its first line",
    ),
    "default_role": Option(
        flags=("--default-role",),
        default="reader",
        read=_default_role,
        metavar="none|reader|creator|reader,creator",
        help="what everybody who signed in may do everywhere: read, create experiments and models and manage their own, both,"
        " or nothing",
    ),
    "anonymous_read": Option(
        flags=("--anonymous-read",),
        default="false",
        read=_switch,
        is_switch=True,
        help="let everyone who reaches the port read without a sign-in, although there are users",
    ),
    "max_token_days": Option(
        flags=("--max-token-days",),
        default="365",
        read=_number(1, 3650),
        metavar="DAYS",
        help="how long a token may live; one that names no expiry lives 90 days at most",
    ),
    "session_days": Option(
        flags=("--session-days",),
        default="30",
        read=_number(1, 365),
        metavar="DAYS",
        help="how long a browser stays signed in; a quarter of it without a visit ends the session too",
    ),
    "audit_days": Option(
        flags=("--audit-days",),
        default="0",
        read=_number(0, 36500),
        metavar="DAYS",
        help="how long the audit log is kept; 0 for ever",
    ),
}

# MLflow's flags that state what is always so here, or that must agree with another one.
REGISTRY_STORE = "--registry-store-uri"
SERVE_ARTIFACTS = "--serve-artifacts"

# MLflow's other flags, and what to do instead.
REFUSED_FLAGS: dict[str, str] = {
    "--no-serve-artifacts": "Trackside always serves artifacts; clients that shall write to storage by themselves need "
    "--default-artifact-root with the URI of that storage",
    "--artifacts-only": "Trackside serves tracking and artifacts together; leave it out",
    "--read-replica-backend-store-uri": "Trackside reads from its one store; give that with --store",
    "--workspace-store-uri": "workspaces are kept in the store; give that with --store",
    "--enable-workspaces": "workspaces are always on; leave it out",
    "--disable-workspaces": "workspaces are always on, and whoever names none works in the default one; leave it out",
    "--disable-security-middleware": "the checks stay on; widen them with --allowed-hosts and --cors-allowed-origins",
    "--x-frame-options": "Trackside has no such setting; leave it out",
    "--gunicorn-opts": "Trackside has its own server process; use --workers, --log-level",
    "--waitress-opts": "Trackside has its own server process; use --workers, --log-level",
    "--uvicorn-opts": "Trackside starts its server process by itself; use --workers, --log-level",
    "--dev": "Trackside has no development mode; --log-level debug shows more",
    "--expose-prometheus": "Trackside has no such setting; leave it out",
    "--app-name": "Trackside has no authentication plug-ins; leave it out",
    "--trace-archival-config": "Trackside does not keep traces; leave it out",
    "--secrets-cache-ttl": "Trackside keeps no gateway secrets; leave it out",
    "--secrets-cache-max-size": "Trackside keeps no gateway secrets; leave it out",
}


_DEFAULT = "the default"
_IN_DATA_FOLDER = ("store", "store_file", "artifacts", "secret_key", "admin_password")  # unless they are set


class _Given(Struct, frozen=True):
    text: str
    source: str  # as the user knows it: "--port", "TRACKSIDE_PORT" or "the default"


def load(flags: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of one start.  `flags` holds each flag as it was typed (`-p` or `--port`) with its value."""
    environ = os.environ if environ is None else environ
    for flag in flags:
        if flag in REFUSED_FLAGS:
            raise SettingError(f"{flag} is a flag of MLflow's server that Trackside has not: {REFUSED_FLAGS[flag]}")
    given = {name: _find(option, flags, environ) for name, option in OPTIONS.items()}
    values = {name: _read(name, each) for name, each in given.items() if each.text or name not in _IN_DATA_FOLDER}
    data: Path = values["data"]
    url = values.pop("store_file", None)
    if url is not None:
        source = given["store_file"].source
        if "store" in values:
            raise SettingError(f"{given['store'].source} and {source} both name a store; give one of them")
        try:
            values["store"] = locations.store(url)
        except LocationError as fault:
            raise SettingError(f"the store that {source} names cannot be used; {fault}") from None
    values.setdefault("store", SqliteStore(data / "trackside.db"))
    values.setdefault("artifacts", ArtifactStore((data / "artifacts").as_uri(), data / "artifacts"))
    if given["allowed_hosts"].source == _DEFAULT:
        values["allowed_hosts"] += tuple(filter(_is_name, (values["host"], socket.gethostname())))
    values.setdefault("secret_key", None)
    values.setdefault("admin_password", None)
    child = {name: environ[name] for name in CHILD_VARIABLES if name in environ}
    settings = Settings(**values, child_environment=child)
    _check_together(settings, flags, given["workers"])
    return settings


def server_url(environ: Mapping[str, str] | None = None) -> str:
    """The server that commands talk to."""
    return _value(SERVER_URL, environ) or DEFAULT_URL


def server_token(environ: Mapping[str, str] | None = None) -> str | None:
    """What commands show to that server."""
    token = _value(SERVER_TOKEN, environ)
    if token and not re.fullmatch(r"[!-~]+", token):
        raise SettingError(f"{SERVER_TOKEN} is no token: that is one line of letters, digits and signs, without blanks")
    return token


def mlflow_credentials(environ: Mapping[str, str] | None = None) -> tuple[str | None, str | None, str | None]:
    """User name, password and token that MLflow's clients send."""
    name, password, token = (f"MLFLOW_TRACKING_{word}" for word in ("USERNAME", "PASSWORD", "TOKEN"))
    return _value(name, environ), _value(password, environ), _value(token, environ)


def workspace(environ: Mapping[str, str] | None = None) -> str | None:
    """The workspace that is meant where none is named."""
    return _value(WORKSPACE, environ)


def variables() -> set[str]:
    """Every TRACKSIDE_* variable that means something: to the server, to commands, or to the client package."""
    return {SERVER_URL, SERVER_TOKEN, WORKSPACE, USER, *(option.variable for option in OPTIONS.values())}


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """One line for each TRACKSIDE_* variable that is probably misspelt.  Others are left alone."""
    environ = os.environ if environ is None else environ
    known = variables()
    strange = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if not strange:
        return []
    near = {name: get_close_matches(name, known, n=1, cutoff=0.86) for name in strange}
    return [f"{name} is no setting; did you mean {guess[0]}?" for name, guess in near.items() if guess]


def _value(variable: str, environ: Mapping[str, str] | None) -> str | None:
    environ = os.environ if environ is None else environ
    return environ.get(variable, "").strip() or None


def _find(option: Option, flags: Mapping[str, str], environ: Mapping[str, str]) -> _Given:
    typed = [flag for flag in option.flags if flag in flags]
    if typed:
        first = typed[0]
        for other in typed[1:]:
            if flags[other] != flags[first]:
                raise SettingError(f"{first} and {other} are one setting, but their values differ; give one of them")
        return _Given(flags[first], first)
    text = environ.get(option.variable)
    if text is None and environ.get(option.mlflows):
        return _Given(environ[option.mlflows], option.mlflows)
    if text is None or _is_from_kubernetes(option.variable, text):
        return _Given(option.default, _DEFAULT)
    return _Given(text, option.variable)


def _is_from_kubernetes(variable: str, text: str) -> bool:
    # Beside a service named "trackside", Kubernetes gives every container TRACKSIDE_PORT=tcp://10.0.0.1:5000.
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
            f"{workers.source} is {workers.text!r}, but a SQLite store has one writing process; leave it out"
            " (one process serves many clients at once), or give --store postgresql://…"
        )
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingError("--tls-cert and --tls-key go together: give both, or none")
    registry = flags.get(REGISTRY_STORE)
    if registry is not None and _same_store(registry) != settings.store:
        raise SettingError(
            f"{REGISTRY_STORE} is {locations.redact(registry)!r}; models are kept in the store"
            f" ({settings.store}), so leave it out or make both the same"
        )


def _same_store(text: str) -> Store | None:
    try:
        return locations.store(text)
    except locations.LocationError:
        return None
