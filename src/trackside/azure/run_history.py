"""The artifact calls of Azure's run history and artifact services.

A client gets an address for each file, signed for that file alone, and puts or gets the bytes there (`blob_routes`).  Shapes: the
models of azureml-mlflow's REST client, `ArtifactDto` and `ArtifactContentInformationDto`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from trackside.access.credential_headers import secret_of
from trackside.artifacts.roots import Roots, Spot
from trackside.artifacts.store import Root
from trackside.artifacts.store_threads import StoreThreads
from trackside.azure import blob, files
from trackside.azure.files import Owner
from trackside.core.access import Action
from trackside.core.errors import Fault, Invalid
from trackside.core.http.codec import Answer, Call, decode_body, encode
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.identity import keys
from trackside.identity.exchange import Exchange

MOST_PATHS = 10_000
T = TypeVar("T")


class ArtifactPath(Call, frozen=True):
    path: str | None = None


class ArtifactPathList(Call, frozen=True):
    paths: list[ArtifactPath] | None = None


class Artifact(Answer, frozen=True, rename="camel"):
    artifact_id: str
    origin: str
    container: str
    path: str


class ContentInformation(Answer, frozen=True, rename="camel"):
    content_uri: str
    origin: str
    container: str
    path: str


class Failure(Answer, frozen=True):
    code: str
    message: str


class Failed(Answer, frozen=True):
    error: Failure


class Created(Answer, frozen=True, rename="camel"):
    artifacts: dict[str, Artifact]
    artifact_content_information: dict[str, ContentInformation]
    errors: dict[str, Failed]


class Artifacts(Answer, frozen=True, rename="camel"):
    value: list[Artifact]
    continuation_token: str | None
    next_link: str | None


class RunToken(Answer, frozen=True, rename="camel"):
    token: str
    expiry_time_utc: str


class Paths(Call, frozen=True):
    path: str | None = None


class Calls:
    """`base`: the server's URL as the client wrote it; `key` signs URLs."""

    def __init__(
        self,
        roots: Roots,
        threads: StoreThreads,
        key: Callable[[], bytes],
        base: Callable[[Request], str],
        now: Callable[[], datetime],
        exchange: Exchange,
    ) -> None:
        self._exchange = exchange
        self._roots = roots
        self._threads = threads
        self._key = key
        self._base = base
        self._now = now

    async def create(self, request: Request) -> Response:
        """Return a URL for each file to upload.  Stores nothing."""
        owner = _owner(request)
        call: ArtifactPathList = decode_body(ArtifactPathList, await request.whole_body())
        paths = [each.path or "" for each in call.paths or []]
        if len(paths) > MOST_PATHS:
            raise Invalid(f"The call names {len(paths)} paths; at most {MOST_PATHS} are allowed.")
        root = await request.read(owner.root)
        made: dict[str, Artifact] = {}
        information: dict[str, ContentInformation] = {}
        errors: dict[str, Failed] = {}
        for path in paths:
            try:
                files.spot(self._roots, root, path, request.workspace)
            except Fault as fault:
                errors[path] = Failed(error=Failure(code="UserError", message=fault.message))
                continue
            made[path] = _artifact(owner, path)
            information[path] = self._information(request, owner, path, blob.WRITE)
        return _json(Created(artifacts=made, artifact_content_information=information, errors=errors))

    async def content(self, request: Request) -> Response:
        owner = _owner(request)
        path = _path(request)
        root = await request.read(owner.root)
        spot = files.spot(self._roots, root, path, request.workspace)
        await self._threads.of(spot).run(spot.blobs.stat, spot.key)
        return _json(self._information(request, owner, path, blob.READ))

    async def listing(self, request: Request) -> Response:
        """Return every file: the client filters them."""
        owner = _owner(request)
        root = await request.read(owner.root)
        spot = self._roots.of(root, "", request.workspace)
        found = await self._threads.of(spot).run_long(lambda: sorted(each.path for each in spot.blobs.walk(spot.key)))
        return _json(
            Artifacts(value=[_artifact(owner, path) for path in found], continuation_token=None, next_link=None)
        )

    async def run_token(self, request: Request) -> Response:
        """Issue another JWT for the credential of the call, before that one expires."""
        jwt, ends = self.another_jwt(request)
        return _json(RunToken(token=jwt, expiry_time_utc=datetime.fromtimestamp(ends, UTC).isoformat()))

    def another_jwt(self, request: Request) -> tuple[str, int]:
        """Return a JWT for the credential that the call shows, and when it ends (s)."""
        now_ms = round(self._now().timestamp() * 1000)
        shown = secret_of(request.headers.get(b"authorization", b""))[0]
        known = self._exchange.read(shown, now_ms)
        digest = known.digest if known is not None else keys.digest(shown) if keys.is_token(shown) else b""
        return self._exchange.issue(digest, now_ms, "")

    async def spot(self, request: Request, owner: Owner, path: str) -> tuple[Root, Spot]:
        """Raise NotFound for a missing owner."""
        root = await request.read(owner.root)
        return root, self._roots.of(root, path, request.workspace)

    async def run(self, spot: Spot, fn: Callable[[str], T], key: str) -> T:
        return await self._threads.of(spot).run(fn, key)

    async def check(self, request: Request, owner: Owner, paths: list[str]) -> None:
        """Raise NotFound for a missing owner, Invalid for an invalid path."""
        root = await request.read(owner.root)
        for path in paths:
            files.spot(self._roots, root, path, request.workspace)

    def address(self, request: Request, owner: Owner, path: str, mode: str) -> str:
        """Return a URL that lets its holder read or write one file for a day."""
        workspace = request.workspace
        base = self._base(request) + (f"/ws/{workspace.name}" if workspace.folder else "")
        return blob.address(base, self._key(), workspace.uid, owner.word, path, mode, self._now())

    def _information(self, request: Request, owner: Owner, path: str, mode: str) -> ContentInformation:
        uri = self.address(request, owner, path, mode)
        return ContentInformation(content_uri=uri, origin=_origin(owner), container=_container(owner), path=path)


