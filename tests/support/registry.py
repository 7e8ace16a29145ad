"""Calls of the registry for tests, with default values for omitted arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from support.client import Api

CLOUD = "s3://bucket/models/iris"
OWN = "/api/trackside/v1"


@dataclass(frozen=True)
class Registry:
    """Calls in a workspace, in the name of `user`."""

    api: Api
    user: str = ""

    def by(self, user: str) -> "Registry":
        return Registry(self.api, user)

    def call(self, method: str, path: str, /, **fields: Any) -> Any:
        """The answer of a call that succeeds."""
        reply = self._ask(method, path, fields)
        assert reply.status < 300, f"{reply.status}: {reply.body.decode(errors='replace')[:2000]}"
        return reply.json

    def fault(self, method: str, path: str, /, **fields: Any) -> tuple[int, str, str]:
        """Status, error_code and message of a call that does not."""
        reply = self._ask(method, path, fields)
        assert reply.status >= 400, reply
        return reply.status, reply.json["error_code"], reply.json["message"]

    def new_model(self, name: str = "iris", **fields: Any) -> Any:
        return self.call("POST", "registered-models/create", name=name, **fields)["registered_model"]

    def new_version(self, name: str = "iris", **fields: Any) -> Any:
        return self.call("POST", "model-versions/create", **{"name": name, "source": CLOUD, **fields})["model_version"]

    def model(self, name: str = "iris") -> Any:
        return self.call("GET", "registered-models/get", name=name)["registered_model"]

    def version(self, version: str | int, name: str = "iris") -> Any:
        return self.call("GET", "model-versions/get", name=name, version=str(version))["model_version"]

    def stage(self, version: str | int, name: str = "iris") -> str:
        found: str = self.version(version, name)["current_stage"]
        return found

    def move(self, version: str | int, stage: str, *, archive: bool = False, name: str = "iris") -> Any:
        return self.call(
            "POST",
            "model-versions/transition-stage",
            name=name,
            version=str(version),
            stage=stage,
            archive_existing_versions=archive,
        )["model_version"]

    def alias(self, alias: str, version: str | int, name: str = "iris") -> None:
        self.call("POST", "registered-models/alias", name=name, alias=alias, version=str(version))

    def delete_version(self, version: str | int, name: str = "iris") -> None:
        self.call("DELETE", "model-versions/delete", name=name, version=str(version))

    def delete_model(self, name: str = "iris") -> None:
        self.call("DELETE", "registered-models/delete", name=name)

    def _ask(self, method: str, path: str, fields: Mapping[str, Any]) -> Any:
        headers = {"x-trackside-user": self.user} if self.user else {}
        if method == "GET":
            return self.api.ask(method, path, arguments=fields, headers=headers)
        return self.api.ask(method, path, dict(fields), headers=headers)


def files_of(api: Api, name: str, version: int) -> dict[str, bytes]:
    """Return the files as a client reads them: at the location of the version."""
    found: dict[str, bytes] = {}
    uri = Registry(api).call("GET", "model-versions/get-download-uri", name=name, version=str(version))["artifact_uri"]
    root = uri.removeprefix("mlflow-artifacts:/")
    folders = [root]
    while folders:
        folder = folders.pop()
        for each in api.get("/api/2.0/mlflow-artifacts/artifacts", path=folder).get("files", []):
            path = f"{folder}/{each['path'].rpartition('/')[2]}"
            if each["is_dir"]:
                folders.append(path)
            else:
                reply = api.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}")
                assert reply.status == 200, reply
                found[path.removeprefix(f"{root}/")] = reply.body
    return found
