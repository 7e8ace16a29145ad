"""A Databricks workspace: MLflow's calls with absolute experiment paths, and artifacts by signed URLs.

Only its public REST API is used, and the credentials calls of every open MLflow client.
"""

import configparser
from collections.abc import Callable, Iterable
from http import client
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from trackside.core.errors import Invalid
from trackside.links.diff import Doc, Patch
from trackside.links.ending import Ending
from trackside.links.files import Source
from trackside.links.model import DATABRICKS_PREFIX, Entity, Secret
from trackside.links.ours import Part
from trackside.links.peer import RemoteFile, Unmirrored
from trackside.links.peers.mlflow import API, MlflowPeer
from trackside.links.peers.mlflow_wire import part_of_experiment
from trackside.links.wire import Answer, Http, Incoming, Refused

CONFIG = Path("~/.databrickscfg")


class DatabricksPeer(MlflowPeer):
    """`prefix` is the folder of experiments whose names here are no absolute paths."""

    def __init__(
        self, http: Http, source: str, wants: Callable[[str], bool] = lambda _: True, prefix: str = ""
    ) -> None:
        self._prefix = (prefix or DATABRICKS_PREFIX).rstrip("/")
        super().__init__(http, source, wants)

    def find_experiment(self, name: str) -> str | None:
        return super().find_experiment(self._path(name))

    def make_experiment(self, name: str) -> str:
        path = self._path(name)
        parent = str(PurePosixPath(path).parent)
        if parent != "/":
            self._http.json("POST", "/api/2.0/workspace/mkdirs", {"path": parent})
        return super().make_experiment(path)

    def read(self, entity: Entity, remote_id: str) -> Part | None:
        part = super().read(entity, remote_id)
        return self._named(part) if part is not None and entity is Entity.EXPERIMENT else part

    def change(self, entity: Entity, remote_id: str, experiment_id: str, patch: Patch) -> None:
        if entity is Entity.EXPERIMENT and ("name", "") in patch.put:
            put: Doc = {**patch.put, ("name", ""): self._path(patch.put["name", ""])}
            patch = Patch(put, patch.drop)
        super().change(entity, remote_id, experiment_id, patch)

    def search_experiments(self, token: str | None) -> tuple[list[Part], str | None]:
        page = self._post("experiments/search", {"view_type": "ALL", "max_results": 1000, "page_token": token})
        found = [self._named(part_of_experiment(each)) for each in page.get("experiments", [])]
        return found, page.get("next_page_token")

    def has_files(self) -> bool:
        return False  # it has no call that lists the whole store

    def send_file(self, entity: Entity, remote_id: str, path: str, source: Source) -> RemoteFile:
        given = self._credentials(entity, remote_id, path, "write")
        headers = {each["name"]: each["value"] for each in given.get("headers", [])}
        kind = given.get("type", "")
        uri = given["signed_uri"]
        size_bytes = source.size_bytes
        if kind == "AZURE_SAS_URI":
            headers.setdefault("x-ms-blob-type", "BlockBlob")
        if kind == "AZURE_ADLS_GEN2_SAS_URI":
            self._signed("PUT", uri + "&resource=file", [], 0, headers)
            if size_bytes:
                self._signed("PATCH", uri + "&action=append&position=0", source.pieces(), size_bytes, headers)
            self._signed("PATCH", f"{uri}&action=flush&position={size_bytes}", [], 0, headers)
        else:
            self._signed("PUT", uri, source.pieces(), size_bytes, headers)
        return RemoteFile(size_bytes)

    def get_file(self, entity: Entity, remote_id: str, path: str, start: int = 0, etag: str = "") -> Incoming:
        given = self._credentials(entity, remote_id, path, "read")
        headers = {each["name"]: each["value"] for each in given.get("headers", [])}
        http, where = _at(given["signed_uri"], self._http.ending)
        return http.download(where, start, etag, headers)

    def remove_file(self, entity: Entity, remote_id: str, path: str) -> None:
        del entity, remote_id
        raise Unmirrored(f"Databricks has no call to remove an artifact; {path} stays there")

    def _credentials(self, entity: Entity, remote_id: str, path: str, verb: str) -> dict[str, Any]:
        if entity is Entity.RUN:
            body = {"run_id": remote_id, "path": [path]}
            answer = self._http.json("POST", f"{API}/artifacts/credentials-for-{verb}", body)
            infos: list[dict[str, Any]] = answer.get("credential_infos", [])
        else:
            word = "upload" if verb == "write" else "download"
            call = f"{API}/logged-models/{remote_id}/artifacts/credentials-for-{word}"
            infos = [
                each["credential_info"] for each in self._http.json("POST", call, {"paths": [path]})["credentials"]
            ]
        if not infos:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"no credentials for {path}")
        return infos[0]

    def _signed(self, method: str, uri: str, pieces: Iterable[bytes], size: int, headers: dict[str, str]) -> Answer:
        """Without our token: the URL itself lets in, and belongs to another host."""
        http, where = _at(uri, self._http.ending)
        try:
            return http.send(method, where, pieces, size, headers)
        except Refused as refused:
            if refused.status == client.FORBIDDEN:
                raise Refused(403, "EXPIRED", "the signed URL does not let in (any more)") from None
            raise
        finally:
            http.close()

    def _path(self, name: str) -> str:
        return name if name.startswith("/") else f"{self._prefix}/{name}"

    def _named(self, part: Part) -> Part:
        name = part.doc["name", ""]
        if not name.startswith(self._prefix + "/"):
            return part
        doc = {**part.doc, ("name", ""): name.removeprefix(self._prefix + "/")}
        return Part(part.item_id, part.experiment_id, doc)


def from_profile(profile: str, file: Path = CONFIG) -> tuple[str, str]:
    """Host and token of a profile in ~/.databrickscfg, of the user that the server runs as."""
    found = configparser.ConfigParser(default_section="\0")
    if not found.read(file.expanduser()):
        raise Invalid(f"{file} is missing: databricks://{profile} is looked up there, by the user that runs the server")
    if profile not in found:
        raise Invalid(f"{file} has no profile {profile!r}; it has {', '.join(found.sections()) or 'none'}")
    host, token = found[profile].get("host", "").rstrip("/"), found[profile].get("token", "")
    if not host or not token:
        raise Invalid(f"the profile {profile!r} of {file} needs host and token")
    return host if "://" in host else f"https://{host}", token


def _at(uri: str, ending: Ending) -> tuple[Http, str]:
    parts = urlsplit(uri)
    where = parts.path + (f"?{parts.query}" if parts.query else "")
    return Http(f"{parts.scheme}://{parts.netloc}", Secret(), ending=ending), where