def _owner(request: Request) -> Owner:
    run_id = request.params.get("run_id")
    if run_id is not None:
        return files.owner(run_id)
    return Owner(files.UPLOAD, f"{request.params['origin']}/{request.params['container']}")


def _path(request: Request) -> str:
    path = (request.query.get("path") or [request.params.get("path", "")])[-1]
    if not path:
        raise Invalid("The query parameter `path` is missing.")
    return path


def _artifact(owner: Owner, path: str) -> Artifact:
    origin, container = _origin(owner), _container(owner)
    return Artifact(artifact_id=f"{origin}/{container}/{path}", origin=origin, container=container, path=path)


def _origin(owner: Owner) -> str:
    return owner.id.partition("/")[0] if owner.kind == files.UPLOAD else "ExperimentRun"


def _container(owner: Owner) -> str:
    return owner.id.partition("/")[2] if owner.kind == files.UPLOAD else f"dcid.{owner.id}"


def _json(body: Any) -> Response:
    return Response(200, [(b"content-type", b"application/json")], encode(body))


def routes(calls: Calls) -> list[Route]:
    read: dict[str, Any] = {"needs": Action.RUNS_READ, "on": files.named}
    made: list[Route] = []
    for above in ("experiments/{experiment}", "experimentids/{experiment}"):
        run = f"/azure/history/{above}/runs/{{run_id}}"
        made += [
            stream(
                f"POST {run}/artifacts/batch/metadata",
                calls.create,
                call=ArtifactPathList,
                needs=Action.RUNS_WRITE,
                on=files.named,
                answer=Created,
            ),
            stream(
                f"GET {run}/artifacts/contentinfo", calls.content, arguments=Paths, answer=ContentInformation, **read
            ),
            stream(f"GET {run}/artifacts", calls.listing, answer=Artifacts, **read),
            stream(f"GET {run}/token", calls.run_token, answer=RunToken, **read),
        ]
    upload = "/azure/artifact/artifacts/{origin}/{container}"
    return [
        *made,
        stream(
            f"POST {upload}/batch/metadata",
            calls.create,
            call=ArtifactPathList,
            needs=Action.RUNS_WRITE,
            answer=Created,
        ),
        stream(
            f"GET {upload}/contentinfo",
            calls.content,
            arguments=Paths,
            needs=Action.RUNS_READ,
            answer=ContentInformation,
        ),
        stream(f"GET {upload}", calls.listing, needs=Action.RUNS_READ, answer=Artifacts),
    ]
