"""Imports registered models and versions with their numbers, stages, aliases and times; files stay where they are.

A source has no uids, so they are derived from immutable values: a repeated import finds the same ones.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial

from trackside.core.http_client.errors import RequestRejected
from trackside.imports.patience import again
from trackside.imports.places import sized
from trackside.imports.report import Report
from trackside.imports.source import Place, Registered, Source, Unreadable, Version
from trackside.imports.target import Held, Target
from trackside.registry.model import marks_prompt
from trackside.registry.replica import derived_uid
from trackside.sync import document, fields
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.reader import OWN_TAGS
from trackside.sync.local.registry import id_of

# MLflow's layout of the files of a run or a logged model.
_OWNED = re.compile(r"/(models/)?([^/]+)/artifacts(?:/(.*))?$")
_RUNS = re.compile(r"runs:/+([^/]+)/(.+)")
_MODEL = re.compile(r"models:/+(m-[^/]+)/?")
NoteDifferences = Callable[[str, Patch, Held], None]


class RegistryImport:
    """`note_differences` records existing items with other content."""

    def __init__(
        self, source: Source, target: Target, report: Report, note_differences: NoteDifferences, *, dry_run: bool
    ) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._note_differences = note_differences
        self._dry_run = dry_run

    def take(self, model: Registered) -> None:
        tally = self._report.registered_models
        what = f"registered model {model.name}"
        try:
            uid = self._target.registered_model(model.name)
            held = self._target.held(Entity.REGISTERED_MODEL, [uid]).get(uid) if uid else None
            uid = uid or derived_uid("mlflow", model.name, model.created)
            if held is None and not self._dry_run:
                uid = self._put(Entity.REGISTERED_MODEL, uid, _first(model))
            named = self._versions(model, uid)
            differs = self._model(model, uid, held, named)
        except RequestRejected as refused:
            tally.failed += 1
            self._report.leave(what, str(refused))
            return
        if held is None:
            tally.new += 1
        elif differs:
            tally.changed += 1
        else:
            tally.same += 1

    def _model(self, model: Registered, uid: str, held: Held | None, named: dict[int, str]) -> bool:
        """Send the fields of a model that refer to its versions."""
        doc: Doc = {fields.DESCRIPTION: model.description}
        doc.update(_tags(model.tags))
        doc.update(
            {Field(FieldKind.ALIAS, alias): named[number] for alias, number in model.aliases.items() if number in named}
        )
        if held is not None:
            there = {
                field: _uid(value) if field.kind == FieldKind.ALIAS else value for field, value in held.doc.items()
            }
            patch = document.merge({}, there, doc, Mode.PULL).for_us
            if patch:
                self._note_differences(f"registered model {model.name}", patch, held)
            doc = patch.put
        last = max((version.version for version in model.versions), default=0)
        if not self._dry_run and (held is None or doc or last > int(held.doc.get(fields.LAST_VERSION, "0"))):
            times: Doc = {fields.UPDATED: str(model.updated), fields.LAST_VERSION: str(last)}
            self._put(Entity.REGISTERED_MODEL, uid, Patch({**doc, **times}))
        return bool(doc)

    def _versions(self, model: Registered, uid: str) -> dict[int, str]:
        """Return the uids of the existing versions, by their numbers at the source."""
        ids = {
            each.version: id_of(uid, derived_uid("mlflow", model.name, each.version, each.created))
            for each in model.versions
        }
        held = self._target.held(Entity.MODEL_VERSION, list(ids.values()))
        named = {}
        for version in model.versions:
            version_id = ids[version.version]
            try:
                self._version(model.name, version, version_id, held.get(version_id))
                named[version.version] = _uid(version_id)
            except RequestRejected as refused:
                self._report.model_versions.failed += 1
                self._report.leave(_words(model.name, version), str(refused))
        return named

    def _version(self, name: str, version: Version, version_id: str, held: Held | None) -> None:
        tally, what = self._report.model_versions, _words(name, version)
        doc: Doc = {fields.STAGE: version.stage}
        doc.update(_tags(version.tags))
        if version.description is not None:
            doc[fields.DESCRIPTION] = version.description
        if held is None:
            tally.new += 1
            if not self._dry_run:
                self._make(what, version, version_id, doc)
            return
        if held.doc[fields.NUMBER] != str(version.version):
            self._report.differences.append(
                f"{what}: is version {held.doc[fields.NUMBER]} in this workspace: its number was taken"
            )
        if not held.doc[fields.ORIGIN] and held.doc[fields.SOURCE] == version.source and not marks_prompt(version.tags):
            self._report.leave(what, f"its files are not in this workspace, but at {version.files}")
        patch = document.merge({}, held.doc, doc, Mode.PULL).for_us
        if not patch:
            tally.same += 1
            return
        tally.changed += 1
        self._note_differences(what, patch, held)
        if not self._dry_run:
            self._put(Entity.MODEL_VERSION, version_id, Patch({**patch.put, fields.UPDATED: str(version.updated)}))

    def _make(self, what: str, version: Version, version_id: str, doc: Doc) -> None:
        origin = self._origin(version)
        birth: Doc = {
            fields.NUMBER: str(version.version),
            fields.CREATED: str(version.created),
            fields.UPDATED: str(version.updated),
            fields.USER: version.user,
            fields.SOURCE: version.source,
            fields.ORIGIN: origin,
            fields.RUN_ID: version.run_id,
            fields.RUN_LINK: version.run_link,
            fields.MODEL_ID: version.model_id or (_MODEL.fullmatch(version.source) or ("", ""))[1],
        }
        if not origin and not marks_prompt(version.tags):
            try:
                self._send_files(version, version_id)
                birth[fields.COPIED] = "1"
            except Unreadable as reason:
                self._report.leave(what, f"its files stay where they are: {reason}")
        self._put(Entity.MODEL_VERSION, version_id, Patch({**doc, **birth}))

    def _origin(self, version: Version) -> str:
        """Return the run or logged model with which the files were imported; empty for none."""
        for uri in (version.files, version.source):
            of_run, of_model, owned = _RUNS.fullmatch(uri), _MODEL.fullmatch(uri), _OWNED.search(uri)
            if of_run:
                found = ("run", Entity.RUN, of_run[1], of_run[2])
            elif of_model:
                found = ("model", Entity.LOGGED_MODEL, of_model[1], "")
            elif owned and owned[1]:
                found = ("model", Entity.LOGGED_MODEL, owned[2], owned[3] or "")
            elif owned:
                found = ("run", Entity.RUN, owned[2], owned[3] or "")
            else:
                continue
            kind, entity, owner, path = found
            if owner in self._target.held(entity, [owner]):
                return f"{kind}/{owner}/{path}"
        return ""

    def _send_files(self, version: Version, version_id: str) -> None:
        place = self._source.place_of(version.files)
        files = place.files()
        if not files:
            raise Unreadable(f"there are none at {version.files}")
        there = self._target.remote.files(Entity.MODEL_VERSION, version_id)
        for path, size in files.items():
            if path in there and there[path].size_bytes == size:
                continue
            again(partial(self._send_file, version_id, place, path, size))
            self._report.files += 1
            self._report.bytes += size

    def _send_file(self, version_id: str, place: Place, path: str, size: int) -> None:
        self._target.send_file(Entity.MODEL_VERSION, version_id, path, size, sized(place, path, size))

    def _put(self, entity: Entity, item_id: str, patch: Patch) -> str:
        return self._target.remote.make(entity, item_id, "", patch).id


def _first(model: Registered) -> Patch:
    return Patch(
        {
            fields.NAME: model.name,
            fields.DESCRIPTION: model.description,
            fields.CREATED: str(model.created),
            **_tags(model.tags),
        }
    )


def _tags(given: Mapping[str, str]) -> Doc:
    """Return the tags without those that mark a link's copies: they are not stored, and would differ each time."""
    return {Field(FieldKind.TAG, key): value for key, value in given.items() if key not in OWN_TAGS}


def _uid(value: str) -> str:
    """Return the uid in a version's id, or in the value of an alias."""
    return value.replace("/", " ").rpartition(" ")[2]


def _words(name: str, version: Version) -> str:
    return f"version {version.version} of {name}"
