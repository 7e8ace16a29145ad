"""Files of runs, logged models and versions of a server with MLflow's REST API.

Such a server has no checksums, so a sent file is read back once and compared.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from trackside.core.http_client.client import Download, HttpClient
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.sync.entities import Entity
from trackside.sync.file_versions import RemoteFile
from trackside.sync.local.files import OpenFile, hashed
from trackside.sync.remote.mlflow.answers import FileEntry, FilePage
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.mlflow.wire import API, proxied_path
from trackside.sync.remote.paging import Folders, entries_of
from trackside.sync.remote.port import BrokenCopy, Unmirrored

PROXY = "/api/2.0/mlflow-artifacts/artifacts/"
MAX_SMALL_FILE = 10 << 20  # the limit of the call of MLflow's UI


class MlflowFiles:
    def __init__(self, http: HttpClient, root: Callable[[Entity, str], str]) -> None:
        """`root` returns the artifact root of an item."""
        self._http = http
        self._root = root

    def all_of(self, entity: Entity, remote_id: str) -> dict[str, RemoteFile]:
        found: dict[str, RemoteFile] = {}
        folders = Folders()
        while (folder := folders.take()) is not None:
            for each in self.entries(entity, remote_id, folder):
                is_folder = bool(each.is_dir)
                folders.add(folder, each.path, is_folder=is_folder)
                if not is_folder:
                    found[each.path] = RemoteFile(each.file_size or 0)
        return found

    def send(self, entity: Entity, remote_id: str, path: str, source: OpenFile) -> RemoteFile:
        """Send a file from its beginning: MLflow's proxy accepts a file only as one body."""
        root = self._root(entity, remote_id)
        proxied = proxied_path(root)
        digest = hashlib.sha256()
        body = hashed(source.pieces(), digest)
        if proxied is not None:
            self._http.send("PUT", f"{PROXY}{quote(f'{proxied}/{path}')}", body, source.size_bytes)
        elif is_run(entity) and 0 < source.size_bytes <= MAX_SMALL_FILE:
            query = urlencode({"run_uuid": remote_id, "path": path})
            self._http.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?{query}", body, source.size_bytes)
        else:
            raise Unmirrored(
                f"the remote keeps artifacts at {root}, where this server cannot write; {path} was left out"
            )
        self.read_back(entity, remote_id, path, digest.hexdigest(), source.beat)
        return RemoteFile(source.size_bytes, digest.hexdigest())

    def read_back(self, entity: Entity, remote_id: str, path: str, sha256: str, beat: Callable[[], None]) -> None:
        """Raise RemoteUnavailable if the stored file differs from the sent one."""
        digest, size = hashlib.sha256(), 0
        try:
            with closing(self.get(entity, remote_id, path)) as incoming:
                for piece in incoming:
                    beat()
                    digest.update(piece)
                    size += len(piece)
        except RequestRejected as refused:
            if refused.status not in (400, 404, 500):  # MLflow's statuses for a missing file
                raise
            raise RemoteUnavailable(f"{path} was sent and is missing on the remote: {refused}") from None
        if digest.hexdigest() != sha256:
            raise BrokenCopy(f"{path} arrived with the SHA-256 {digest.hexdigest()}; it has {sha256}", size)

    def get(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Download:
        proxied = proxied_path(self._root(entity, remote_id))
        if proxied is not None:
            where = f"{PROXY}{quote(f'{proxied}/{path}')}"
        elif is_run(entity):
            where = "/get-artifact?" + urlencode({"run_uuid": remote_id, "path": path})
        else:
            query = urlencode({"artifact_file_path": path})
            where = f"/ajax-api/2.0/mlflow/logged-models/{quote(remote_id)}/artifacts/files?{query}"
        return self._http.download(where, start, etag)

    def remove(self, entity: Entity, remote_id: str, path: str) -> None:
        proxied = proxied_path(self._root(entity, remote_id))
        if proxied is None:
            raise Unmirrored(f"the remote has no call to delete a file; {path} stays on the remote")
        self._http.call("DELETE", f"{PROXY}{quote(f'{proxied}/{path}')}")

    def entries(self, entity: Entity, remote_id: str, folder: str) -> Iterable[FileEntry]:
        if is_version(entity, remote_id):
            yield from self._entries_at(self._root(entity, remote_id), folder)
            return
        if is_run(entity):
            yield from self.pages(f"{API}/artifacts/list", run_id=remote_id, path=folder)
            return
        call = f"{API}/logged-models/{quote(remote_id)}/artifacts/directories"
        yield from self.pages(call, artifact_directory_path=folder or None)

    def pages(self, call: str, /, **query: Any) -> Iterator[FileEntry]:
        def ask(token: str | None) -> tuple[list[FileEntry], str | None]:
            page = decoded(FilePage, self._http.json("GET", call, None, **query, page_token=token))
            return page.files, page.next_page_token

        return entries_of("files", ask)

    def _entries_at(self, root: str, folder: str) -> Iterator[FileEntry]:
        proxied = proxied_path(root)
        if proxied is None:
            raise Unmirrored(f"the remote keeps them at {root}, which is not accessible through it")
        where = PROXY.rstrip("/") + "?" + urlencode({"path": f"{proxied}/{folder}".rstrip("/")})
        for each in decoded(FilePage, self._http.json("GET", where)).files:
            yield replace(each, path=f"{folder}/{each.path}".strip("/"))


def is_run(entity: Entity) -> bool:
    """Return whether files are addressed by run, as are those of a version before its creation, which has a run of its own."""
    return entity in (Entity.RUN, Entity.MODEL_VERSION)


def is_version(entity: Entity, remote_id: str) -> bool:
    """Return whether it is an existing version, rather than the run with the files of one."""
    return entity is Entity.MODEL_VERSION and "/" in remote_id
