"""Safety rules for the sources of versions, and the canonical form of a location.  Pure: owners of URIs are arguments.

Every user who may read a version may download its files.  So a source may name only files that the caller can read directly:
files of a run or logged model that the call names, another version, or an external store such as a bucket.
"""

import posixpath
import re
from urllib.parse import SplitResult, quote, unquote, unquote_plus, urlsplit

from msgspec import Struct

from trackside.artifacts import keys
from trackside.core.errors import Invalid
from trackside.registry.model import LATEST, MAX_SOURCE_BYTES

PROMPT_SOURCES = ("dummy-source", "prompt-template")
MAX_FILES_URI_BYTES = 2_600
_MAX_DECODINGS = 10
UPLOAD_DEPTH = 3  # keys.UPLOADS, the origin, the container


class ModelUri(Struct, frozen=True):
    """The target of a `models:/` URI: a logged model by id, or a registered one by version, stage or alias; without any of these
    the newest version."""

    model_id: str | None = None
    name: str | None = None
    version: str | None = None
    stage: str | None = None
    alias: str | None = None


class Owner(Struct, frozen=True):
    """The run (`run_id`) or logged model (`model_id`) that a call names, with the root of its files (None: it does not exist)."""

    parameter: str
    id: str
    root: str | None


def check_prompt(source: str) -> None:
    if source not in PROMPT_SOURCES:
        raise Invalid(f"Invalid prompt source: '{source[:500]}'. Prompt sources must use an MLflow placeholder.")


def check_length(source: str) -> None:
    size = len(source.encode())
    if size > MAX_SOURCE_BYTES:
        raise Invalid(f"'source' exceeds the maximum length of {MAX_SOURCE_BYTES} bytes: it has {size}")


def model_uri(source: str) -> ModelUri | None:
    """Return the parts of a `models:/` URI; None for another source."""
    parts = _split(source)
    if parts.scheme != "models":
        return None
    if parts.netloc:
        raise Invalid(
            f"Invalid model version source: '{source}'. Registered model sources must use the active model registry."
        )
    match parts.path.removeprefix("/").split("/"):
        case [name, suffix] if name.strip() and suffix.strip():
            if suffix.isdigit():
                return ModelUri(name=name, version=suffix)
            return ModelUri(name=name) if suffix.lower() == LATEST else ModelUri(name=name, stage=suffix)
        case [only] if "@" in only:
            name, _, alias = only.rpartition("@")
            if name.strip() and alias.strip():
                return ModelUri(name=name, alias=alias)
        case [only] if only.strip():
            return ModelUri(model_id=only)
    raise _foreign(source, "model_id")


def run_path(source: str) -> tuple[str, str] | None:
    """Return the run and the artifact path that a `runs:/` URI names; None for another source."""
    parts = _split(source)
    if parts.scheme != "runs":
        return None
    run_id, slash, path = parts.path.removeprefix("/").partition("/")
    if parts.netloc or not run_id or not slash or not path.strip("/"):
        raise Invalid(
            f"Not a proper runs:/ URI: {source}. Runs URIs must be of the form "
            "'runs:/<run_id>/run-relative/path/to/artifact'"
        )
    return run_id, path.strip("/")


def check(source: str, owner: Owner) -> None:
    """Check that the source is at an allowed location.  `owner.id` is empty if the call names none."""
    if not source.isprintable():  # parsers of URIs handle line breaks differently
        raise Invalid(f"Invalid model version source: {source!r}. It has a control character.")
    parts = _split(source)
    if parts.scheme in ("", "file"):
        _check_local(source, parts, owner)
        return
    _check_plain(source, parts)
    match parts.scheme:
        case "runs":
            run = run_path(source)
            if owner.parameter != "run_id" or run is None or run[0] != owner.id:
                raise _foreign(source, owner.parameter)
        case "models":
            named = model_uri(source)
            if named is not None and named.model_id and ("model_id", named.model_id) != (owner.parameter, owner.id):
                raise _foreign(source, "model_id")
        # Readers would fetch these from the server, or from a host that the caller chose.
        case "mlflow-artifacts" | "http" | "https":
            if _is_upload(source):
                return
            if owner.root is None or not is_within(source, owner.root):
                raise _foreign(source, owner.parameter)


def _is_upload(source: str) -> bool:
    """Return whether a client uploaded these files for a version without a run, to a folder with a name that only this client
    knows."""
    key = keys.of_proxied(source)
    return key is not None and key.startswith(f"{keys.UPLOADS}/") and key.count("/") >= UPLOAD_DEPTH


def check_elsewhere(source: str) -> None:
    """Raise Invalid if a replicated version without files has a source on the machine of its readers, or on this server."""
    run, uri = run_path(source), model_uri(source)
    if uri is not None and uri.model_id is not None:
        check(source, Owner("model_id", uri.model_id, None))
    else:
        check(source, Owner("run_id", run[0] if run is not None else "", None))


