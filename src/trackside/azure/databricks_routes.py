"""The calls that only clients configured for `databricks` make.

They find files by signed addresses: credentials for paths of a run or a logged model, or of a version.  The Files API, which they
try first, is refused with 501, which makes them use these calls.  Unity Catalog's registry is refused with the setting to change.
Source: mlflow 3.17 (`store/artifact/databricks_*`), databricks-sdk 0.156, and what each client was seen to send.
"""

from typing import Any, ClassVar

from trackside.artifacts import keys
from trackside.artifacts.routes import RunListing, file_infos
from trackside.azure import blob, files
from trackside.azure.files import Owner
from trackside.azure.run_history import Calls as History
from trackside.core.access import Action
from trackside.core.errors import Invalid, Unsupported
from trackside.core.http.codec import Answer, Call, decode_body, decode_query, encode
from trackside.core.http.routes import HANDLED, Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.core.http.targets import by
from trackside.logged_models.routes import ONE
from trackside.registry import model as m
from trackside.registry import models
from trackside.registry import routes as registry

# The client sends the whole file in one PUT to a URL of this type; with others it would split the file, or request more
# URLs.
ADDRESS_TYPE = "GCP_SIGNED_URL"
MOST_PATHS = 10_000
_SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
UNITY_CATALOG = (
    "Trackside has no Unity Catalog registry. Set MLFLOW_REGISTRY_URI=databricks, or call"
    ' mlflow.set_registry_uri("databricks"), to use the registry of the workspace.'
)


