"""Artifact URIs in the forms of Microsoft's and Databricks' clients.  Pure.

The server names files by `mlflow-artifacts:/<key>`. azureml-mlflow opens only `azureml://` URIs, and a client whose tracking URI
is `databricks` only `dbfs:/` URIs.  Each form contains the whole key, so that a URI that a client sends back names the same file.
A URI of another scheme (a bucket) stays unchanged: the client opens it itself.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from trackside.artifacts.keys import UPLOADS

OURS = "mlflow-artifacts:/"
# Keys of JSON objects whose value is an artifact URI.
_FIELDS = rb'"(?:artifact_uri|source|root_uri|artifact_location|storage_location)":"'
_SENT = re.compile(_FIELDS + rb'(mlflow-artifacts:/(?!/)[^"\\]*)')
_RUN = re.compile(r"([^/]+)/([^/]+)/artifacts(/.*)?", re.DOTALL)
_MODEL = re.compile(r"([^/]+)/models/([^/]+)/artifacts(/.*)?", re.DOTALL)

_UPLOAD = re.compile(rf"{UPLOADS}/([^/]+)/([^/]+/.*)", re.DOTALL)

_AZURE_FIELD = re.compile(rb'"(azureml://[^"\\]*)"')
_AZURE_OWNED = re.compile(
    r"azureml://(?:.*?/workspaces/[^/]+/)?experiments/([^/]+)/runs/([^/]+)/artifacts(/.*)?", re.DOTALL
)
_AZURE_OTHER = re.compile(r"azureml://artifacts/([^/]+)/([^/]+)/(.*)", re.DOTALL)
_DBFS_FIELD = re.compile(rb'"(dbfs:/databricks/mlflow-tracking/[^"\\]*)"')
_DBFS_OWNED = re.compile(
    r"dbfs:/databricks/mlflow-tracking/([^/]+)/(logged_models/)?([^/]+)/artifacts(/.*)?", re.DOTALL
)
_DBFS_OTHER = re.compile(r"dbfs:/databricks/mlflow-tracking/key/(.*)", re.DOTALL)

MODEL_PREFIX = "m-"  # of the ids of logged models
ANY_KEY = "mlflow"
TOP = "."  # name of the root folder, in forms that require a name

Say = Callable[[str], str]


def translated(body: bytes, say: Say) -> bytes:
    """Return an answer's JSON, in which `say` replaces each proxied artifact URI, given its key.

    A text that a client stored cannot be mistaken for a URI: its quotes are escaped in JSON."""
    if b'"' + OURS.encode() not in body:
        return body

    def replace(found: re.Match[bytes]) -> bytes:
        whole, uri = found[0], found[1]
        key = uri.decode("utf-8", "surrogateescape")[len(OURS) :]
        return whole[: len(whole) - len(uri)] + say(key).encode("utf-8", "surrogateescape")

    return _SENT.sub(replace, body)


def in_azure(base: str, folder: str) -> Say:
    """`base`: host and scope of the workspace, as `host/mlflow/v2.0/subscriptions/…`; `folder` is the folder of its files."""

    def say(key: str) -> str:
        below = _below(key, folder)
        owned = _owned(below)
        if owned is None:
            upload = _UPLOAD.fullmatch(below)
            if upload is not None:
                return f"azureml://artifacts/{upload[1]}/{upload[2]}"
            first, _, rest = key.partition("/")
            return f"azureml://artifacts/{ANY_KEY}/{first or TOP}/{rest}"
        experiment, owner, path = owned
        return f"azureml://{base}/experiments/{experiment}/runs/{owner}/artifacts{path}"

    return say


def in_dbfs(folder: str) -> Say:
    def say(key: str) -> str:
        owned = _owned(_below(key, folder))
        if owned is None:
            return f"dbfs:/databricks/mlflow-tracking/key/{key}"
        experiment, owner, path = owned
        kind = "logged_models/" if owner.startswith(MODEL_PREFIX) else ""
        return f"dbfs:/databricks/mlflow-tracking/{experiment}/{kind}{owner}/artifacts{path}"

    return say


def from_azure(body: bytes, folder: str) -> bytes:
    """Return a request's JSON with each `azureml://` URI of this server's as `mlflow-artifacts:/` names it."""
    if b"azureml://" not in body:
        return body
    return _AZURE_FIELD.sub(lambda found: b'"%s"' % _key_in(found[1], folder, azure_key), body)


def from_dbfs(body: bytes, folder: str) -> bytes:
    if b"dbfs:/" not in body:
        return body
    return _DBFS_FIELD.sub(lambda found: b'"%s"' % _key_in(found[1], folder, dbfs_key), body)


def azure_key(uri: str, folder: str) -> str | None:
    """Return the key that a URI of `in_azure` names; None for another URI."""
    owned = _AZURE_OWNED.fullmatch(uri.partition("?")[0])
    if owned is not None:
        return _key(folder, owned[1], owned[2], owned[3])
    other = _AZURE_OTHER.fullmatch(uri)
    return None if other is None else f"{upload_key(other[1], other[2])}/{other[3]}".rstrip("/")


def upload_key(origin: str, container: str) -> str:
    """Return the key of a file without a run: a client's upload has an origin such as LocalUpload, any other key `mlflow`."""
    container = "" if container == TOP else container
    return container if origin == ANY_KEY else "/".join(filter(None, (UPLOADS, origin, container)))


def dbfs_key(uri: str, folder: str) -> str | None:
    other = _DBFS_OTHER.fullmatch(uri)
    if other is not None:
        return other[1]
    owned = _DBFS_OWNED.fullmatch(uri)
    return None if owned is None else _key(folder, owned[1], owned[3], owned[4])


def quoted(path: str) -> str:
    """Quote a path in a URL as azure-storage-blob does, so that it requests the issued URL."""
    return quote(path, safe="~/")


def _key_in(uri: bytes, folder: str, key_of: Callable[[str, str], str | None]) -> bytes:
    key = key_of(uri.decode("utf-8", "surrogateescape"), folder)
    return uri if key is None else f"{OURS}{key}".encode("utf-8", "surrogateescape")


def _below(key: str, folder: str) -> str:
    """Return the key without the workspace's folder: the request names the workspace."""
    above = f"workspaces/{folder}/"
    return key[len(above) :] if folder and key.startswith(above) else key


def _key(folder: str, experiment: str, owner: str, path: str | None) -> str:
    above = f"workspaces/{folder}/" if folder else ""
    kind = "models/" if owner.startswith(MODEL_PREFIX) else ""
    return f"{above}{experiment}/{kind}{owner}/artifacts{path or ''}"


def _owned(key: str) -> tuple[str, str, str] | None:
    """Return (experiment, run or logged model, path with its slash) of a key of the server's form; None for another."""
    if key.startswith("workspaces/"):  # of a workspace that became part of this one
        return None
    model = _MODEL.fullmatch(key)
    if model is not None and model[2].startswith(MODEL_PREFIX):
        return model[1], model[2], model[3] or ""
    run = _RUN.fullmatch(key)
    if run is None or run[1] == "models" or run[2].startswith(MODEL_PREFIX):
        return None
    return run[1], run[2], run[3] or ""