def without_dots(source: str) -> str:
    """Return a local path without `..` segments, for readers; other sources unchanged."""
    parts = _split(source)
    if parts.scheme not in ("", "file"):
        return source
    path = _local_path(source, parts)
    plain = posixpath.normpath(path)
    if plain == path.rstrip("/"):
        return source
    return f"file://{quote(plain)}" if parts.scheme else plain


def is_within(source: str, root: str) -> bool:
    """Return whether the location is `root` or below it, on the same host."""
    inner, outer = _segments(source), _segments(root)
    return bool(outer[2]) and inner[:2] == outer[:2] and inner[2][: len(outer[2])] == outer[2]


def place(uri: str) -> str | None:
    """Return the canonical form of a location, without a slash at the end; None if the URI alone does not identify one."""
    try:
        parts = _split(uri)
        proxied = keys.of_proxied(uri)
    except Invalid:
        return None
    if proxied is not None:
        spelled = f"mlflow-artifacts:/{proxied}"
    elif parts.scheme in ("", "file"):
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            return None
        spelled = "file://" + quote(posixpath.normpath(_local_path(uri, parts)))
    elif parts.scheme in ("runs", "models"):
        return None
    else:
        path = quote(posixpath.normpath("/" + unquote(parts.path).lstrip("/")).rstrip("/"))
        query = f"?{parts.query}" if parts.query else ""
        spelled = f"{parts.scheme}://{parts.netloc}{path}{query}"
    return spelled if len(spelled.encode()) <= MAX_FILES_URI_BYTES else None


def below(root: str, path: str) -> str:
    """Return the location of a path in the files of a run; a query of the root stays at the end."""
    base, mark, query = root.partition("?")
    return f"{base.rstrip('/')}/{path}{mark}{query}"


def overlap(one: str, other: str) -> bool:
    """Return whether two locations, in the form of `place`, are equal or one contains the other."""
    return one == other or one.startswith(f"{other.rstrip('/')}/") or other.startswith(f"{one.rstrip('/')}/")


def above(files_uri: str) -> list[str]:
    """Return the locations that contain this one, up to the root of its store."""
    scheme, _, rest = files_uri.partition(":/")
    segments = rest.split("/")
    floor = 2 if rest.startswith("/") else 1  # `s3://bucket` and `mlflow-artifacts:/` are whole stores
    return [f"{scheme}:/{'/'.join(segments[:i])}" for i in range(len(segments) - 1, floor - 1, -1)]


def _check_local(source: str, parts: SplitResult, owner: Owner) -> None:
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise Invalid(
            f"{source} is not a valid remote uri. A file URI must be local; it names the host '{parts.netloc}'."
        )
    if owner.root is not None:
        root = _split(owner.root)
        if root.scheme in ("", "file") and root.path.startswith("/"):
            inner, outer = (
                posixpath.normpath(path) for path in (_local_path(source, parts), _local_path(owner.root, root))
            )
            if "\0" not in inner and f"{inner}/".startswith(f"{outer}/"):
                return
    raise Invalid(
        f"Invalid model version source: '{source}'. To use a local path as a model version source, the "
        f"{owner.parameter} request parameter has to be specified and the local path has to be contained within the "
        f"artifact directory of the run specified by the {owner.parameter}."
    )


def _check_plain(source: str, parts: SplitResult) -> None:
    decoded = source
    for _ in range(_MAX_DECODINGS):
        further = unquote_plus(decoded)
        if further == decoded:
            break
        decoded = further
    else:
        raise _relative(source)
    path = re.sub(r"/+", "/", _split(decoded).path.rstrip("/"))
    if "\\" in parts.netloc or "\0" in decoded or ".." in decoded.split("/") or not _is_plain(path):
        raise _relative(source)


def _is_plain(path: str) -> bool:
    """Return an absolute path without segments such as `..`."""
    return (
        path.startswith("/")
        and "\0" not in path
        and ".." not in path.split("/")
        and posixpath.normpath(path) == path.rstrip("/")
    )


def _local_path(uri: str, parts: SplitResult) -> str:
    return unquote(parts.path) if parts.scheme == "file" else uri


def _segments(uri: str) -> tuple[str, str, tuple[str, ...]]:
    parts = _split(uri)
    return parts.scheme.lower(), parts.netloc.lower(), tuple(_decoded(part) for part in parts.path.split("/") if part)


def _decoded(text: str) -> str:
    for _ in range(_MAX_DECODINGS):
        further = unquote(text)
        if further == text:
            return text
        text = further
    return text


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri, allow_fragments=False)
    except ValueError as error:
        raise Invalid(f"Invalid model version source: '{uri[:500]}'. It cannot be read: {error}") from None


def _foreign(source: str, parameter: str) -> Invalid:
    return Invalid(
        f"Invalid model version source: '{source}'. The {parameter} request parameter must identify the resource that "
        "contains the source."
    )


def _relative(source: str) -> Invalid:
    return Invalid(
        f"Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, ftp, "
        "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references "
        "present. Please provide an absolute path."
    )
