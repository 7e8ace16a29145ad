"""Calls that MLflow does not have: history, stages and approvals, lineage, deletion with files, and files of versions."""

import dataclasses
import logging
from dataclasses import dataclass
from typing import ClassVar

from msgspec import UNSET, UnsetType, field, structs

from trackside.artifacts import keys, transfer
from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.access import Action
from trackside.core.db.session import Session
from trackside.core.db.tx import Tx
from trackside.core.errors import Busy, Denied, Invalid, NotFound, Unavailable, Unsupported
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import Answer, Call, Part, decode_body, encode, missing
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.core.work import backup_lease
from trackside.registry import approvals, history, lineage, moments, stages, versions
from trackside.registry import model as m
from trackside.registry import routes as shared
from trackside.registry.approvals import StageRequest
from trackside.registry.files import removal
from trackside.registry.files.removal import Deletion, FilesToDelete, Freed, Kept, Plan, Work
from trackside.registry.history import Event, Held, Kind, StagesEvent
from trackside.registry.lineage import Lineage, RunModels
from trackside.registry.model import model_not_found
from trackside.registry.stages import Stage

log = logging.getLogger("trackside.registry")

DEFAULT_PAGE, MAX_PAGE = 100, 1_000
MAX_BODY_BYTES = 64 << 10


class GivenStage(Part, frozen=True):
    name: str | None = None
    needs_approval: bool | None = None


