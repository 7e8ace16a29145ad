"""Converts artifact paths to keys of the store, and checks which paths are safe and which keys a workspace may use.  Accesses no
file.

A key is a relative path of plain segments joined by `/`, without empty segments, `.` and `..`.  The empty key is the root.
"""

import re
from urllib.parse import unquote, urlsplit

from trackside.core.errors import Invalid
from trackside.workspaces.model import Workspace

WORKSPACES = "workspaces"
UPLOADS = "azureml-uploads"  # of files that belong to no run: `azureml-uploads/<origin>/<container>/…`
SPANS = "trace-spans"  # of large traces: `<experiment>/trace-spans/<id>/spans.zst`
MAX_SEGMENT_BYTES = 255
MAX_SEGMENTS = 256

_PROXY_ANCHOR = "/mlflow-artifacts/artifacts/"
_MAX_DECODINGS = 10
_ABSOLUTE = re.compile(r"/|[A-Za-z]:(/|$)|file:", re.IGNORECASE)
_SPAN_FILE = re.compile(rf"(?:.+/)?[0-9]+/{SPANS}/([0-9a-f]{{32}})/spans\.zst")
_SPANS = re.compile(rf"(?:{WORKSPACES}/[^/]+/)?[0-9]+/{SPANS}(?:/.*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")


def from_path(path: str) -> str:
    """Return the key of a path that a client sent.  Raise Invalid for an unsafe path.

    Percent-encoding is decoded until none is left, so that no later decoding yields another path.  A path from a listing yields
    the same key, encoded or not."""
    for _ in range(_MAX_DECODINGS):
        decoded = unquote(path)
        if decoded == path:
            break
        path = decoded
    else:
        raise Invalid("Invalid path")
    if _ABSOLUTE.match(path) or "#" in path:
        raise Invalid("Invalid path")
    path = _CONTROL.sub(lambda found: f"%{ord(found[0]):02x}", path)
    return checked("/".join(segment for segment in path.split("/") if segment not in {"", "."}))


def checked(key: str) -> str:
    """Return `key` if it is valid, otherwise raise Invalid.  Every adapter checks keys before it accesses its store."""
    if key == "":
        return key
    segments = key.split("/")
    if len(segments) > MAX_SEGMENTS:
        raise Invalid(f"Invalid path: it has {len(segments)} parts; at most {MAX_SEGMENTS} are allowed")
    for segment in segments:
        if segment in {"", ".", ".."} or "\\" in segment or "\0" in segment:
            raise Invalid("Invalid path")
        if _DRIVE.fullmatch(segment):  # a client on Windows that joins paths would write to this drive
            raise Invalid(f"Invalid path: '{segment}' in it is a drive on Windows; choose another name")
        try:
            length = len(segment.encode())
        except UnicodeEncodeError:
            raise Invalid("Invalid path") from None
        if length > MAX_SEGMENT_BYTES:
            raise Invalid(f"Invalid path: a name in it has {length} bytes; at most {MAX_SEGMENT_BYTES} are allowed")
    if _ABSOLUTE.match(key):
        raise Invalid("Invalid path")
    return key


def in_workspace(key: str, workspace: Workspace) -> str:
    """Return the key in the store of a proxied key.

    The keys of the default workspace are at the root, those of others under `workspaces/<folder>/`.  Clients may send keys with
    this prefix, as in artifact URIs of runs, or without it."""
    if is_reserved(key) or not workspace.folder:
        return reachable(key, workspace)
    return join(WORKSPACES, workspace.folder, key)


def reachable(key: str, workspace: Workspace) -> str:
    """Return `key` if it is in the workspace's part of a shared store, otherwise raise Invalid."""
    if not is_reserved(key):
        if not workspace.folder:
            return key
        raise Invalid(f"Artifact path '{key}' is outside of 'workspaces/{workspace.folder}/'.")
    first, _, rest = key.partition("/")
    folder = rest.partition("/")[0]
    if not folder:
        raise Invalid("Artifact paths prefixed with 'workspaces/' must include a workspace name.")
    if first != WORKSPACES or folder not in (workspace.folder, *workspace.reach.folders):
        raise Invalid(
            f"Artifact path targets workspace '{folder}' but the workspace specified in the request is '{workspace.name}'."
        )
    return key


def is_top(key: str) -> bool:
    """Return whether the key is the root of a store or of a workspace in it, which no client may delete or write to."""
    return key == "" or (is_reserved(key) and key.count("/") <= 1)


def in_full(artifact_uri: str, workspace: Workspace) -> str:
    """Return the URI with the folder of its workspace, so that it refers to the same file in the default workspace."""
    try:
        key = of_proxied(artifact_uri)
    except Invalid:  # the server never opens such a URI
        return artifact_uri
    if key is None or is_reserved(key) or not workspace.folder:
        return artifact_uri
    parts = urlsplit(artifact_uri)
    path = parts.path
    start = 0 if parts.scheme == "mlflow-artifacts" else (path + "/").index(_PROXY_ANCHOR) + len(_PROXY_ANCHOR)
    above, below = path[:start].rstrip("/"), path[start:].lstrip("/")
    return parts._replace(path=f"{above}/{WORKSPACES}/{workspace.folder}/{below}").geturl()


def of_proxied(artifact_uri: str) -> str | None:
    """Return the key of a proxied artifact URI; None if the URI is a folder or a bucket.

    Raise Invalid for a proxied URI with a query or a fragment, since the URI without it refers to another file."""
    parts = urlsplit(artifact_uri)
    if parts.scheme == "mlflow-artifacts":
        path = parts.path.lstrip("/")
    elif parts.scheme in {"http", "https"} and _PROXY_ANCHOR in parts.path + "/":
        path = (parts.path + "/").split(_PROXY_ANCHOR, 1)[1]
    else:
        return None
    if "?" in artifact_uri or "#" in artifact_uri:
        raise Invalid(f"'{artifact_uri[:200]}' is not a location that the server opens: it has a query or a fragment")
    return from_path(path)


def join(*keys: str) -> str:
    return "/".join(key for key in keys if key)


def is_reserved(key: str) -> bool:
    """Return whether the key is in the part of the store for other workspaces."""
    # Without case, because a file system may treat `Workspaces` and `workspaces` as equal.
    return key.partition("/")[0].casefold() == WORKSPACES


def part(key: str) -> str:
    """Return the part of a shared store that contains a key: `workspaces/<folder>`, or empty for the default workspace's."""
    return "/".join(key.casefold().split("/")[:2]) if is_reserved(key) else ""


def is_span_file(key: str) -> bool:
    """Return whether a file contains spans of a trace, to which a row of the trace refers."""
    return _SPAN_FILE.fullmatch(key) is not None


def is_of_spans(key: str) -> bool:
    """Return whether a key of the server's store is a span file or a folder of span files of an experiment."""
    return _SPANS.fullmatch(key) is not None


def owner(key: str) -> tuple[str, str, str] | None:
    """Return the owner of a file by its key: "run" or "logged_model", its id, and the path in it; None for another key.

    The key has the form `…/<run>/artifacts/…` or `…/models/<model>/artifacts/…`.  An empty path means all files of the owner."""
    segments = key.split("/")
    for at in range(1, len(segments)):
        if segments[at] == "artifacts":
            is_model = at >= 2 and segments[at - 2] == "models"
            return ("logged_model" if is_model else "run"), segments[at - 1], join(*segments[at + 1 :])
    return None
