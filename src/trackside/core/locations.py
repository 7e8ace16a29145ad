"""Parses the locations of data: databases, folders and buckets.  It opens nothing and reads no environment."""

import re
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from msgspec import Struct

SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
CLOUD_SCHEMES = ("s3", "gs", "az", "abfss")
_SCHEMES = (*CLOUD_SCHEMES, "http", "https", "file", "sqlite", "postgresql", "postgres", "mysql", "mssql", "databricks")


class LocationError(ValueError):
    """The text is not a valid location; the message says what would be right."""


class SqliteStore(Struct, frozen=True):
    """A database in one local file."""

    path: Path

    dialect: ClassVar[Literal["sqlite"]] = "sqlite"

    def __str__(self) -> str:
        return f"sqlite:///{self.path}"


class PostgresStore(Struct, frozen=True, kw_only=True):
    """A database on a PostgreSQL server; a host that begins with `/` is the folder of a Unix socket."""

    host: str = "localhost"
    port: int = 5432
    user: str
    password: str | None = None
    database: str
    sslmode: str = "prefer"
    sslrootcert: str | None = None

    dialect: ClassVar[Literal["postgresql"]] = "postgresql"

    # `str` and `repr` leave the password out: they appear in logs, error messages and the line printed at the start.
    def __str__(self) -> str:
        if self.host.startswith("/"):
            return f"postgresql://{self.user}@/{self.database}?host={self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.database}"

    def __repr__(self) -> str:
        return f"PostgresStore({self})"


Store = SqliteStore | PostgresStore


class ArtifactStore(Struct, frozen=True):
    """Where the server keeps artifact files: a local folder (`path` is set) or a bucket that `url` names."""

    url: str
    path: Path | None = None

    def __str__(self) -> str:
        return self.url if self.path is None else str(self.path)


def store(text: str) -> Store:
    """Return the database that a URL names, in the forms that MLflow accepts."""
    scheme, separator, rest = text.partition(":")
    scheme = scheme.lower()
    if not separator or scheme == "file":
        raise LocationError(
            "a folder of files (such as mlruns) cannot be the store; write sqlite:///FILE or"
            " postgresql://USER:PASSWORD@HOST/DATABASE, or leave it out for a SQLite file in the data folder"
        )
    backend = scheme.partition("+")[0]  # postgresql+psycopg2: the driver part is ignored
    if backend == "sqlite":
        return _sqlite(rest)
    if backend in ("postgresql", "postgres"):
        return _postgres(text)
    known = repr(backend) if backend in _SCHEMES else "it"
    raise LocationError(f"{known} is not a store that Trackside supports; write sqlite:///FILE or postgresql://…")


def artifacts(text: str) -> ArtifactStore:
    """Return the artifact store that a path, a file:// URL or a bucket's URL names."""
    scheme, separator, _ = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme == "file":
        path = local_path(text)
        return ArtifactStore(path.as_uri(), path)
    if scheme == "wasbs":
        return ArtifactStore(_abfss(text))
    if scheme in CLOUD_SCHEMES:
        if not _split(text).netloc:
            raise LocationError(f"it names no bucket; write {scheme}://BUCKET/FOLDER")
        return ArtifactStore(text.rstrip("/"))
    raise LocationError(f"it must be a folder or one of file://, {', '.join(f'{known}://' for known in CLOUD_SCHEMES)}")


def is_in_bucket(place: str) -> bool:
    """Return whether the text is a URI of a cloud's object store."""
    scheme, separator, _ = place.partition("://")
    return bool(separator) and scheme.lower() in CLOUD_SCHEMES


def artifact_root(text: str) -> str:
    """Return the URI below which new experiments get their folder; clients write to it, so every scheme of MLflow's clients is
    valid."""
    scheme, separator, rest = text.partition(":")
    if not separator:
        return str(local_path(text))
    if scheme.lower() == "file":
        path = local_path(text)
        return text if rest.startswith("///") else path.as_uri()
    if scheme != "mlflow-artifacts" and not rest.startswith("//"):
        raise LocationError("it must be a folder or a URI such as s3://BUCKET/FOLDER")
    return text


def local_path(text: str) -> Path:
    """Return an absolute path for a path or a file:// URL, with `~` expanded."""
    if text[:5].lower() != "file:":
        return _absolute(text)
    parts = _split(text)
    if parts.netloc not in ("", "localhost"):
        host = f" {parts.netloc!r}" if re.fullmatch(r"[A-Za-z0-9.-]+", parts.netloc) else ""
        raise LocationError(f"it names the host{host}; a local folder is file:///FOLDER, with three slashes")
    return _absolute(unquote(parts.path))