class SetStages(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("stages",)
    stages: list[GivenStage] | None = None


class ShownStage(Answer, frozen=True):
    name: str
    needs_approval: bool


class Stages(Answer, frozen=True):
    stages: list[ShownStage]


class Pages(Call, frozen=True):
    max_results: int | None = None
    page_token: str | None = None


class StagesHistory(Answer, frozen=True):
    """Changes of the stages, the newest first."""

    events: list[StagesEvent] = field(default_factory=list)
    next_page_token: str | None = None


class GetHistory(m.OfModel, frozen=True):
    kind: str | None = None
    version: str | None = None
    alias: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class History(Answer, frozen=True):
    """Changes of a model, the newest first."""

    events: list[Event] = field(default_factory=list)
    next_page_token: str | None = None


class At(m.OfModel, frozen=True):
    stage: str | None = None
    alias: str | None = None
    time: str | None = None


class WasAt(Answer, frozen=True):
    """The versions that were in a stage, or that an alias named, at a time; a stage may have several."""

    name: str
    time: int  # ms
    versions: list[Held]
    stage: str | UnsetType = UNSET
    alias: str | UnsetType = UNSET


class Ask(m.OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "version", "stage")
    stage: str | None = None
    archive_existing_versions: bool | None = None
    comment: str | None = None


class ListRequests(m.OfVersion, frozen=True):
    status: str | None = None


class ListAllRequests(Call, frozen=True):
    status: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class Decide(m.OfVersion, frozen=True):
    request_id: str | None = None
    comment: str | None = None


class GotRequest(Answer, frozen=True):
    stage_request: StageRequest


class Approved(Answer, frozen=True):
    stage_request: StageRequest
    model_version: m.ModelVersion


class Requests(Answer, frozen=True):
    stage_requests: list[StageRequest] = field(default_factory=list)
    next_page_token: str | None = None


class Delete(Call, frozen=True):
    """`delete_files`: delete the files too.

    `shared_files` is for files that a run, a logged model or another version also has: `keep` (the default) or `delete`.  Files
    in use are always kept."""

    delete_files: bool | None = None
    shared_files: str | None = None


class OfRun(Call, frozen=True):
    run_id: str | None = None


def get_stages(tx: Tx, _: Call) -> Stages:
    """Return the stages of the workspace, in their order."""
    return _shown(stages.of(tx))


def set_stages(tx: Tx, call: SetStages) -> Stages:
    """Replace the stages, which must include MLflow's four."""
    wanted = [Stage(given.name or "", bool(given.needs_approval)) for given in call.stages or []]
    return _shown(stages.replace(tx, wanted))


def get_stages_history(tx: Tx, call: Pages) -> StagesHistory:
    """Return the changes of the workspace's stages and their users, the newest first."""
    limit = _limit(call.max_results)
    found = history.stages(tx, limit=limit + 1, after=_after(call.page_token))
    return StagesHistory(events=found[:limit], next_page_token=found[limit - 1].id if len(found) > limit else None)


def get_history(tx: Tx, call: GetHistory) -> History:
    """Return the changes of a model's name, versions, stages and aliases, the newest first.  Deleted models are included."""
    limit = _limit(call.max_results)
    kinds = [str(kind) for kind in Kind]
    if call.kind:
        if call.kind not in kinds:
            raise Invalid(f"kind is '{call.kind[:100]}'; it must be one of {', '.join(kinds)}")
        kinds = [call.kind]
    version = m.check_version(call.version) if call.version else None
    models_with_name = history.models_with_name(tx, call.model)
    if not models_with_name:
        raise model_not_found(call.model)
    found = history.page(
        tx,
        models_with_name,
        name=call.model,
        current=_current(tx, call.model),
        kinds=kinds,
        limit=limit + 1,
        after=_after(call.page_token),
        version=version,
        alias=call.alias,
    )
    more = found[limit - 1].id if len(found) > limit else None
    return History(events=found[:limit], next_page_token=more)


def get_at(tx: Tx, call: At) -> WasAt:
    """Return the versions that were in a stage, or that an alias (or `latest`) named, at a time (default: now).

    A date without a time means the end of that day in UTC."""
    if bool(call.stage) == bool(call.alias):
        raise Invalid("Say either a stage or an alias")
    time = moments.parse(call.time) if call.time else tx.now
    bearer = history.model_with_name_at(tx, call.model, time) or _current(tx, call.model)
    models_with_name = history.models_with_name(tx, call.model)
    if bearer is None and not models_with_name:
        raise model_not_found(call.model)
    if call.stage:
        known = stages.of(tx)
        stage = stages.spelled(known, call.stage)
        if all(one.name != stage for one in known) and not history.were_in(tx, models_with_name, stage):
            *others, last = (one.name for one in known)
            raise Invalid(
                f"stage is '{stage[:100]}', in which this model never was; there are {', '.join(others)} and {last}"
            )
        held = [] if bearer is None else history.stage_at(tx, bearer, stage, time)
        return WasAt(name=call.model, time=time, stage=stage, versions=held)
    alias = call.alias or ""
    named = None
    if bearer is not None:
        is_latest = alias.lower() == m.LATEST
        named = history.newest_at(tx, bearer, time) if is_latest else history.alias_at(tx, bearer, alias, time)
    return WasAt(name=call.model, time=time, alias=alias, versions=[] if named is None else [named])


def ask(tx: Tx, call: Ask) -> GotRequest:
    """Request to move a version to a stage."""
    made = approvals.ask(
        tx,
        call.model,
        call.number,
        call.stage or "",
        archive_existing=bool(call.archive_existing_versions),
        comment=call.comment or "",
    )
    return GotRequest(stage_request=made)


def list_requests(tx: Tx, call: ListRequests) -> Requests:
    """Return the requests about a version, the newest first."""
    return Requests(stage_requests=approvals.of_version(tx, call.model, call.number, approvals.statuses(call.status)))


def list_all_requests(tx: Tx, call: ListAllRequests) -> Requests:
    """Return the requests about all versions that exist, the newest first."""
    limit = _limit(call.max_results)
    found = approvals.of_workspace(tx, approvals.statuses(call.status), limit=limit + 1, after=_after(call.page_token))
    more = found[limit - 1].request_id if len(found) > limit else None
    return Requests(stage_requests=found[:limit], next_page_token=more)


def approve(tx: Tx, call: Decide) -> Approved:
    """Approve a request and move the version."""
    request, moved = approvals.approve(tx, call.model, call.number, call.request_id or "", call.comment or "")
    return Approved(stage_request=request, model_version=moved)


def reject(tx: Tx, call: Decide) -> GotRequest:
    """Reject a request; the stage of the version does not change."""
    request = approvals.reject(tx, call.model, call.number, call.request_id or "", call.comment or "")
    return GotRequest(stage_request=request)


def get_lineage(tx: Tx, call: m.OfVersion) -> Lineage:
    """Return the run, experiment, data, code and logged model that a version comes from, and its users."""
    return lineage.of_version(tx, call.model, call.number)


def get_run_models(tx: Tx, call: OfRun) -> RunModels:
    """Return the model versions and logged models of a run that the caller may read."""
    return lineage.of_run(tx, call.run_id or "")


class OfVersionFile(m.OfVersion, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("name", "version", "path")
    path: str | None = None


ONE = by("model", "name")


@dataclass(frozen=True)
class Files:
    """The handlers of calls that read or delete files, in `threads`."""

    roots: Roots
    threads: StoreThreads
    _at_work: set[int] = dataclasses.field(default_factory=set)  # the records whose files a request is removing

    async def get(self, request: Request) -> Response:
        """Return a file of a version."""
        name, version, path = (request.argument(what) for what in ("name", "version", "path"))
        if not path:
            raise missing("path")
        keys.from_path(path)
        root = await request.read(lambda tx: versions.root_of(tx, name, version))
        spot = self.roots.of(root, path, request.workspace)
        return await transfer.answer(request, spot.blobs, spot.key, self.threads.of(spot))

    async def delete_model(self, request: Request) -> Response:
        """Delete a registered model with all versions, and their files if asked for."""
        call, name = await _deletion(request), request.params["name"]
        return await self._delete(
            request,
            lambda tx: removal.delete_model(
                tx, name, with_files=bool(call.delete_files), shared_too=call.shared_files == "delete"
            ),
        )

    async def delete_version(self, request: Request) -> Response:
        """Delete a version, and its files if asked for."""
        call, name, version = await _deletion(request), request.params["name"], request.params["version"]
        return await self._delete(
            request,
            lambda tx: removal.delete_version(
                tx, name, version, with_files=bool(call.delete_files), shared_too=call.shared_files == "delete"
            ),
        )

    async def _delete(self, request: Request, work: Work) -> Response:
        answer = await self.carry_out(request, work)
        return Response(headers=[(b"content-type", b"application/json")], body=encode(answer))

    async def carry_out(self, request: Session, work: Work) -> Deletion:
        """Delete rows, then the files that nothing else uses."""
        taken: set[int] = set()

        def plan_and_take(tx: Tx) -> Plan:
            self._at_work.difference_update(taken)  # left by an attempt that was rolled back
            taken.clear()
            plan = work(tx)
            to_delete = [place for place in plan.to_delete if place.deletion_seq not in self._at_work]
            if to_delete:
                backup_lease.check_none(tx)
            taken.update(place.deletion_seq for place in to_delete)
            self._at_work.update(taken)
            return structs.replace(plan, to_delete=to_delete)

        try:
            return await self._free(request, await request.write(plan_and_take))
        finally:
            self._at_work.difference_update(taken)

    async def _free(self, request: Session, plan: Plan) -> Deletion:
        settled: list[tuple[FilesToDelete, Freed]] = []
        kept, pending = list(plan.kept), []
        for place in plan.to_delete:
            freed = Freed(0, 0)
            try:
                spot = removal.spot_of(self.roots, place, plan.workspace_root, request.workspace)
                freed = await self.threads.of(spot).run_long(removal.free, spot)
            except (Busy, Unavailable) as fault:
                log.warning("the files at %s stay for now: %s", place.files_uri, fault)
                pending.append(place.files_uri)
                continue
            except (Denied, Invalid, NotFound, Unsupported) as fault:
                kept.append(Kept(uri=place.files_uri, reason=fault.message))
            settled.append((place, freed))
        # Another server may process the same record: the server that deletes the record counts the files.
        ours: set[int] = set()
        if settled:
            ours = await request.write(lambda tx: removal.forget(tx, [place for place, _ in settled]))
        counted = [freed for place, freed in settled if place.deletion_seq in ours]
        return Deletion(
            deleted_versions=plan.deleted_versions,
            deleted_files=sum(freed.files for freed in counted),
            freed_bytes=sum(freed.size_bytes for freed in counted),
            kept=kept,
            pending=pending,
        )


def routes(calls: Files) -> list[Route]:
    own = "/api/trackside/v1"
    model, version = f"{own}/registered-models/{{name}}", f"{own}/model-versions/{{name}}/{{version}}"
    requests = f"{version}/stage-requests"
    return [
        query(f"GET {own}/registry/stages", Call, get_stages, needs=Action.MODELS_READ, answer=Stages),
        command(f"PUT {own}/registry/stages", SetStages, set_stages, needs=Action.REGISTRY_WRITE, answer=Stages),
        query(
            f"GET {own}/registry/stages/history",
            Pages,
            get_stages_history,
            needs=Action.MODELS_READ,
            answer=StagesHistory,
        ),
        command(
            f"POST {own}/registered-models",
            m.Register,
            shared.register,
            needs=Action.MODELS_CREATE,
            on=shared.sources_of_first,
            also=(Action.RUNS_READ,),
            status=201,
            answer=m.GotVersion,
        ),
        query(f"GET {model}/history", GetHistory, get_history, needs=Action.MODELS_READ, on=ONE, answer=History),
        query(f"GET {model}/at", At, get_at, needs=Action.MODELS_READ, on=ONE, answer=WasAt),
        query(
            f"GET {own}/stage-requests", ListAllRequests, list_all_requests, needs=Action.MODELS_READ, answer=Requests
        ),
        query(f"GET {requests}", ListRequests, list_requests, needs=Action.MODELS_READ, on=ONE, answer=Requests),
        command(f"POST {requests}", Ask, ask, needs=Action.MODELS_WRITE, on=ONE, status=201, answer=GotRequest),
        command(
            f"POST {requests}/{{request_id}}/approve",
            Decide,
            approve,
            needs=Action.MODELS_APPROVE,
            on=ONE,
            answer=Approved,
        ),
        command(
            f"POST {requests}/{{request_id}}/reject",
            Decide,
            reject,
            needs=Action.MODELS_APPROVE,
            on=ONE,
            answer=GotRequest,
        ),
        query(f"GET {version}/lineage", m.OfVersion, get_lineage, needs=Action.MODELS_READ, on=ONE, answer=Lineage),
        query(
            f"GET {own}/runs/{{run_id}}/models",
            OfRun,
            get_run_models,
            needs=Action.RUNS_READ,
            on=by("run", "run_id"),
            answer=RunModels,
        ),
        stream(
            "GET /model-versions/get-artifact",
            calls.get,
            needs=Action.MODELS_READ,
            arguments=OfVersionFile,
            media="application/octet-stream",
        ),
        stream(
            f"POST {model}/delete", calls.delete_model, call=Delete, needs=Action.MODELS_DELETE, on=ONE, answer=Deletion
        ),
        stream(
            f"POST {version}/delete",
            calls.delete_version,
            call=Delete,
            needs=Action.MODELS_DELETE,
            on=ONE,
            answer=Deletion,
        ),
    ]


def _shown(known: tuple[Stage, ...]) -> Stages:
    return Stages(stages=[ShownStage(name=stage.name, needs_approval=stage.needs_approval) for stage in known])


def _current(tx: Tx, name: str) -> int | None:
    """Return the model that has this name now."""
    row = tx.one("SELECT model_seq FROM registered_models WHERE workspace_id = :ws AND name = :name", name=name)
    return None if row is None else row[0]


def _limit(given: int | None) -> int:
    limit = DEFAULT_PAGE if given is None else given
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"max_results is {limit}; it must be between 1 and {MAX_PAGE}")
    return limit


def _after(token: str | None) -> int:
    if not token:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise Invalid(f"'{token[:100]}' is not a page token of this list")
    return int(token)


async def _deletion(request: Request) -> Delete:
    check_content_type(request.headers.get(b"content-type"))  # as for every call with a body
    body = b""
    async for chunk in request.body():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Invalid(f"The body is larger than {MAX_BODY_BYTES} bytes")
    call: Delete = decode_body(Delete, body)
    if call.shared_files not in (None, "keep", "delete"):
        raise Invalid(f"shared_files is '{call.shared_files[:100]}'; it must be keep or delete")
    return call
