"""The workspace model registry of the tests' Databricks: its public calls, and what it refuses."""

import time
from collections.abc import Callable
from typing import Any

from support.databricks.store import Store

MAX_TAG_BYTES, MAX_PARAM_BYTES = 5000, 6000
STAGES = ("None", "Staging", "Production", "Archived")
USED = ("Staging", "Production")


class Refusal(Exception):
    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code


def sized(given: list[dict[str, str]], most: int = MAX_TAG_BYTES) -> dict[str, str]:
    """Tags or params that are not too long."""
    for each in given:
        if len(each["value"].encode()) > most:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"The value of {each['key']} has more than {most} bytes")
    return {each["key"]: each["value"] for each in given}


class RegistryCalls:
    def __init__(self, store: Store, owner_of: Callable[[str], tuple[str, str] | None]) -> None:
        """`owner_of` says whose files lie at a source, and where among them."""
        self.models: dict[str, dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}
        self.failing = 0  # so many of the next versions fail
        self.pending = 0  # so often the next versions are looked at before they are READY
        self.is_disabled = False  # as in workspaces that have that of Unity Catalog alone
        self.moves: list[tuple[str, str, str]] = []
        self._store = store
        self._owner_of = owner_of
        self._now = time.time_ns() // 1_000_000

    def calls(self) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
        return {
            ("POST", "registered-models/create"): self._create,
            ("GET", "databricks/registered-models/get"): lambda c: {
                "registered_model_databricks": _shown(self._model(c["name"]))
            },
            ("GET", "registered-models/get"): lambda c: {"registered_model": _shown(self._model(c["name"]))},
            ("PATCH", "registered-models/update"): lambda c: self._change(self._model(c["name"]), c),
            ("POST", "registered-models/rename"): self._rename,
            ("DELETE", "registered-models/delete"): self._delete,
            ("GET", "registered-models/search"): lambda c: {
                "registered_models": [_shown(each) for each in self._ordered(c, self.models.values())]
            },
            ("POST", "registered-models/set-tag"): lambda c: self._tag(self._model(c["name"]), c),
            ("DELETE", "registered-models/delete-tag"): lambda c: self._untag(self._model(c["name"]), c),
            ("POST", "model-versions/create"): self._create_version,
            ("GET", "model-versions/get"): self._get_version,
            ("GET", "model-versions/search"): self._search_versions,
            ("PATCH", "model-versions/update"): lambda c: self._change(self._version(c), c),
            ("DELETE", "model-versions/delete"): self._delete_version,
            ("POST", "model-versions/set-tag"): lambda c: self._tag(self._version(c), c),
            ("DELETE", "model-versions/delete-tag"): lambda c: self._untag(self._version(c), c),
            ("POST", "databricks/model-versions/transition-stage"): self._transition,
            ("POST", "model-versions/transition-stage"): lambda c: {
                "model_version": self._transition(c)["model_version_databricks"]
            },
            ("GET", "model-versions/get-download-uri"): lambda c: {
                "artifact_uri": f"dbfs:/databricks/mlflow-registry/{self._version(c)['name']}/{c['version']}"
            },
        }

    def _tick(self) -> int:
        self._now = max(self._now + 1, time.time_ns() // 1_000_000)
        return self._now

    def _create(self, call: dict[str, Any]) -> Any:
        name = call["name"]
        if name in self.models:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Registered Model (name={name}) already exists")
        if len(name) > 100:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"{name}: at most 100 characters")
        now = self._tick()
        self.models[name] = {
            "name": name,
            "creation_timestamp": now,
            "last_updated_timestamp": now,
            "description": call.get("description") or "",
            "tags": sized(call.get("tags", [])),
        }
        return {"registered_model": _shown(self.models[name])}

    def _model(self, name: str) -> dict[str, Any]:
        if name not in self.models:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"RegisteredModel '{name}' does not exist.")
        return self.models[name]

    def _version(self, call: dict[str, Any]) -> dict[str, Any]:
        key = (call["name"], str(call["version"]))
        if key not in self.versions:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"ModelVersion '{'/'.join(key)}' does not exist.")
        return self.versions[key]

    def _change(self, what: dict[str, Any], call: dict[str, Any]) -> None:
        what.update(description=call.get("description", what["description"]), last_updated_timestamp=self._tick())

    def _tag(self, what: dict[str, Any], call: dict[str, Any]) -> None:
        what["tags"].update(sized([call]))

    def _untag(self, what: dict[str, Any], call: dict[str, Any]) -> None:
        if call["key"] not in what["tags"]:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"no tag {call['key']}")
        del what["tags"][call["key"]]

    def _rename(self, call: dict[str, Any]) -> Any:
        model = self._model(call["name"])
        if call["new_name"] in self.models:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", call["new_name"])
        self._none_in_use(call["name"], "rename")
        del self.models[call["name"]]
        model.update(name=call["new_name"], last_updated_timestamp=self._tick())
        self.models[call["new_name"]] = model
        for (name, number), version in list(self.versions.items()):
            if name == call["name"]:
                del self.versions[name, number]
                self.versions[call["new_name"], number] = {**version, "name": call["new_name"]}
        return {"registered_model": _shown(model)}

    def _delete(self, call: dict[str, Any]) -> None:
        self._model(call["name"])
        self._none_in_use(call["name"], "delete")
        del self.models[call["name"]]
        self.versions = {key: each for key, each in self.versions.items() if key[0] != call["name"]}

    def _none_in_use(self, name: str, verb: str) -> None:
        if any(key[0] == name and each["current_stage"] in USED for key, each in self.versions.items()):
            raise Refusal(400, "INVALID_STATE", f"Cannot {verb} model '{name}': versions are in Staging or Production")

    def _create_version(self, call: dict[str, Any]) -> Any:
        self._model(call["name"])
        unknown = set(call) - {"name", "source", "run_id", "tags", "run_link", "description"}
        if unknown:
            raise Refusal(400, "MALFORMED_REQUEST", f"unknown: {unknown}")
        found = self._owner_of(call.get("source") or "")
        if found is None:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Unsupported source {call.get('source')!r}")
        numbers = [int(number) for name, number in self.versions if name == call["name"]]
        number = str(max(numbers, default=0) + 1)
        now = self._tick()
        self.versions[call["name"], number] = {
            "name": call["name"],
            "version": number,
            "creation_timestamp": now,
            "last_updated_timestamp": now,
            "user_id": "robot@example.com",
            "current_stage": "None",
            "source": call["source"],
            "run_id": call.get("run_id") or "",
            "run_link": call.get("run_link") or "",
            "description": call.get("description") or "",
            "tags": sized(call.get("tags", [])),
            "status": "PENDING_REGISTRATION" if self.pending else "READY",
        }
        if self.failing:
            self.failing -= 1
            failed = {"status": "FAILED_REGISTRATION", "status_message": "no room"}
            self.versions[call["name"], number] |= failed
        owner, below = found
        for (whose, path), content in list(self._store.files.items()):  # it has its own copy
            if whose == owner and path.startswith(below):
                self._store.files[f"v/{call['name']}/{number}", path.removeprefix(below)] = content
        return {"model_version": _shown(self.versions[call["name"], number])}

    def _get_version(self, call: dict[str, Any]) -> Any:
        version = self._version(call)
        if self.pending:
            self.pending -= 1
        elif version["status"] == "PENDING_REGISTRATION":
            version["status"] = "READY"
        return {"model_version": _shown(version)}

    def _search_versions(self, call: dict[str, Any]) -> Any:
        text = call.get("filter", "")
        if " and " in text.lower() or (text and not text.startswith("name = ")):
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Must be a single condition: {text}")
        wanted = text.removeprefix("name = ").strip("'\"")
        found = [each for each in self.versions.values() if not wanted or each["name"] == wanted]
        if "last_updated" in str(call.get("order_by", "")):
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "Invalid order by key: last_updated_timestamp")
        return {"model_versions": [_shown(each) for each in found]}

    def _ordered(self, call: dict[str, Any], found: Any) -> list[dict[str, Any]]:
        newest_first = "last_updated_timestamp DESC" in str(call.get("order_by", ""))
        return sorted(found, key=lambda each: -each["last_updated_timestamp"] if newest_first else 0)

    def _delete_version(self, call: dict[str, Any]) -> None:
        version = self._version(call)
        if version["current_stage"] in USED:
            raise Refusal(400, "INVALID_STATE", f"Cannot delete a version in stage {version['current_stage']}")
        del self.versions[version["name"], version["version"]]

    def _transition(self, call: dict[str, Any]) -> Any:
        version = self._version(call)
        if call["stage"] not in STAGES:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Invalid stage {call['stage']}")
        if call["archive_existing_versions"]:
            for each in self.versions.values():
                if each["name"] == version["name"] and each["current_stage"] == call["stage"]:
                    each["current_stage"] = "Archived"
        version.update(current_stage=call["stage"], last_updated_timestamp=self._tick())
        self.moves.append((version["name"], version["version"], call["stage"]))
        return {"model_version_databricks": _shown(version)}


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "tags": [{"key": key, "value": value} for key, value in found["tags"].items()]}
