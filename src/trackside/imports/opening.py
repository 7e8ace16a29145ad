"""Opens the source that a user names."""

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from trackside.core import locations
from trackside.core.http_client.credentials import Secret
from trackside.core.locations import LocationError, SqliteStore
from trackside.core.outgoing.guard import ANYWHERE, Guard
from trackside.core.uris import http_parts
from trackside.imports.patience import PatientHttp
from trackside.imports.places import Finder
from trackside.imports.source import Source, SourceError

WRITE = (
    "write the URL of an MLflow server, sqlite:///FILE, postgresql://USER:PASSWORD@HOST/DATABASE, or a folder mlruns"
)


class Options(Struct, frozen=True, kw_only=True):
    """`artifacts` are folders and buckets below which files of the source may be read, or the URL of a server; the first one is
    the base of `mlflow-artifacts:/`.  `workspace` is a workspace of the source, as in MLflow 3.10 and later."""

    artifacts: Sequence[str] = ()
    workspace: str | None = None
    secret: Secret = Secret()
    guard: Guard = ANYWHERE  # of the servers that are called


def open_source(text: str, options: Options) -> Source:
    """Return the source.  Raise SourceError, or `RemoteUnavailable` if a server does not answer."""
    scheme = _scheme(text)
    if scheme in ("http", "https"):
        return _server(text, options)
    if scheme.partition("+")[0] in ("sqlite", "postgresql", "postgres"):
        return _database(text, options)
    if scheme == "databricks":
        raise SourceError(
            "a Databricks workspace cannot be imported; link it: trackside link add NAME --mode pull --to …"
        )
    if scheme not in ("", "file"):
        raise SourceError(
            f"{scheme}:// is not a supported source; {WRITE}. A MySQL database is read through its server"
        )
    return _folder(text, options)


def _scheme(text: str) -> str:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    return found[1].lower() if found else ""


def _server(url: str, options: Options) -> Source:
    from trackside.imports.sources.server import ServerSource  # noqa: PLC0415  # one kind of source an import

    parts = http_parts(url)
    if parts is None or parts.query or parts.fragment:
        raise SourceError(f"{locations.redact(url)} is not the address of a server; write http(s)://HOST[:PORT]")
    secret = options.secret
    if parts.username or parts.password:
        secret = Secret(username=parts.username or "", password=parts.password or "")
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    headers = {"x-mlflow-workspace": options.workspace} if options.workspace else {}
    http = PatientHttp(address, secret, headers=headers, guard=options.guard)
    proxy = None if options.artifacts else http
    return ServerSource(http, Finder([Path.cwd()], *_artifacts(options, proxy), is_ours=False))


def _database(url: str, options: Options) -> Source:
    from trackside.imports.sources.database import DEFAULT_WORKSPACE, DatabaseSource  # noqa: PLC0415
    from trackside.imports.sources.rows import connect  # noqa: PLC0415

    rows = connect(url)
    try:
        store = locations.store(url)
        bases = [store.path.parent, Path.cwd()] if isinstance(store, SqliteStore) else [Path.cwd()]
        finder = Finder(bases, *_artifacts(options, None))
        return DatabaseSource(rows, finder, options.workspace or DEFAULT_WORKSPACE)
    except SourceError:
        rows.close()
        raise


def _folder(text: str, options: Options) -> Source:
    from trackside.imports.sources.folder import FolderSource  # noqa: PLC0415

    try:
        path = locations.local_path(text)
    except LocationError as error:
        raise SourceError(f"{locations.redact(text)}: {error}") from None
    if path.is_file():
        raise SourceError(f"{path} is a file; if it is MLflow's SQLite database, write sqlite:///{path}")
    if not path.is_dir():
        raise SourceError(f"there is no folder {locations.redact(str(path))}; {WRITE}")
    if options.workspace:
        raise SourceError("a folder has no workspaces: leave --source-workspace out")
    return FolderSource(path, Finder([path.parent, Path.cwd()], *_artifacts(options, None)))


def _artifacts(options: Options, proxy: PatientHttp | None) -> tuple[list[str], PatientHttp | None]:
    """Return the locations of files that the user named, and the client of a server that serves `mlflow-artifacts:/`."""
    said = []
    for number, given in enumerate(options.artifacts):
        if _scheme(given) in ("http", "https"):
            if http_parts(given) is None:
                raise SourceError(
                    f"--artifacts is {locations.redact(given)!r}; the URL of a server is http(s)://HOST[:PORT]"
                )
            if number:
                raise SourceError(
                    f"--artifacts is {locations.redact(given)!r}; a server is the first of them, if any is"
                )
            headers = {"x-mlflow-workspace": options.workspace} if options.workspace else {}
            proxy = PatientHttp(given.rstrip("/"), options.secret, headers=headers, guard=options.guard)
        elif "://" in given:
            said.append(given)
        elif Path(given).expanduser().is_dir():
            said.append(str(Path(given).expanduser().resolve()))
        else:
            raise SourceError(f"--artifacts is {locations.redact(given)!r}, which is not a folder")
    return said, proxy
