"""The calls about logged models and their files."""

from dataclasses import dataclass
from typing import ClassVar

from trackside.artifacts import keys, transfer
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.routes import RunListing, file_infos
from trackside.artifacts.store import Root
from trackside.artifacts.store_threads import StoreThreads
from trackside.core import names
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import BadRequest
from trackside.core.http.codec import Call, encode
from trackside.core.http.routes import LISTED, Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.logged_models import model as m
from trackside.logged_models import search, store

ONE = by("logged_model", "model_id")


def create(tx: Tx, call: m.CreateModel) -> m.GotModel:
    names.check_length(call.model_type or "", "model_type", m.MAX_NAME)
    names.check_length(call.source_run_id or "", "source_run_id", m.MAX_RUN_ID)
    model_id = store.create(
        tx,
        call.experiment_id or "",
        name=m.check_name(call.name),
        model_type=call.model_type or "",
        source_run_id=call.source_run_id or "",
        params=m.check_params(call.params or []),
        tags=m.check_tags(call.tags or []),
    )
    return m.GotModel(model=store.get(tx, model_id))


def get(tx: Tx, call: m.GetModel) -> m.GotModel:
    return m.GotModel(model=store.get(tx, call.model_id, allow_deleted=bool(call.allow_deleted)))


def finalize(tx: Tx, call: m.FinalizeModel) -> m.GotModel:
    store.finalize(tx, call.model_id, m.check_status(call.status))
    return m.GotModel(model=store.get(tx, call.model_id, allow_deleted=True))


def delete(tx: Tx, call: m.ModelCall) -> None:
    store.delete(tx, call.model_id)


def log_params(tx: Tx, call: m.LogParams) -> None:
    store.log_params(tx, call.model_id, m.check_params(call.params or []))


def set_tags(tx: Tx, call: m.SetTags) -> None:
    store.set_tags(tx, call.model_id, m.check_tags(call.tags or []))


def delete_tag(tx: Tx, call: m.DeleteTag) -> None:
    store.delete_tag(tx, call.model_id, call.tag_key)


def find(tx: Tx, call: m.SearchModels) -> m.Found:
    return search.search(tx, call)


class OfFolder(Call, frozen=True):
    artifact_directory_path: str | None = None


class OfFile(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("artifact_file_path",)
    artifact_file_path: str | None = None


@dataclass(frozen=True)
class Files:
    """`threads` carry files, as in the artifact calls."""

    roots: Roots
    threads: StoreThreads

    async def entries(self, request: Request) -> Response:
        path = request.argument("artifact_directory_path")
        root, spot = await self._spot(request, path)
        found = await self.threads.of(spot).run(spot.blobs.entries, spot.key)
        body = encode(RunListing(root_uri=root.uri, files=file_infos(found, keys.from_path(path))))
        return Response(headers=[(b"content-type", b"application/json")], body=body)

    async def file(self, request: Request) -> Response:
        path = request.argument("artifact_file_path")
        if not path:
            raise BadRequest('Request must include the "artifact_file_path" query parameter.')
        _, spot = await self._spot(request, path)
        return await transfer.answer(request, spot.blobs, spot.key, self.threads.of(spot))

    async def _spot(self, request: Request, path: str) -> tuple[Root, Spot]:
        keys.from_path(path)
        model_id = request.params["model_id"]
        root = await request.read(lambda tx: store.root_of(tx, model_id))
        return root, self.roots.of(root, path, request.workspace)


def routes(roots: Roots, threads: StoreThreads) -> list[Route]:
    files = Files(roots, threads)
    one = "logged-models/{model_id}"
    return [
        command(
            "POST logged-models",
            m.CreateModel,
            create,
            needs=Action.RUNS_WRITE,
            on=by("experiment", "experiment_id"),
            answer=m.GotModel,
        ),
        query("POST logged-models/search", m.SearchModels, find, needs=Action.RUNS_READ, on=LISTED, answer=m.Found),
        query(f"GET {one}", m.GetModel, get, needs=Action.RUNS_READ, on=ONE, quick=True, answer=m.GotModel),
        command(f"PATCH {one}", m.FinalizeModel, finalize, needs=Action.RUNS_WRITE, on=ONE, answer=m.GotModel),
        command(f"DELETE {one}", m.ModelCall, delete, needs=Action.RUNS_WRITE, on=ONE),
        command(f"POST {one}/params", m.LogParams, log_params, needs=Action.RUNS_WRITE, on=ONE),
        command(f"PATCH {one}/tags", m.SetTags, set_tags, needs=Action.RUNS_WRITE, on=ONE),
        command(f"DELETE {one}/tags/{{tag_key:path}}", m.DeleteTag, delete_tag, needs=Action.RUNS_WRITE, on=ONE),
        stream(
            f"GET {one}/artifacts/directories",
            files.entries,
            needs=Action.RUNS_READ,
            on=ONE,
            arguments=OfFolder,
            answer=RunListing,
        ),
        stream(
            f"GET {one}/artifacts/files",
            files.file,
            needs=Action.RUNS_READ,
            on=ONE,
            ajax_only=True,
            arguments=OfFile,
            media="application/octet-stream",
        ),
    ]
