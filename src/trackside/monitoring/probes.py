"""`GET /livez`, `/readyz`."""

from typing import Any

from trackside.core.access import Action
from trackside.core.errors import Invalid
from trackside.core.http.codec import Call, decode_query
from trackside.core.http.routes import Route, stream
from trackside.core.http.streams import Request, Response
from trackside.monitoring.health import Readiness

_TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


class Ready(Call, frozen=True):
    """`verbose` with any value, or none, lists the checks; each `exclude` leaves one out."""

    verbose: str | None = None
    exclude: list[str] = []


class Probes:
    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def live(self, request: Request) -> Response:
        """Answer that the process is alive.  Checks nothing else."""
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


def routes(readiness: Readiness) -> list[Route]:
    calls = Probes(readiness)
    probe: dict[str, Any] = {"needs": Action.ANYONE, "has_workspace": False, "media": "text/plain"}
    return [
        stream("GET /livez", calls.live, summary="Tells that the process answers.", **probe),
        stream(
            "GET /readyz",
            calls.ready,
            arguments=Ready,
            summary="Tells whether the server can serve, by named checks.",
            **probe,
        ),
    ]
