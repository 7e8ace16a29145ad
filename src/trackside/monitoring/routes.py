"""`GET /metrics` and the server's own counters."""

from trackside.core.access import Action
from trackside.core.http.codec import encode
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Request, Response
from trackside.monitoring import overview
from trackside.monitoring.overview import ServerOverview
from trackside.monitoring.watch import Watch

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class Monitoring:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def metrics(self, request: Request) -> Response:
        accept = request.headers.get(b"accept", b"").decode("latin-1")
        content_type, body = await self._watch.scrape(accept)
        return Response(200, [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")], body)

    async def overview(self, request: Request) -> Response:
        """Return the counters of the server and of each workspace."""
        del request
        return Response(200, _JSON, encode(await self._watch.overview()))


def routes(watch: Watch) -> list[Route]:
    calls = Monitoring(watch)
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
    ]
