"""Trace one call.  Called as `trace_one.py TRACKING_URI`."""

import sys

import mlflow


@mlflow.trace  # type: ignore[untyped-decorator]  # MLflow types none of its own
def add(x: int) -> int:
    return x + 1


@mlflow.trace  # type: ignore[untyped-decorator]  # MLflow types none of its own
def answer() -> int:
    return int(add(41))


mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("traces")
answer()
mlflow.flush_trace_async_logging(terminate=True)
