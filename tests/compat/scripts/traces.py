"""What an application does that traces its calls: decorators, spans, an error; then it reads all of it back.

Called as `traces.py TRACKING_URI`; prints what the client reads, without ids and times, as JSON.  Needs mlflow 2.22 or newer.
"""

import contextlib
import json
import sys
import time
from typing import Any

import mlflow
from mlflow.tracking import MlflowClient

VARIES = ("mlflow.traceRequestId", "mlflow.artifactLocation", "mlflow.modelId")


@mlflow.trace  # type: ignore[untyped-decorator]  # MLflow types none of its own
def add(x: int) -> int:
    return x + 1


@mlflow.trace(span_type="AGENT", attributes={"team": "blue"})  # type: ignore[untyped-decorator]  # MLflow types none of its own
def answer(question: str) -> dict[str, Any]:
    with mlflow.start_span("think") as span:
        span.set_inputs({"messages": [{"role": "user", "content": "Grüße, 世界"}]})
        span.set_attribute("scores", [1, 2.5])
        span.add_event(mlflow.entities.SpanEvent("note", attributes={"n": 3}))
    return {"answer": add(41), "question": question}


@mlflow.trace  # type: ignore[untyped-decorator]  # MLflow types none of its own
def fail() -> None:
    raise ValueError("boom")


def shown(trace: Any) -> dict[str, Any]:
    spans = trace.data.spans
    names = {span.span_id: span.name for span in spans}
    return {
        "status": str(trace.info.status).rpartition(".")[2],
        "tags": {key: value for key, value in trace.info.tags.items() if key not in VARIES},
        "spans": [
            {
                "name": span.name,
                "parent": names.get(span.parent_id),
                "type": span.span_type,
                "inputs": span.inputs,
                "outputs": span.outputs,
                "status": span.status.status_code.value,
                "said": span.status.description,
                "attributes": {key: value for key, value in span.attributes.items() if key not in VARIES},
                "events": sorted(event.name for event in span.events),
            }
            for span in sorted(spans, key=lambda span: (span.start_time_ns, span.name))
        ],
    }


def main() -> None:
    mlflow.set_tracking_uri(sys.argv[1])
    experiment_id = mlflow.set_experiment("traces").experiment_id
    client = MlflowClient()
    answer("How much?")
    trace_id = mlflow.get_last_active_trace_id()
    with contextlib.suppress(ValueError):
        fail()
    mlflow.flush_trace_async_logging(terminate=True)
    wait_for(client, experiment_id, 2)

    client.set_trace_tag(trace_id, "reviewed", "yes")
    by_filter = {
        text: len(client.search_traces(experiment_ids=[experiment_id], filter_string=text))
        for text in ("name = 'answer'", "status = 'ERROR'", "tag.reviewed = 'yes'", "timestamp_ms > 0")
    }
    one = client.get_trace(trace_id)
    assert one.info.execution_time_ms is not None
    found = client.search_traces(experiment_ids=[experiment_id], order_by=["timestamp_ms ASC"])
    client.delete_trace_tag(trace_id, "reviewed")
    deleted = client.delete_traces(experiment_id, max_timestamp_millis=int(time.time() * 1000) + 60_000)
    left = client.search_traces(experiment_ids=[experiment_id])
    print(
        json.dumps(
            {
                "one": shown(one),
                "found": [shown(trace) for trace in found],
                "filters": by_filter,
                "deleted": deleted,
                "left": len(left),
            },
            default=str,
            sort_keys=True,
        )
    )


def wait_for(client: MlflowClient, experiment_id: str, count: int) -> None:
    """Spans and their trace come by requests of their own."""
    end = time.monotonic() + 120
    while True:
        done = [
            trace
            for trace in client.search_traces(experiment_ids=[experiment_id])
            if str(trace.info.status).rpartition(".")[2] != "IN_PROGRESS"
        ]
        if len(done) == count or time.monotonic() > end:
            return
        time.sleep(0.2)


main()
