"""Predictions and errors as HTTP answers, in the dialect of the caller.

MLflow's dialect wraps the predictions: `{"predictions": [...]}`.  Azure's two dialects return them bare: `[...]`.  The JSON text
of MLflow's dialect is equal to the text that MLflow's own scoring server sends, with one exception: NaN and the infinities
become `null`, because MLflow's `NaN` is not valid JSON.
"""

import json
import math
from typing import Any, List, NamedTuple, Tuple

JSON = "application/json"
TEXT = "text/plain"
_PREFIX = '{"predictions": '

MLFLOW, AZURE = "mlflow", "azure"


class Answer(NamedTuple):
    """A status, a media type, a body, and further headers."""

    status: int
    media: str
    body: bytes
    headers: Tuple[Tuple[str, str], ...] = ()


def predictions(values: List[Any], dialect: str) -> Answer:
    """Return the answer for a JSON-encodable list of predictions."""
    text = json.dumps(values if dialect == AZURE else {"predictions": values})
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(_finite(values if dialect == AZURE else {"predictions": values}))
    return Answer(200, JSON, text.encode())


def of_text(text: str, dialect: str) -> Answer:
    """Return the answer for the JSON text that MLflow's scoring server made."""
    if dialect == AZURE and text.startswith(_PREFIX):
        text = text[len(_PREFIX) : -1]
    if "NaN" in text or "Infinity" in text:
        text = json.dumps(_finite(json.loads(text)))
    return Answer(200, JSON, text.encode())


def error(status: int, code: str, message: str, headers: Tuple[Tuple[str, str], ...] = ()) -> Answer:
    """Return an error in MLflow's shape."""
    return Answer(status, JSON, json.dumps({"error_code": code, "message": message}).encode(), headers)


def model_failed(message: str, headers: Tuple[Tuple[str, str], ...] = ()) -> Answer:
    """Return 424: the model itself raised.  The headers are those that Azure's clients read."""
    reason = ("ms-azureml-model-error-reason", "model_error")
    return error(424, "BAD_REQUEST", message, (("ms-azureml-model-error-statuscode", "500"), reason, *headers))


def timed_out(timeout_s: float) -> Answer:
    return error(
        504,
        "DEADLINE_EXCEEDED",
        f"The model did not answer within {timeout_s:g} s. Send fewer rows, or raise the deployment's request_timeout_s.",
    )


def queue_full(waiting: int, retry_after_s: int = 1) -> Answer:
    return error(
        503,
        "TEMPORARILY_UNAVAILABLE",
        f"{waiting} requests wait for this model already. Try again, or give the deployment more replicas.",
        (("retry-after", str(retry_after_s)),),
    )


def _finite(value: Any) -> Any:
    """Replace NaN and the infinities by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
