"""All routes of traces."""

from trackside.artifacts.lanes import StoreThreads
from trackside.artifacts.roots import Roots
from trackside.core.http.routes import Route
from trackside.traces.api import files, metrics, otlp, sessions, v2, v3
from trackside.traces.assessments import routes as assessments


def routes(roots: Roots, threads: StoreThreads) -> list[Route]:
    return [
        *v3.routes(),
        *v2.routes(),
        *assessments.routes(),
        *metrics.routes(),
        *sessions.routes(),
        *otlp.routes(),
        *files.routes(roots, threads),
    ]
