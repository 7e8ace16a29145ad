"""What a span says in other conventions, under MLflow's names.  Pure.

Knows the conventions of OpenTelemetry for generative AI (`gen_ai.*`), of OpenInference and of Traceloop.  Attributes are added
and never replaced, so that what was sent stays as it was.
"""

import json
from collections.abc import Mapping
from typing import Any

from trackside.traces.spans import INPUTS, OUTPUTS, TYPE, Event, value_of

VERSION = "1"
VERSION_KEY = "trackside.translation"  # on spans to which something was added
USAGE = "mlflow.chat.tokenUsage"
MODEL = "mlflow.llm.model"
PROVIDER = "mlflow.llm.provider"

_TYPES = {
    "chat": "CHAT_MODEL",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "response": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "invoke_agent": "AGENT",
    "create_agent": "AGENT",
}
_KINDS = ("LLM", "CHAIN", "TOOL", "AGENT", "RETRIEVER", "EMBEDDING", "RERANKER", "GUARDRAIL", "EVALUATOR")
_TRACELOOP = {"workflow": "WORKFLOW", "task": "TASK", "agent": "AGENT", "tool": "TOOL"}
_INPUTS = ("gen_ai.input.messages", "gen_ai.tool.call.arguments", "input.value", "traceloop.entity.input")
_OUTPUTS = ("gen_ai.output.messages", "gen_ai.tool.call.result", "output.value", "traceloop.entity.output")
_MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.response.model_name",
    "llm.model_name",
    "embedding.model_name",
)
_PROVIDERS = ("gen_ai.provider.name", "gen_ai.system", "llm.provider")
_COUNTS = {
    "input_tokens": ("gen_ai.usage.input_tokens", "llm.token_count.prompt", "gen_ai.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "llm.token_count.completion", "gen_ai.usage.completion_tokens"),
    "total_tokens": ("gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens"),
    "cache_read_input_tokens": ("gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"),
    "cache_creation_input_tokens": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
}


def translate(attributes: dict[str, str], events: list[Event]) -> None:
    """Add what other conventions say under MLflow's names; what is there stays.  Values are JSON texts."""
    if not any(
        key.startswith(("gen_ai.", "llm.", "openinference.", "input.", "output.", "traceloop.")) for key in attributes
    ):
        return
    found = {
        TYPE: _type(attributes) if value_of(attributes.get(TYPE)) in (None, "UNKNOWN") else None,
        INPUTS: _first(attributes, _INPUTS)
        or _messages(events, ("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message")),
        OUTPUTS: _first(attributes, _OUTPUTS) or _messages(events, ("gen_ai.choice",)),
        USAGE: _usage(attributes),
        MODEL: _first(attributes, _MODELS),
        PROVIDER: _first(attributes, _PROVIDERS),
    }
    added = {key: text for key, text in found.items() if text is not None and (key == TYPE or key not in attributes)}
    if added:
        attributes.update(added)
        attributes[VERSION_KEY] = json.dumps(VERSION)


def _first(attributes: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first attribute that is there; a text that is itself JSON counts as what it says."""
    for name in names:
        text = attributes.get(name)
        if text is not None and text != "null":
            value = value_of(text)
            return value if isinstance(value, str) and value[:1] in ("{", "[") and _is_json(value) else text
    return None


def _is_json(text: str) -> bool:
    return not isinstance(value_of(text), str)


def _type(attributes: Mapping[str, str]) -> str | None:
    operation = value_of(attributes.get("gen_ai.operation.name"))
    if isinstance(operation, str) and operation in _TYPES:
        return json.dumps(_TYPES[operation])
    kind = value_of(attributes.get("openinference.span.kind"))
    if isinstance(kind, str) and kind.upper() in _KINDS:
        return json.dumps(kind.upper())
    entity = value_of(attributes.get("traceloop.span.kind"))
    if isinstance(entity, str) and entity.lower() in _TRACELOOP:
        return json.dumps(_TRACELOOP[entity.lower()])
    return None


def _usage(attributes: Mapping[str, str]) -> str | None:
    counts: dict[str, int] = {}
    for key, names in _COUNTS.items():
        for name in names:
            value: Any = value_of(attributes.get(name))
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53:
                counts[key] = int(value)
                break
    if "input_tokens" not in counts and "output_tokens" not in counts:
        return None
    counts.setdefault("input_tokens", 0)
    counts.setdefault("output_tokens", 0)
    counts.setdefault("total_tokens", counts["input_tokens"] + counts["output_tokens"])
    return json.dumps(counts)


def _messages(events: list[Event], names: tuple[str, ...]) -> str | None:
    said = [{"role": event.name.split(".")[1], **event.attributes} for event in events if event.name in names]
    return json.dumps(said, ensure_ascii=False) if said else None
