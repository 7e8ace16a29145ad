"""The registry of a server with MLflow's REST API: models are addressed by name, and the server assigns version numbers.

Tags identify the source of a copy.  Such a server registers only files of a run, so a version whose files belong to no replicated
run or logged model gets a run of its own for them.
"""

import time
from collections.abc import Container, Iterator
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from trackside.core.errors import BadState
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.errors import RequestRejected, unless_missing
from trackside.registry.model import NO_STAGE, marks_prompt
from trackside.registry.replica import derived_uid
from trackside.sync import fields
from trackside.sync.document import Doc, Patch, of_kind
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind, Verb
from trackside.sync.item_documents import NAME_TAG
from trackside.sync.local.reader import OWN_TAGS, SOURCE_UID, SOURCE_VERSION, SOURCE_WORKSPACE, Snapshot
from trackside.sync.remote.entries import ListEntry, all_read, read_each
from trackside.sync.remote.mlflow.answers import (
    Done,
    DownloadUri,
    OneRegisteredModel,
    OneRun,
    OneVersion,
    RegisteredModelPage,
    RunPage,
    VersionPage,
)
from trackside.sync.remote.mlflow.shapes import RegisteredModel, Run, Tag, decoded
from trackside.sync.remote.mlflow.wire import (
    API,
    is_of_value,
    leaving_out,
    pairs,
    snapshot_of_registered_model,
    snapshot_of_version,
)
from trackside.sync.remote.paging import entries_of
from trackside.sync.remote.port import CreatedItem, LeftOut
from trackside.sync.remote.registry_port import ChangedItem, RemoteRegistry

EXPERIMENT = "trackside/registry"  # of the runs with files of versions
PENDING = "PENDING_REGISTRATION"
FAILED = "FAILED_REGISTRATION"
PAGE = 200
REMEMBER_S = 30.0
T = TypeVar("T")


class Runs(Protocol):
    """The calls of the remote that its registry uses."""

    def find_experiment(self, name: str) -> str | None: ...

    def make_experiment(self, name: str) -> CreatedItem: ...

    def root(self, entity: Entity, remote_id: str) -> str: ...

    def is_empty(self, experiment_id: str) -> bool: ...

    def remove(self, entity: Entity, remote_id: str) -> None: ...


