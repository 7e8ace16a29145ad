"""`GET /metrics`, `/livez`, `/readyz`.  Knows HTTP's side only."""

from typing import Any

from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http.codec import Call, decode_query, encode
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Request, Response
from trackside.monitoring import overview
from trackside.monitoring.health import Readiness
from trackside.monitoring.overview import ServerOverview
from trackside.monitoring.watch import Watch

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


class Ready(Call, frozen=True):
    """`verbose` with any value, or none, lists the checks; each `exclude` leaves one out."""

    verbose: str | None = None
    exclude: list[str] = []


class Monitoring:
    def __init__(self, watch: Watch, readiness: Readiness) -> None:
        self._watch = watch
        self._readiness = readiness

    async def metrics(self, request: Request) -> Response:
        accept = request.headers.get(b"accept", b"").decode("latin-1")
        content_type, body = await self._watch.scrape(accept)
        return Response(200, [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")], body)

    async def overview(self, request: Request) -> Response:
        """Returns what the server counts of itself and of each workspace."""
        del request
        return Response(200, _JSON, encode(await self._watch.overview()))

    async def live(self, request: Request) -> Response:
        """The process answers; nothing else is looked at."""
        del request
        return Response(200, _TEXT, b"ok")

    async def ready(self, request: Request) -> Response:
        """503 while a check fails."""
        call: Ready = decode_query(Ready, request.query)
        excluded = frozenset(call.exclude)
        strange = sorted(excluded - set(self._readiness.names))
        if strange:
            raise Invalid(f"exclude is {strange[0][:50]!r}; the checks are {', '.join(self._readiness.names)}.")
        found = await request.in_thread(lambda: self._readiness.check(excluded, is_verbose=call.verbose is not None))
        return Response(200 if found.is_ready else 503, _TEXT, found.text.encode())


def routes(watch: Watch, readiness: Readiness) -> list[Route]:
    calls = Monitoring(watch, readiness)
    probe: dict[str, Any] = {"needs": Action.ANYONE, "has_workspace": False, "media": "text/plain"}
    return [
        stream(
            "GET /metrics",
            calls.metrics,
            needs=Action.METRICS_READ,
            has_workspace=False,
            media="text/plain",
            summary="Returns metrics in Prometheus' text format, or in OpenMetrics where Accept asks for it.",
        ),
        stream(
            "GET /api/trackside/v1/server-overview",
            calls.overview,
            needs=Action.METRICS_READ,
            has_workspace=False,
            answer=ServerOverview,
        ),
        query(
            "GET /api/trackside/v1/overview",
            overview.OfWorkspace,
            overview.of_workspace,
            needs=Action.CHANGES_READ,
            answer=overview.WorkspaceOverview,
        ),
        stream("GET /livez", calls.live, summary="Tells that the process answers.", **probe),
        stream(
            "GET /readyz",
            calls.ready,
            arguments=Ready,
            summary="Tells whether the server can serve, by named checks.",
            **probe,
        ),
    ]