# Options of SQLite and libpq: a message for one of these names it.
_DRIVERS_OPTIONS = frozenset(
    "mode cache immutable vfs nolock timeout check_same_thread application_name connect_timeout target_session_attrs sslcert"
    " sslkey options keepalives channel_binding gssencmode port dbname client_encoding hostaddr service passfile".split()
)
_PLAIN = re.compile(r"[^:@?#]*|sqlite:[^:@?#]*|[A-Za-z][A-Za-z0-9+.-]*://[^:@?#/]*(:[0-9]{1,5})?(/[^:@?#]*)?")
_WITH_LOGIN = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*://[^:@?#/]+):[^:@?#/]*@([A-Za-z0-9._\[\]-]+(?::[0-9]{1,5})?/[^:@?#]*)"
)


def redact(text: str) -> str:
    """Return a URL in a form that is safe to print.

    A password is replaced in a well-formed URL.  In a malformed URL the password cannot be located, so only the scheme is
    shown."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text)
    if _PLAIN.fullmatch(text) and not (scheme and scheme[0].startswith("postgres") and text.count(":") > 1):
        return text
    login = _WITH_LOGIN.fullmatch(text)
    if login:
        return f"{login[1]}:***@{login[2]}"
    return f"{scheme[0]}***" if scheme and scheme[0][:-1].partition("+")[0].lower() in _SCHEMES else "***"


def _sqlite(rest: str) -> SqliteStore:
    if not rest.startswith("///"):
        raise LocationError("a SQLite file is sqlite:///RELATIVE/FILE or sqlite:////ABSOLUTE/FILE")
    name, _, options = rest[3:].partition("?")
    if name in ("", ":memory:"):
        raise LocationError("a database in memory would be lost at the end; write sqlite:///FILE")
    if options:
        raise LocationError(f"{_named(options)} not known; a SQLite file takes none")
    path = _absolute(name)
    if path.is_dir():
        raise LocationError(f"{path} is a folder; name a file in it, such as sqlite:///{path}/trackside.db")
    return SqliteStore(path)


def _postgres(text: str) -> PostgresStore:
    parts = _split(text)
    try:
        port = parts.port or 5432
    except ValueError:
        raise LocationError(
            "it is not a valid URL: write the characters : / ? # [ ] @ % of a password as %XX, such as %2F for /"
        ) from None
    options = dict(parse_qsl(parts.query))
    # As in libpq: `?host=/var/run/postgresql` is a Unix socket; user and password may also be options.
    host = options.pop("host", None) or unquote(parts.hostname or "") or "localhost"
    user = unquote(parts.username or "") or options.pop("user", "")
    password = unquote(parts.password) if parts.password is not None else options.pop("password", None)
    database = unquote(parts.path.removeprefix("/"))
    sslmode = options.pop("sslmode", "prefer")
    sslrootcert = options.pop("sslrootcert", None)
    if not user or not database:
        missing = "database" if user else "user"
        raise LocationError(f"it names no {missing}; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    if "," in host or "," in parts.netloc.rpartition("@")[2]:
        raise LocationError("it names several hosts; write the one that accepts writes")
    if sslmode not in SSL_MODES:
        raise LocationError(f"sslmode is {sslmode!r}; it must be one of {', '.join(SSL_MODES)}")
    if sslrootcert is not None and not Path(sslrootcert).is_file():
        raise LocationError(f"sslrootcert names {sslrootcert!r}, which is not a file")
    if options:
        raise LocationError(f"{_named(min(options))} not known; known are host, sslmode and sslrootcert")
    return PostgresStore(
        host=host, port=port, user=user, password=password, database=database, sslmode=sslmode, sslrootcert=sslrootcert
    )


def _named(options: str) -> str:
    """Return the name of an unknown option for a message.  It may be a part of an unescaped password, so only names that drivers
    have are shown."""
    name = options.partition("=")[0]
    return f"the option {name!r} is" if name in _DRIVERS_OPTIONS else "an option in it is"


def _abfss(text: str) -> str:
    # MLflow's name for an Azure container is the older one; both denote the same account and container.
    parts = _split(text)
    container, at, host = parts.netloc.partition("@")
    account, dot, _ = host.partition(".blob.")
    if not (at and dot and container and account):
        raise LocationError("write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER")
    return f"abfss://{container}@{account}.dfs.core.windows.net{parts.path}".rstrip("/")


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise LocationError("it is not a valid URL") from None


def _absolute(text: str) -> Path:
    if not text or "\0" in text:
        raise LocationError("it names no file or folder")
    try:
        return Path(text).expanduser().resolve()
    except (RuntimeError, OSError) as fault:  # `~nobody`, or a cycle of symbolic links
        raise LocationError(f"it cannot be resolved ({fault})") from None
