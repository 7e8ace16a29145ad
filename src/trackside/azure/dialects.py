"""Detects clients that use other forms of artifact URIs, and translates the URIs in their requests and answers.

azureml-mlflow calls below the scope of its workspace.  Clients with the tracking URI `databricks` are recognized by the user
agent of their SDK; clients without the SDK use the path prefix `/databricks`.
"""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from functools import partial

from trackside.azure import arm, uris
from trackside.core.errors import Fault, NoEndpoint
from trackside.core.http.foreign import Dialect, fault_of
from trackside.core.http.streams import Headers, Scope
from trackside.workspaces.model import Named, Workspace

SDK = b"databricks-sdk-py"
DATABRICKS_DOOR = "/databricks/"
_ML_SCOPE = "/mlflow/v"
_MLFLOW = ("/api/2.0/mlflow/", "/api/3.0/mlflow/", "/api/2.0/preview/mlflow/")
_ARM_PATHS = (
    "/subscriptions", "/history/v", "/artifact/v", "/msi/", "/metadata/endpoints", "/discovery", "/tenants",
    # Services that the discovery URL names and that are not served: their clients read ARM's form too.
    "/modelmanagement/v", "/execution/v", "/environment/v", "/datastore/v", "/dataset/v", "/pipelines/v", "/hyperdrive/v",
    "/mlflow/v2.0/registries", "/registrymanagement/v",
)  # fmt: skip
_OF_MODELS = re.compile(r"/(?:onlineEndpoints|batchEndpoints)(?:/|$)|^/modelmanagement/v", re.IGNORECASE)
_DEPLOY = (
    "Trackside does not serve this call of Azure's endpoints and web services. Deploy to an online endpoint, or with"
    " `trackside endpoint create`."
)

ParseWorkspace = Callable[[str, list[tuple[bytes, bytes]]], tuple[Named | None, str]]


class Dialects:
    """`recall` and `resolve` return the workspace for the result of `parse_workspace`; `prefix` is the server's path prefix."""

    def __init__(
        self,
        parse_workspace: ParseWorkspace,
        recall: Callable[[Named | None], Workspace | None],
        resolve: Callable[[Named | None], Workspace],
        *,
        prefix: str = "",
    ) -> None:
        self._parse_workspace = parse_workspace
        self._recall = recall
        self._resolve = resolve
        self._prefix = prefix
        starts = (_ML_SCOPE, DATABRICKS_DOOR, *_ARM_PATHS)
        self._starts = (*starts, *(f"{prefix}{start}" for start in starts if prefix))

    def is_foreign(self, path: str, headers: Mapping[bytes, bytes]) -> bool:
        return path.startswith(self._starts) or SDK in headers.get(b"user-agent", b"")

    async def of(self, scope: Scope) -> Dialect | None:
        path: str = scope["path"].removeprefix(self._prefix)
        if path.startswith(_ARM_PATHS):
            return ARM_OF_MODELS if _OF_MODELS.search(path) else ARM
        try:
            named, rest = self._parse_workspace(path, scope["headers"])
            if not rest.startswith(_MLFLOW):
                return None
            workspace = self._recall(named)
            if workspace is None:
                workspace = await asyncio.get_running_loop().run_in_executor(None, self._resolve, named)
        except Fault:  # which refuses the request itself, soon
            return None
        if not path.startswith(_ML_SCOPE):
            say = uris.in_dbfs(workspace.folder)
            return Dialect(partial(uris.from_dbfs, folder=workspace.folder), partial(uris.translated, say=say))
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        base = f"{host}{self._prefix}/mlflow/v2.0{workspace.scope}"
        say = uris.in_azure(base, workspace.folder)
        return Dialect(partial(uris.from_azure, folder=workspace.folder), partial(uris.translated, say=say))


def _arm_fault(status: int, body: bytes, advice: str = "") -> tuple[Headers, bytes]:
    """Return an error in ARM's form, including MLflow's fields for MLflow's clients.

    `advice` replaces the message for an unsupported path.
    """
    code, message = fault_of(body)
    if advice and code == NoEndpoint.code:
        message = advice
    answer = {"error": {"code": arm.code_of(status, code), "message": message}, "error_code": code, "message": message}
    return [], json.dumps(answer).encode()


ARM = Dialect(None, bytes, _arm_fault)
ARM_OF_MODELS = Dialect(None, bytes, partial(_arm_fault, advice=_DEPLOY))