class RunPaths(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str | None = None
    path: list[str] | None = None
    page_token: str | None = None


class ModelPaths(Call, frozen=True):
    paths: list[str] | None = None
    page_token: str | None = None


class OfVersionFile(m.OfVersion, frozen=True):
    path: str | None = None
    page_token: str | None = None


class Header(Answer, frozen=True):
    name: str
    value: str


class Credential(Answer, frozen=True):
    """`signed_uri` is used without any other credential."""

    run_id: str
    path: str
    signed_uri: str
    type: str
    headers: list[Header] = []


class RunCredentials(Answer, frozen=True):
    credential_infos: list[Credential]


class ModelCredential(Answer, frozen=True):
    credential_info: Credential


class ModelCredentials(Answer, frozen=True):
    credentials: list[ModelCredential]


class Signed(Answer, frozen=True):
    signed_uri: str
    headers: list[Header] = []


class Config(Answer, frozen=True):
    workspace_id: str


class Me(Answer, frozen=True, rename="camel"):
    """The caller, in SCIM's form."""

    id: str
    user_name: str
    display_name: str
    active: bool
    schemas: list[str]


class GotDatabricksModel(Answer, frozen=True):
    registered_model_databricks: m.RegisteredModel


class MovedDatabricksVersion(Answer, frozen=True):
    model_version_databricks: m.ModelVersion


class Calls:
    def __init__(self, history: History) -> None:
        self._history = history

    async def of_run(self, request: Request, mode: str) -> Response:
        call: RunPaths = decode_body(RunPaths, await request.whole_body())
        owner = files.owner(call.run_id or "")
        await files.admit(request, owner, Action.RUNS_READ if mode == blob.READ else Action.RUNS_WRITE)
        found = await self._credentials(request, owner, call.path or [], mode)
        return _json(RunCredentials(credential_infos=found))

    async def run_read(self, request: Request) -> Response:
        return await self.of_run(request, blob.READ)

    async def run_write(self, request: Request) -> Response:
        return await self.of_run(request, blob.WRITE)

    async def of_model(self, request: Request, mode: str) -> Response:
        call: ModelPaths = decode_body(ModelPaths, await request.whole_body())
        owner = Owner(files.MODEL, request.params["model_id"])
        found = await self._credentials(request, owner, call.paths or [], mode)
        return _json(ModelCredentials(credentials=[ModelCredential(credential_info=each) for each in found]))

    async def model_read(self, request: Request) -> Response:
        return await self.of_model(request, blob.READ)

    async def model_write(self, request: Request) -> Response:
        return await self.of_model(request, blob.WRITE)

    async def version_files(self, request: Request) -> Response:
        """List a folder of a version's files; for a file, only the file itself, under its own path."""
        call: OfVersionFile = decode_query(OfVersionFile, request.query)
        path = keys.from_path(call.path or "")
        root, spot = await self._history.spot(request, files.version(call.name or "", call.version or ""), path)
        found = await self._history.run(spot, spot.blobs.entries, spot.key)
        if not found and path:
            stat = await self._history.run(spot, spot.blobs.stat, spot.key)
            info = {"path": path, "is_dir": False, "file_size": stat.size_bytes}
            return _json({"root_uri": root.uri, "files": [info]})
        return _json(RunListing(root_uri=root.uri, files=file_infos(found, path)))

    async def version_file(self, request: Request) -> Response:
        call: OfVersionFile = decode_query(OfVersionFile, request.query)
        owner = files.version(call.name or "", call.version or "")
        [found] = await self._credentials(request, owner, [call.path or ""], blob.READ)
        return _json(Signed(signed_uri=found.signed_uri))

    async def me(self, request: Request) -> Response:
        name = request.visit.caller.name or "anonymous"
        caller = request.visit.caller
        return _json(
            Me(id=str(caller.principal_id or 0), user_name=name, display_name=name, active=True, schemas=[_SCIM_USER])
        )

    async def no_files(self, request: Request) -> Response:
        raise Unsupported("Trackside has no Files API; artifacts are read and written by signed addresses.")

    async def no_catalog(self, request: Request) -> Response:
        raise Invalid(UNITY_CATALOG)

    async def _credentials(self, request: Request, owner: Owner, paths: list[str], mode: str) -> list[Credential]:
        if len(paths) > MOST_PATHS:
            raise Invalid(f"The call names {len(paths)} paths; at most {MOST_PATHS} are allowed.")
        await self._history.check(request, owner, paths)
        return [
            Credential(
                run_id=owner.id,
                path=path,
                signed_uri=self._history.address(request, owner, path, mode),
                type=ADDRESS_TYPE,
            )
            for path in paths
        ]


def config(tx: Any, call: Call) -> Config:
    """Return an answer, because without one clients would log a warning before each call."""
    del tx, call
    return Config(workspace_id="0")


def transition(tx: Any, call: m.Transition) -> MovedDatabricksVersion:
    return MovedDatabricksVersion(model_version_databricks=registry.transition(tx, call).model_version)


def get_model(tx: Any, call: m.OfModel) -> GotDatabricksModel:
    return GotDatabricksModel(registered_model_databricks=models.get(tx, call.name or ""))


def _json(body: Any) -> Response:
    return Response(200, [(b"content-type", b"application/json")], encode(body))


def routes(history: History) -> list[Route]:
    calls = Calls(history)
    model = by("model", "name")
    one = "logged-models/{model_id}/artifacts"
    off: dict[str, Any] = {"needs": Action.SIGNED_IN, "has_workspace": False}
    refused = [
        stream(f"{method} {path}/{{path:path}}", handler, **off)
        for path, handler, methods in (
            ("/api/2.0/fs", calls.no_files, ("GET", "HEAD", "PUT", "POST", "DELETE")),
            ("/api/2.0/mlflow/unity-catalog", calls.no_catalog, ("GET", "POST", "PATCH", "DELETE")),
        )
        for method in methods
    ]
    return [
        query(
            "GET /.well-known/databricks-config", Call, config, needs=Action.ANYONE, has_workspace=False, answer=Config
        ),
        stream(
            "GET /api/2.0/preview/scim/v2/Me", calls.me, answer=Me, summary="Returns the caller in SCIM's form.", **off
        ),
        stream(
            "POST artifacts/credentials-for-read",
            calls.run_read,
            call=RunPaths,
            needs=Action.RUNS_READ,
            on=HANDLED,
            api_only=True,
            answer=RunCredentials,
        ),
        stream(
            "POST artifacts/credentials-for-write",
            calls.run_write,
            call=RunPaths,
            needs=Action.RUNS_WRITE,
            on=HANDLED,
            api_only=True,
            answer=RunCredentials,
        ),
        stream(
            f"POST {one}/credentials-for-download",
            calls.model_read,
            call=ModelPaths,
            needs=Action.RUNS_READ,
            on=ONE,
            api_only=True,
            answer=ModelCredentials,
        ),
        stream(
            f"POST {one}/credentials-for-upload",
            calls.model_write,
            call=ModelPaths,
            needs=Action.RUNS_WRITE,
            on=ONE,
            api_only=True,
            answer=ModelCredentials,
        ),
        stream(
            "GET model-versions/list-artifacts",
            calls.version_files,
            arguments=OfVersionFile,
            needs=Action.MODELS_READ,
            on=model,
            api_only=True,
            answer=RunListing,
        ),
        stream(
            "GET model-versions/get-signed-download-uri",
            calls.version_file,
            arguments=OfVersionFile,
            needs=Action.MODELS_READ,
            on=model,
            api_only=True,
            answer=Signed,
        ),
        query(
            "GET databricks/registered-models/get",
            m.OfModel,
            get_model,
            needs=Action.MODELS_READ,
            on=model,
            api_only=True,
            answer=GotDatabricksModel,
        ),
        command(
            "POST databricks/model-versions/transition-stage",
            m.Transition,
            transition,
            needs=Action.MODELS_WRITE,
            on=model,
            api_only=True,
            answer=MovedDatabricksVersion,
        ),
        *refused,
    ]
