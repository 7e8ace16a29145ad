"""All routes of traces and related objects."""

from trackside.artifacts.roots import Roots
from trackside.artifacts.store_threads import StoreThreads
from trackside.core.http.routes import Route
from trackside.core.prices import Prices
from trackside.traces.api import files, metrics, otlp, sessions, v2, v3
from trackside.traces.assessments import routes as assessments
from trackside.traces.issues import routes as issues
from trackside.traces.label_schemas import routes as label_schemas
from trackside.traces.review_queues import routes as review_queues
from trackside.traces.scorers import routes as scorers
from trackside.traces.storage.body_files import BodyFiles
from trackside.traces.translation.attributes import translator


def routes(roots: Roots, threads: StoreThreads, prices: Prices, body_files: BodyFiles) -> list[Route]:
    return [
        *v3.routes(body_files),
        *v2.routes(body_files),
        *assessments.routes(),
        *metrics.routes(body_files),
        *sessions.routes(),
        *otlp.routes(translator(prices)),
        *files.routes(roots, threads, body_files),
        *scorers.routes(),
        *label_schemas.routes(),
        *review_queues.routes(),
        *issues.routes(),
    ]
