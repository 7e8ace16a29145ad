"""Scorers in the API, and which scorers are accepted.  Pure.

A scorer is JSON that MLflow's client creates and reads.  A scorer with code is refused, because a client that loads it would run
the code.
"""

import json
from typing import Any, ClassVar

from trackside.core import names
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.codec import Answer, Call

MAX_NAME = 256
GATEWAY = "gateway:/"
NO_CODE = (  # MLflow's message
    "Custom scorer registration (using @scorer decorator) is disabled by default outside of Databricks tracking environments"
    " due to security concerns. Custom scorers require arbitrary code execution during deserialization.\n\n"
    "Keep the scorer's code in a source code repository and import it, or use built-in scorers or make_judge() scorers instead."
)
NO_GATEWAY_MODEL = (
    "Scorer '{name}' does not use a gateway model."
    " Automatic evaluation is only supported for scorers that use gateway models."
)
_DATA = ("instructions_judge_pydantic_data", "builtin_scorer_pydantic_data", "third_party_scorer_data")


class Register(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name", "serialized_scorer")
    experiment_id: str | None = None
    name: str | None = None
    serialized_scorer: str | None = None  # JSON


class Registered(Answer, frozen=True):
    version: int
    scorer_id: str
    experiment_id: str
    name: str
    serialized_scorer: str
    creation_time: int  # ms


class ScorerVersion(Answer, frozen=True):
    experiment_id: int  # a number here, as in MLflow's protocol
    scorer_name: str
    scorer_version: int
    serialized_scorer: str
    creation_time: int  # ms
    scorer_id: str


class ListScorers(Call, frozen=True):
    experiment_id: str | None = None
    experiment_ids: list[str] | None = None


class OfScorer(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None


class OfVersion(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name")
    experiment_id: str | None = None
    name: str | None = None
    version: int | None = None


class Scorers(Answer, frozen=True):
    scorers: list[ScorerVersion] = []


class OneScorer(Answer, frozen=True):
    scorer: ScorerVersion


class PutConfig(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("experiment_id", "name", "sample_rate")
    experiment_id: str | None = None
    name: str | None = None
    sample_rate: float | None = None
    filter_string: str | None = None


class OfConfigs(Call, frozen=True):
    required: ClassVar[tuple[str, ...]] = ("scorer_ids",)
    scorer_ids: list[str] | None = None


class Config(Answer, frozen=True):
    online_scoring_config_id: str
    scorer_id: str
    sample_rate: float
    experiment_id: str
    filter_string: str | None


class OneConfig(Answer, frozen=True):
    config: Config


class Configs(Answer, frozen=True, omit_defaults=False):
    configs: list[Config]


def check_name(name: str | None) -> str:
    if not name or not name.strip():
        raise Invalid("Scorer name cannot be empty or contain only whitespace.")
    names.check_length(name, "Scorer name", MAX_NAME)
    return name


def check_serialized(text: str) -> None:
    """Raise Invalid if the text is not a JSON object, and for a scorer with code.

    Raise NotFound for a scorer whose model is behind MLflow's gateway."""
    try:
        found = json.loads(text)
        has_code = _has_code(found)
    except (ValueError, RecursionError):
        raise Invalid("serialized_scorer must be valid JSON") from None
    if not isinstance(found, dict):
        raise Invalid(f"serialized_scorer must be a JSON object, but is of type '{type(found).__name__}'")
    if has_code:
        raise Invalid(NO_CODE)
    model = model_of(found)
    if model is None:
        return
    if not isinstance(model, str):
        raise Invalid(f"Scorer model must be a string, got {type(model).__name__}.")
    if not model.strip():
        raise Invalid("Scorer model cannot be empty or contain only whitespace.")
    if model.startswith(GATEWAY):
        raise NotFound(f"GatewayEndpoint not found (name='{model.removeprefix(GATEWAY)[:200]}')")


def model_of(scorer: dict[str, Any]) -> Any:
    """Return the model of a judge; None if there is none."""
    for _ in range(100):  # a judge with a memory wraps another judge
        for key in _DATA:
            data = scorer.get(key)
            if isinstance(data, dict) and data:
                return data.get("model")
        memory = scorer.get("memory_augmented_judge_data")
        inner = memory.get("base_judge") if isinstance(memory, dict) else None
        if not isinstance(inner, dict):
            return None
        scorer = inner
    raise Invalid("serialized_scorer has more than 100 judges within each other")


def check_rate(rate: float | None) -> float:
    if rate is None or not 0.0 <= rate <= 1.0:
        raise Invalid(f"sample_rate must be between 0.0 and 1.0, got {rate}")
    return rate


def missing(name: str, experiment_id: str, version: int | None = None) -> NotFound:
    which = "" if version is None else f" and version {version}"
    return NotFound(f"Scorer with name '{name[:500]}'{which} not found for experiment {experiment_id}.")


def _has_code(value: Any) -> bool:
    match value:
        case dict():
            return value.get("call_source") is not None or any(_has_code(each) for each in value.values())
        case list():
            return any(_has_code(each) for each in value)
        case _:
            return False
