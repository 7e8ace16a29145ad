"""Artifacts over HTTP for mlflow before 1.24, which does not support an artifact proxy.  Imported with such an mlflow only."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repo import ArtifactRepository, verify_artifact_path
from mlflow.tracking._model_registry.utils import get_default_host_creds
from mlflow.utils.rest_utils import http_request

ROUTE = "/mlflow-artifacts/artifacts"
CHUNK_BYTES = 1024 * 1024


class EarlyArtifacts(ArtifactRepository):  # type: ignore[misc]  # untyped in mlflow
    """The files below `artifact_uri`, an address `<server>/api/2.0/mlflow-artifacts/artifacts/<path>`."""

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        verify_artifact_path(artifact_path)
        path = posixpath.join(artifact_path or "", Path(local_file).name)
        with Path(local_file).open("rb") as content:
            self._call("PUT", self.artifact_uri, "/" + path, data=content)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        for folder, _, names in os.walk(local_dir):
            below = os.path.relpath(folder, local_dir).replace(os.sep, "/")
            target = posixpath.normpath(posixpath.join(artifact_path or "", below))
            for name in names:
                self.log_artifact(str(Path(folder, name)), None if target == "." else target)

    def list_artifacts(self, path: str | None = None) -> list[Any]:
        server, _, root = self.artifact_uri.partition(ROUTE)
        wanted = posixpath.join(root.strip("/"), path or "").rstrip("/")
        files = self._call("GET", server, ROUTE, params={"path": wanted}).json().get("files", [])
        found = [FileInfo(posixpath.join(path or "", file["path"]), file["is_dir"], _size(file)) for file in files]
        return sorted(found, key=lambda info: str(info.path))

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        response = self._call("GET", self.artifact_uri, "/" + remote_file_path, stream=True)
        with Path(local_path).open("wb") as target:
            target.writelines(response.iter_content(CHUNK_BYTES))

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        self._call("DELETE", self.artifact_uri, "/" + (artifact_path or ""))

    def _call(self, method: str, server: str, path: str, **arguments: Any) -> Any:
        response = http_request(get_default_host_creds(server), path, method, **arguments)
        if response.status_code >= 400:
            raise MlflowException(f"{method} {server}{path} was answered with {response.status_code}: {response.text}")
        return response


def _size(file: dict[str, Any]) -> int | None:
    return int(file["file_size"]) if "file_size" in file else None
