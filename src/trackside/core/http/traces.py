"""Spans of requests, sent by OTLP over HTTP.  OpenTelemetry's library is imported only if traces are configured.

Attributes follow the semantic conventions of HTTP.  No span holds a body, a query or a name that a user chose.
"""

from types import ModuleType
from typing import Any

from trackside import __version__
from trackside.core.http.request_log import Answered

MISSING = "--otlp-endpoint needs OpenTelemetry's library: pip install 'trackside[traces]'"
END_S = 3.0  # for the spans that are queued when the server ends
_SERVER_ERROR = 500


class Traces:
    """Sends spans.  The constructor raises RuntimeError if the library is missing."""

    def __init__(self, endpoint: str) -> None:
        try:
            from opentelemetry import trace  # noqa: PLC0415  # an extra
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
        except ImportError as fault:
            raise RuntimeError(MISSING) from fault
        resource = Resource.create({"service.name": "trackside", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
        self._tracer = self._provider.get_tracer("trackside", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._api: ModuleType = trace

    def note(self, answered: Answered) -> str:
        """Make the span of a request, and return its trace id."""
        context: Any = self._propagator.extract({"traceparent": answered.traceparent})
        span = self._tracer.start_span(
            f"{answered.method} {answered.route}".strip() or "unknown",
            context=context,
            kind=self._api.SpanKind.SERVER,
            start_time=answered.begun_ns,
            attributes={
                "http.request.method": answered.method or "_OTHER",
                "http.route": answered.route,
                "http.response.status_code": answered.status,
                "http.response.body.size": answered.size_bytes,
                "trackside.request_id": answered.request_id,
                "trackside.workspace": answered.workspace,
            },
        )
        if answered.status >= _SERVER_ERROR:
            span.set_status(self._api.Status(self._api.StatusCode.ERROR))
        span.end(end_time=answered.ended_ns)
        return f"{span.get_span_context().trace_id:032x}"

    def close(self) -> None:
        self._provider.force_flush(int(END_S * 1000))
        self._provider.shutdown()