class MlflowRegistry(RemoteRegistry):
    transition = "model-versions/transition-stage"

    def __init__(self, http: HttpClient, runs: Runs, source: str) -> None:
        self._http = http
        self._runs = runs
        self._source = source
        self._uids: dict[
            str, tuple[float, dict[str, str]]
        ] = {}  # versions by uid of recent models, and the time of the read

    @cached_property
    def knows_aliases(self) -> bool:
        """Return whether the release has aliases, which MLflow before 2.3 does not."""
        try:
            self.ask(Done, "registered-models/alias", name="trackside", alias="trackside")
        except RequestRejected as refused:
            return not refused.is_unknown_call
        return True

    @property
    def log_tells(self) -> bool:
        return False

    def can(self, entity: Entity, field: Field, verb: Verb) -> bool:
        del verb
        own = FieldKind.NAME if entity is Entity.REGISTERED_MODEL else FieldKind.STAGE
        can_alias = field.kind is FieldKind.ALIAS and self.knows_aliases
        return can_alias or field.kind in (own, FieldKind.DESCRIPTION, FieldKind.TAG)

    def stages(self) -> frozenset[str]:
        return frozenset((NO_STAGE, "Staging", "Production", "Archived"))

    def read(self, entity: Entity, remote_id: str) -> Snapshot | None:
        return unless_missing(lambda: self._read(entity, remote_id))

    def _read(self, entity: Entity, remote_id: str) -> Snapshot:
        name, _, version = remote_id.partition("/")
        if entity is Entity.REGISTERED_MODEL:
            return snapshot_of_registered_model(self.get_model(name))
        found = self.ask(OneVersion, "model-versions/get", name=name, version=version).model_version
        if found.status == FAILED:
            said = found.status_message or "the remote gives no reason"
            return replace(snapshot_of_version(found), failed=f"its registration on the remote failed: {said}")
        if found.status != "READY":
            raise BadState(f"version {version} of {name} is {found.status} on the remote: it waits until it is READY")
        return snapshot_of_version(found)

    def get_model(self, name: str) -> RegisteredModel:
        return self.ask(OneRegisteredModel, "registered-models/get", name=name).registered_model

    def everything(self) -> Iterator[ListEntry]:
        """Yield models, then versions."""
        yield from self._search("registered-models", "")
        yield from self._search("model-versions", "")

    def recent(self, since: int) -> Iterator[ListEntry]:
        """Yield items that changed since a time (ms) by the remote's clock; none if the release cannot sort by it."""
        for noun in ("registered-models", "model-versions"):
            try:
                for each in self._search(noun, "last_updated_timestamp DESC"):
                    if isinstance(each, Snapshot) and int(each.doc[fields.SEEN]) < since:
                        break
                    yield each
            except RequestRejected:
                continue

    def uid_of(self, version: Snapshot) -> str:
        return version.doc.get(Field(FieldKind.TAG, SOURCE_UID)) or self.own_uid_of(version)

    def own_uid_of(self, version: Snapshot) -> str:
        born = [version.doc.get(each, "") for each in (fields.NUMBER, fields.CREATED, fields.SOURCE, fields.RUN_ID)]
        return derived_uid("version", *born)

    def model_uid_of(self, model: Snapshot) -> str:
        return model.doc.get(Field(FieldKind.TAG, SOURCE_UID)) or derived_uid(
            "model", model.item_id, model.doc[fields.CREATED]
        )

    def origin_of(self, version: Snapshot) -> str:
        """Return the remote's run or logged model with the files of a version."""
        source, run_id, model_id = (
            version.doc.get(each, "") for each in (fields.SOURCE, fields.RUN_ID, fields.MODEL_ID)
        )
        if source.startswith("models:/m-") and source.count("/") == 1:
            return f"model/{source.removeprefix('models:/')}/"
        if source.startswith("runs:/"):
            return f"run/{source.removeprefix('runs:/')}"
        for what, entity, owner in (("model", Entity.LOGGED_MODEL, model_id), ("run", Entity.RUN, run_id)):
            root = self._root(entity, owner) if owner else ""
            if root and f"{source}/".startswith(f"{root.rstrip('/')}/"):
                return f"{what}/{owner}/{source[len(root.rstrip('/')) :].strip('/')}"
        return ""

    def find_model(self, uid: str, name: str) -> str | None:
        del uid
        return None if self.read(Entity.REGISTERED_MODEL, name) is None else name

    def names_changed(self) -> None:
        self._uids.clear()

    def make_model(self, uid: str, doc: Doc) -> str:
        name = doc[fields.NAME]
        tags = {**of_kind(doc, FieldKind.TAG), SOURCE_UID: uid, SOURCE_WORKSPACE: self._source}
        body = {"name": name, "tags": pairs(tags), "description": doc.get(fields.DESCRIPTION) or None}
        try:
            self._make("registered-models/create", body, idempotent=True)
        except RequestRejected as refused:
            if refused.code != "RESOURCE_ALREADY_EXISTS":
                raise
        return name

    def versions_of(self, model_id: str) -> list[str]:
        found = self._versions(model_id)
        return [snapshot.item_id for snapshot in sorted(found, key=lambda each: int(each.doc[fields.NUMBER]))]

    def find_version(self, model_id: str, uid: str, *, is_brought: bool) -> str | None:
        since, known = self._uids.get(model_id, (float("-inf"), {}))
        if time.monotonic() - since > REMEMBER_S or (is_brought and uid not in known):
            # Also a version that is still being created.
            found = list(self._versions(model_id))
            known = {
                self.own_uid_of(snapshot): snapshot.item_id for snapshot in found
            }  # of one that was copied with its tags
            known |= {self.uid_of(snapshot): snapshot.item_id for snapshot in found}
            if len(self._uids) > PAGE:
                self._uids.clear()
            self._uids[model_id] = (time.monotonic(), known)
        return known.get(uid)

    def prepare_files(self, model_id: str, uid: str, doc: Doc) -> str:
        """Return the id of the run for the files of a new version; create it if there is none."""
        experiment_id = self._runs.find_experiment(EXPERIMENT) or self._runs.make_experiment(EXPERIMENT).id
        search = {
            "experiment_ids": [experiment_id],
            "filter": f"tags.`{SOURCE_UID}` = '{uid}'",
            "max_results": 1,
        }
        found = decoded(RunPage, self._call("POST", "runs/search", search)).runs
        if found:
            return decoded(Run, found[0]).id
        name = f"{model_id} version {doc[fields.NUMBER]}"
        tags = {SOURCE_UID: uid, SOURCE_WORKSPACE: self._source, NAME_TAG: name}
        now = time.time_ns() // 1_000_000
        body = {"experiment_id": experiment_id, "start_time": now, "run_name": name, "tags": pairs(tags)}
        return decoded(OneRun, self._call("POST", "runs/create", body, idempotent=False)).run.id

    def make_version(self, model_id: str, uid: str, doc: Doc, files_at: str | None) -> str:
        tags = of_kind(doc, FieldKind.TAG)
        body: dict[str, Any] = {
            "name": model_id,
            "run_link": doc.get(fields.RUN_LINK) or None,
            "description": doc.get(fields.DESCRIPTION) or None,
            **self.place(doc, tags, files_at),
        }
        number = f"{model_id}/{doc[fields.NUMBER]}"
        tags |= {SOURCE_UID: uid, SOURCE_VERSION: number, SOURCE_WORKSPACE: self._source}
        body["tags"] = pairs(tags)
        self._uids.pop(model_id, None)
        made = decoded(OneVersion, self._make("model-versions/create", body, idempotent=False)).model_version
        if files_at is not None:
            ended = {"run_id": files_at, "status": "FINISHED", "end_time": time.time_ns() // 1_000_000}
            self._call("POST", "runs/update", ended)
        return f"{model_id}/{made.version}"

    def number_of(self, version_id: str) -> str:
        return version_id.rpartition("/")[2]

    def alias_of(self, version_id: str, value: str) -> str:
        del value
        return self.number_of(version_id)

    def named_by(self, model_id: str, value: str) -> str:
        return f"{model_id}/{value}"

    def change(self, entity: Entity, remote_id: str, patch: Patch) -> ChangedItem:
        return (
            self.change_model(remote_id, patch)
            if entity is Entity.REGISTERED_MODEL
            else self._change_version(remote_id, patch)
        )

    def remove(self, entity: Entity, remote_id: str) -> bool:
        name, _, version = remote_id.partition("/")
        if entity is Entity.MODEL_VERSION:
            found = self.read(entity, remote_id)
            self._unless_missing("model-versions/delete", {"name": name, "version": version})
            self._uids.pop(name, None)
            if found is not None:
                self._remove_files(found)
            return True
        if self.versions_of(name):
            return False
        self._unless_missing("registered-models/delete", {"name": name})
        return True

    def tidy(self) -> None:
        experiment_id = self._runs.find_experiment(EXPERIMENT)
        if experiment_id is not None and self._runs.is_empty(experiment_id):
            self._runs.remove(Entity.EXPERIMENT, experiment_id)

    def _remove_files(self, version: Snapshot) -> None:
        """Delete the run that was created for the files of a version, if there is one."""
        run_id, uid = version.doc[fields.RUN_ID], version.doc.get(Field(FieldKind.TAG, SOURCE_UID))
        if not run_id or not uid:
            return
        found = unless_missing(lambda: self.ask(OneRun, "runs/get", run_id=run_id))
        if found is None or Tag(SOURCE_UID, uid) not in found.run.data.tags:
            return
        others = self._search("model-versions", "", f"run_id = {_quoted(run_id)}", with_pending=True)
        if next(others, None) is None:  # a copy in another model has the same run
            self._runs.remove(Entity.RUN, run_id)

    def download_uri(self, version_id: str) -> str:
        name, _, version = version_id.partition("/")
        found = self.ask(DownloadUri, "model-versions/get-download-uri", name=name, version=version)
        return found.artifact_uri or ""

    def place(self, doc: Doc, tags: dict[str, str], files_at: str | None) -> dict[str, Any]:
        """Return source, run and model of a version in the form that the server accepts: its source must be inside the files of
        the run or model."""
        source, run_id = doc.get(fields.SOURCE, ""), doc.get(fields.RUN_ID) or None
        if marks_prompt(tags):
            return {"source": source}
        if files_at is not None:
            return {"source": self._root(Entity.RUN, files_at), "run_id": files_at}
        what, _, rest = doc.get(fields.ORIGIN, "").partition("/")
        owner, _, path = rest.partition("/")
        if what == "model":
            by_id = f"models:/{owner}"
            if source != by_id:
                source = _below(self._root(Entity.LOGGED_MODEL, owner), path)
            return {"source": source, "run_id": run_id, "model_id": owner}
        if what == "run":
            return {"source": _below(self._root(Entity.RUN, owner), path), "run_id": owner}
        return {"source": source, "run_id": run_id}

    def _root(self, entity: Entity, owner: str) -> str:
        return unless_missing(lambda: self._runs.root(entity, owner)) or ""

    def change_model(self, name: str, patch: Patch) -> ChangedItem:
        renamed = patch.put.get(fields.NAME)
        if renamed is not None and renamed != name:
            self._call("POST", "registered-models/rename", {"name": name, "new_name": renamed})
            self._uids.pop(name, None)
            name = renamed
        left_out = self._write("registered-models", {"name": name}, patch)
        for alias, number in of_kind(patch.put, FieldKind.ALIAS).items():
            self._call("POST", "registered-models/alias", {"name": name, "alias": alias, "version": number})
        for kind, key in patch.drop:
            if kind == FieldKind.TAG:
                self._unless_missing("registered-models/delete-tag", {"name": name, "key": key})
            elif kind == FieldKind.ALIAS:
                self._unless_missing("registered-models/alias", {"name": name, "alias": key})
        return ChangedItem(name, left_out)

    def _change_version(self, remote_id: str, patch: Patch) -> ChangedItem:
        name, _, version = remote_id.partition("/")
        of = {"name": name, "version": version}
        left_out = self._write("model-versions", of, patch)
        for key in patch.dropped(FieldKind.TAG):
            self._unless_missing("model-versions/delete-tag", {**of, "key": key})
        stage = patch.put.get(fields.STAGE)
        if stage is not None:
            self._call("POST", self.transition, {**of, "stage": stage, "archive_existing_versions": False})
        return ChangedItem(remote_id, left_out)

    def _make(self, call: str, body: dict[str, Any], *, idempotent: bool) -> Any:
        """Create an item with tags and description; if one of them is rejected, with the link's tags only: `change` reports
        which."""
        given = {key: value for key, value in body.items() if value is not None}
        try:
            return self._call("POST", call, given, idempotent=idempotent)
        except RequestRejected as refused:
            local = [tag for tag in given["tags"] if tag["key"] in OWN_TAGS]
            if not is_of_value(refused) or (local == given["tags"] and "description" not in given):
                raise
            least = {key: value for key, value in given.items() if key != "description"}
            return self._call("POST", call, {**least, "tags": local}, idempotent=idempotent)

    def _write(self, noun: str, of: dict[str, str], patch: Patch) -> LeftOut:
        """Send the description and tags; return the fields that were left out."""
        left_out: LeftOut = {}
        if any(field == fields.DESCRIPTION for field in (*patch.put, *patch.drop)):
            text = patch.put.get(fields.DESCRIPTION, "")
            with leaving_out(left_out, fields.DESCRIPTION, "/".join(of.values())):
                self._call("PATCH", f"{noun}/update", {**of, "description": text})
        for key, value in of_kind(patch.put, FieldKind.TAG).items():
            with leaving_out(left_out, Field(FieldKind.TAG, key), "/".join(of.values())):
                self._call("POST", f"{noun}/set-tag", {**of, "key": key, "value": value})
        return left_out

    def _search(self, noun: str, order: str, filter_: str = "", *, with_pending: bool = False) -> Iterator[ListEntry]:
        filters = [filter_] if filter_ else [""]
        if not filter_ and self.knows_aliases:  # prompts are returned only on request
            filters.append("tags.`mlflow.prompt.is_prompt` = 'true'")
        elif self.knows_aliases:
            filters.append(f"{filter_} AND tags.`mlflow.prompt.is_prompt` = 'true'")
        shown = ("READY", PENDING) if with_pending else ("READY",)  # a failed version cannot be loaded
        seen: set[str] = set()
        for text in filters:
            query = {"max_results": PAGE, "filter": text or None, "order_by": order or None}
            ask = partial(self._page, noun, shown, query)
            for each in entries_of(f"{noun}/search", ask):
                if each.item_id not in seen:
                    seen.add(each.item_id)
                    yield each

    def _page(
        self, noun: str, shown: Container[str], query: dict[str, Any], token: str | None
    ) -> tuple[list[ListEntry], str | None]:
        if noun == "registered-models":
            models = self.ask(RegisteredModelPage, f"{noun}/search", **query, page_token=token)
            return read_each(
                models.registered_models, snapshot_of_registered_model, itemgetter("name")
            ), models.next_page_token
        page = self.ask(VersionPage, f"{noun}/search", **query, page_token=token)
        found = [each for each in page.model_versions if _status(each) in shown]
        return read_each(
            found, snapshot_of_version, lambda each: f"{each['name']}/{each['version']}"
        ), page.next_page_token

    def _versions(self, model_id: str) -> Iterator[Snapshot]:
        return all_read(self._search("model-versions", "", f"name = {_quoted(model_id)}", with_pending=True))

    def _unless_missing(self, path: str, body: Any) -> None:
        try:
            self._call("DELETE", path, body)
        except RequestRejected as refused:
            if not refused.is_missing and "not found" not in str(refused):
                raise

    def ask(self, shape: type[T], path: str, **query: Any) -> T:
        return decoded(shape, self._http.json("GET", f"{API}/{path}", None, **query))

    def _call(self, method: str, path: str, body: Any, *, idempotent: bool = True) -> Any:
        return self._http.json(method, f"{API}/{path}", body, idempotent=idempotent)


def _below(root: str, path: str) -> str:
    return f"{root.rstrip('/')}/{path}" if path else root


def _status(version: Any) -> object:
    return version.get("status", "READY") if isinstance(version, dict) else "READY"


def _quoted(name: str) -> str:
    return f'"{name}"' if "'" in name else f"'{name}'"
