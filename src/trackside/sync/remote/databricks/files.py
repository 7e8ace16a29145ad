"""Files of a Databricks workspace: its calls list them and return signed URLs for their bytes."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from trackside.core.http_client.client import Download, HttpClient
from trackside.core.http_client.errors import RequestRejected
from trackside.sync.entities import Entity
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local.files import OpenFile
from trackside.sync.remote.databricks.multipart import Begun
from trackside.sync.remote.databricks.signed_urls import AT_ONCE_BYTES, BLOCK_BYTES, SignedFile
from trackside.sync.remote.databricks.store_requests import Credential, Signed, signed
from trackside.sync.remote.mlflow.answers import FileEntry
from trackside.sync.remote.mlflow.files import MlflowFiles, is_run, is_version
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.mlflow.wire import API
from trackside.sync.remote.port import Unmirrored

OF_VERSIONS = f"{API}/model-versions"


class _OfRun(Struct, frozen=True):
    credential_infos: list[Credential] = []


class _Wrapped(Struct, frozen=True):
    credential_info: Credential


class _OfModel(Struct, frozen=True):
    credentials: list[_Wrapped] = []


class _OfPart(Struct, frozen=True):
    upload_credential_info: Credential


class _Begun(Struct, frozen=True):
    upload_id: str
    upload_credential_infos: list[Credential]
    abort_credential_info: Credential


class DatabricksFiles(MlflowFiles):
    at_once = AT_ONCE_BYTES  # a longer file is sent in parts
    part = BLOCK_BYTES

    def entries(self, entity: Entity, remote_id: str, folder: str) -> Iterable[FileEntry]:
        if not is_version(entity, remote_id):
            return super().entries(entity, remote_id, folder)
        name, _, number = remote_id.rpartition("/")
        return self.pages(f"{OF_VERSIONS}/list-artifacts", name=name, version=number, path=folder)

    def send(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        file = SignedFile(
            lambda: self._sign(entity, remote_id, path, "write"),
            self._http.cancel_token,
            PartCalls(self._http, remote_id, path),
            at_once=self.at_once,
            block=self.part,
            guard=self._http.guard,
        )
        try:
            sent = file.send(source)
        except Unmirrored as reason:
            raise Unmirrored(f"{path} was left out: {reason}") from None
        finally:
            file.close()
        if not sent.is_checked:
            self.read_back(entity, remote_id, path, sent.sha256, source.beat)
        return RemoteFile(source.size_bytes, sent.sha256)

    def get(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        file = SignedFile(
            lambda: self._sign(entity, remote_id, path, "read"), self._http.cancel_token, guard=self._http.guard
        )
        incoming = file.get(start, etag)
        end = incoming.close

        def close() -> None:
            end()
            file.close()

        incoming.close = close
        return incoming

    def remove(self, entity: Entity, remote_id: str, path: str) -> None:
        del entity, remote_id
        raise Unmirrored(f"Databricks has no call to remove an artifact; {path} stays on the remote")

    def _sign(self, entity: Entity, remote_id: str, path: str, verb: str) -> Signed:
        if is_version(entity, remote_id):
            name, _, number = remote_id.rpartition("/")
            call = f"{OF_VERSIONS}/get-signed-download-uri"
            return signed(decoded(Credential, self._http.json("GET", call, name=name, version=number, path=path)))
        if is_run(entity):
            body: dict[str, Any] = {"run_id": remote_id, "path": [path]}
            answer = self._http.json("POST", f"{API}/artifacts/credentials-for-{verb}", body)
            infos = decoded(_OfRun, answer).credential_infos
        else:
            word = "upload" if verb == "write" else "download"
            call = f"{API}/logged-models/{quote(remote_id)}/artifacts/credentials-for-{word}"
            answer = self._http.json("POST", call, {"paths": [path]})
            infos = [each.credential_info for each in decoded(_OfModel, answer).credentials]
        if not infos:
            raise RequestRejected(404, "RESOURCE_DOES_NOT_EXIST", f"no credentials for {path}")
        return signed(infos[0])


class PartCalls:
    """The calls for multipart uploads of the open clients: by the id of a run, or of a logged model in its place."""

    def __init__(self, http: HttpClient, remote_id: str, path: str) -> None:
        self.where = f"{remote_id}/{path}"
        self._http = http
        self._file = {"run_id": remote_id, "path": path}

    def begin(self, count: int) -> Begun:
        answer = self._json("POST", "create-multipart-upload", {**self._file, "num_parts": count}, idempotent=False)
        begun = decoded(_Begun, answer)
        urls = [signed(each) for each in begun.upload_credential_infos]
        return Begun(begun.upload_id, urls, signed(begun.abort_credential_info))

    def url(self, upload_id: str, number: int) -> Signed:
        query: dict[str, Any] = {**self._file, "upload_id": upload_id, "part_number": number}
        answer = self._json("GET", "get-presigned-upload-part-url", None, **query)
        return signed(decoded(_OfPart, answer).upload_credential_info)

    def finish(self, upload_id: str, etags: Sequence[str]) -> None:
        parts = [{"part_number": number, "etag": etag} for number, etag in enumerate(etags, 1)]
        self._json("POST", "complete-multipart-upload", {**self._file, "upload_id": upload_id, "part_etags": parts})

    def _json(self, method: str, call: str, body: Any, *, idempotent: bool = True, **query: Any) -> Any:
        return self._http.json(method, f"{API}/artifacts/{call}", body, idempotent=idempotent, **query)
