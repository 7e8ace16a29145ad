"""The calls about imports that the server runs in child processes.

A child writes to this server as the caller, with the headers by which the caller authenticated.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ClassVar, TypeVar

from msgspec import UNSET, UnsetType, field

from trackside.core import locations
from trackside.core.access import Action
from trackside.core.errors import Invalid, Unsupported
from trackside.core.http import codec
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response, json_response, user_of
from trackside.core.http_client.credentials import check_credentials
from trackside.core.outgoing.addresses import Rules
from trackside.core.uris import http_parts
from trackside.imports import jobs
from trackside.imports.jobs import Job, Jobs, Order
from trackside.imports.report import Report, Tally
from trackside.workspaces.model import DEFAULT, check_name

T = TypeVar("T")
PATH = "/api/trackside/v1/imports"
SIGN_IN = ("authorization", "cookie", "x-trackside-user", "host")
KINDS = (
    *("experiments", "runs", "logged_models", "registered_models", "model_versions", "evaluation_datasets", "traces"),
    *("scorers", "label_schemas", "review_queues", "issues"),
)
MAX_SHOWN = 200  # lines of each list in an answer


class StartImport(Call, frozen=True):
    """`source` is the URL of an MLflow server, or of a workspace of a Trackside.  `dry_run`: compare, and change nothing."""

    required: ClassVar[tuple[str, ...]] = ("source",)
    private: ClassVar[tuple[str, ...]] = ("source", "token", "username", "password")
    source: str | None = None
    source_workspace: str | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None
    dry_run: bool | None = None
    verify: bool | None = None


class OfImport(Call, frozen=True):
    import_id: str | None = None


class Counted(Answer, frozen=True):
    """Items of one kind."""

    kind: str
    new: int
    changed: int
    same: int
    failed: int


class LeftOut(Answer, frozen=True):
    what: str
    reason: str


class ShownImport(Answer, frozen=True, kw_only=True):
    """`state` is running, done, failed, cancelled or interrupted.  `differences` and `left_out` have the first lines;
    `differences_total` and `left_out_total` count up to 1,000."""

    import_id: str
    source: str
    state: str
    dry_run: bool
    verify: bool
    user: str
    started_at: int  # ms
    ended_at: int | UnsetType = UNSET  # ms
    error: str | UnsetType = UNSET
    total_runs: int | UnsetType = UNSET
    counts: list[Counted] = field(default_factory=list)
    points: int
    files: int
    bytes: int
    differences: list[str] = field(default_factory=list)
    differences_total: int
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_total: int


# In the API an item is called `import`, as a link is called `link`.
class GotImport(Answer, frozen=True, rename={"shown": "import"}):
    shown: ShownImport


class ListedImports(Answer, frozen=True):
    imports: list[ShownImport] = field(default_factory=list)


class Calls:
    """`threads` run the calls that access files: a disk may be slow."""

    def __init__(self, running: Jobs, threads: Executor, prefix: str, rules: Rules) -> None:
        self._jobs = running
        self._threads = threads
        self._prefix = prefix
        self._rules = rules

    async def start(self, request: Request) -> Response:
        """Start an import from a running MLflow server."""
        call: StartImport = codec.decode_body(StartImport, await request.whole_body())
        source = _source(call.source or "")
        secret = check_credentials(call.token, call.username, call.password)
        if call.source_workspace:
            check_name(call.source_workspace)
        headers = {
            name: value.decode("latin-1")
            for name in SIGN_IN
            if (value := request.headers.get(name.encode())) is not None
        }
        headers["x-trackside-csrf"] = "import"  # the child uses the caller's session outside of a browser
        if request.workspace.name != DEFAULT:
            headers["x-mlflow-workspace"] = request.workspace.name
        order = Order(
            file="",
            source=source,
            source_workspace=call.source_workspace or "",
            secret=secret,
            target=self._own_url(request),
            headers=headers,
            verify=bool(call.verify),
            dry_run=bool(call.dry_run),
            rules=self._rules,
        )
        now_ms = await request.read(lambda tx: tx.now)
        job = Job(
            import_id=jobs.new_id(),
            source=source,
            dry_run=order.dry_run,
            verify=order.verify,
            user=request.visit.user or user_of(request.headers.items()),
            started_at=now_ms,
        )
        made = await self._in_thread(lambda: self._jobs.start(request.workspace.uid, job, order))
        return json_response(GotImport(shown=_shown(made)), 201)

    async def listed(self, request: Request) -> Response:
        """Return the imports that this server ran, the newest first."""
        found = await self._in_thread(lambda: self._jobs.list(request.workspace.uid))
        return json_response(ListedImports(imports=[_shown(job) for job in found]))

    async def get(self, request: Request) -> Response:
        """Return the state of an import with its counts so far."""
        import_id = request.params["import_id"]
        return json_response(
            GotImport(shown=_shown(await self._in_thread(lambda: self._jobs.get(request.workspace.uid, import_id))))
        )

    async def cancel(self, request: Request) -> Response:
        """Cancel an import.  The imported data stays."""
        import_id = request.params["import_id"]
        job = await self._in_thread(lambda: self._jobs.cancel(request.workspace.uid, import_id))
        return json_response(GotImport(shown=_shown(job)))

    def _own_url(self, request: Request) -> str:
        """Return the address of this server for a process of this machine."""
        server = request.scope.get("server")
        if not server or server[1] is None:
            raise Unsupported(
                "This server does not listen at a port, so it cannot import; run: trackside import SOURCE"
            )
        host, port = server[0], server[1]
        name = f"[{host}]" if ":" in host else host
        return f"http://{name}:{port}{self._prefix}"

    async def _in_thread(self, fn: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, fn)


def routes(running: Jobs, threads: Executor, prefix: str, rules: Rules) -> list[Route]:
    calls = Calls(running, threads, prefix, rules)
    one = f"{PATH}/{{import_id}}"
    return [
        stream(f"POST {PATH}", calls.start, call=StartImport, needs=Action.SYNC_WRITE, status=201, answer=GotImport),
        stream(f"GET {PATH}", calls.listed, needs=Action.LINKS_READ, answer=ListedImports),
        stream(f"GET {one}", calls.get, needs=Action.LINKS_READ, arguments=OfImport, answer=GotImport),
        stream(f"POST {one}/cancel", calls.cancel, call=OfImport, needs=Action.SYNC_WRITE, answer=GotImport),
    ]


def _source(text: str) -> str:
    """Return the source.  Raise Invalid unless it is a server: a caller must not let the server read a folder or a database."""
    source = text.strip()
    parts = http_parts(source)
    if parts is None or parts.query or parts.fragment:
        raise Invalid(
            f"source is {locations.redact(source[:500])!r}; it must be the URL of an MLflow server, "
            "http(s)://HOST[:PORT]. For a folder or a "
            "database, run on its machine: trackside import SOURCE"
        )
    if parts.username or parts.password:
        raise Invalid("source holds a user or a password; give them as username and password, since source is shown")
    return source


def _shown(job: Job) -> ShownImport:
    report = job.report or Report()
    return ShownImport(
        import_id=job.import_id,
        source=job.source,
        state=job.state,
        dry_run=job.dry_run,
        verify=job.verify,
        user=job.user,
        started_at=job.started_at,
        ended_at=UNSET if job.ended_at is None else job.ended_at,
        error=job.error or UNSET,
        total_runs=UNSET if job.total_runs is None else job.total_runs,
        counts=[_counted(kind, getattr(report, kind)) for kind in KINDS] if job.report else [],
        points=report.points,
        files=report.files,
        bytes=report.bytes,
        differences=report.differences[:MAX_SHOWN],
        differences_total=len(report.differences),
        left_out=[LeftOut(what=each.what, reason=each.reason) for each in report.left_out[:MAX_SHOWN]],
        left_out_total=len(report.left_out),
    )


def _counted(kind: str, tally: Tally) -> Counted:
    return Counted(kind=kind, new=tally.new, changed=tally.changed, same=tally.same, failed=tally.failed)
