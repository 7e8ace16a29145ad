"""Attributes of other instrumentations are translated to MLflow's names, with costs by a table of prices; the sent attributes are
kept."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.client import Api, Inside
from support.traces import Sent, export, search, spans_of
from trackside import app
from trackside.core import prices
from trackside.core.settings import Settings
from trackside.traces.spans import Event
from trackside.traces.translation.attributes import translator

TYPE, INPUTS, OUTPUTS = "mlflow.spanType", "mlflow.spanInputs", "mlflow.spanOutputs"
USAGE, MODEL, PROVIDER = "mlflow.chat.tokenUsage", "mlflow.llm.model", "mlflow.llm.provider"

DIALECTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "GenAI": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": '[{"role": "user"}]',
            "gen_ai.response.model": "m-1",
            "gen_ai.request.model": "m",
            "gen_ai.provider.name": "acme",
            "gen_ai.usage.input_tokens": 3,
            "gen_ai.usage.output_tokens": 4,
        },
        {
            TYPE: "CHAT_MODEL",
            INPUTS: [{"role": "user"}],
            MODEL: "m-1",
            PROVIDER: "acme",
            USAGE: {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        },
    ),
    "OpenInference": (
        {"openinference.span.kind": "RETRIEVER", "input.value": "q", "output.value": "a", "llm.model_name": "m"},
        {TYPE: "RETRIEVER", INPUTS: "q", OUTPUTS: "a", MODEL: "m"},
    ),
    "Traceloop": (
        {"traceloop.span.kind": "workflow", "traceloop.entity.input": '{"q": 1}', "traceloop.entity.output": "a"},
        {TYPE: "WORKFLOW", INPUTS: {"q": 1}, OUTPUTS: "a"},
    ),
    "Traceloop's prompts": (
        {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "q", "gen_ai.completion.0.content": "a"},
        {INPUTS: {"0.role": "user", "0.content": "q"}, OUTPUTS: {"0.content": "a"}},
    ),
    "Google ADK": (
        {"gcp.vertex.agent.llm_request": '{"contents": []}', "gcp.vertex.agent.tool_response": "{}"},
        {INPUTS: {"contents": []}, OUTPUTS: {}},
    ),
    "Vercel AI": (
        {
            "ai.operationId": "ai.generateText",
            "ai.prompt.messages": '[{"role": "user"}]',
            "ai.response.text": "a",
            "ai.model.id": "m",
            "ai.model.provider": "acme",
            "ai.usage.promptTokens": 3,
            "ai.usage.completionTokens": 4,
        },
        {
            TYPE: "LLM",
            INPUTS: {"messages": [{"role": "user"}]},
            OUTPUTS: "a",
            MODEL: "m",
            PROVIDER: "acme",
            USAGE: {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
            "mlflow.message.format": "vercel_ai",
        },
    ),
    "Vercel AI's tools": (
        {"ai.operationId": "ai.toolCall", "ai.toolCall.args": '{"city": "Bern"}', "ai.toolCall.result": '"sun"'},
        {TYPE: "TOOL", INPUTS: {"city": "Bern"}, OUTPUTS: '"sun"', "mlflow.message.format": "vercel_ai"},
    ),
    "Langfuse": (
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.input": "q",
            "langfuse.observation.output": "a",
            "langfuse.observation.model.name": "m",
        },
        {TYPE: "LLM", INPUTS: "q", OUTPUTS: "a", MODEL: "m"},
    ),
    "Laminar": (
        {"lmnr.span.type": "DEFAULT", "lmnr.span.input": "[1]", "lmnr.span.output": "a"},
        {TYPE: "CHAIN", INPUTS: [1], OUTPUTS: "a"},
    ),
    "LiveKit": (
        {"lk.user_input": "hi", "lk.response.text": "hello", "gen_ai.request.model": "m"},
        {TYPE: "LLM", INPUTS: "hi", OUTPUTS: "hello", MODEL: "m", "mlflow.message.format": "livekit"},
    ),
    "Spring AI": (
        {"spring.ai.kind": "chat_client", "gen_ai.prompt": "q", "gen_ai.completion": "a"},
        {TYPE: "CHAIN", INPUTS: "q", OUTPUTS: "a"},
    ),
    "VoltAgent": (
        {
            "voltagent.operation_id": "o",
            "span.type": "llm",
            "llm.messages": "[]",
            "output": "a",
            "usage.prompt_tokens": 1,
            "usage.completion_tokens": 2,
        },
        {
            TYPE: "LLM",
            INPUTS: [],
            OUTPUTS: "a",
            USAGE: {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
            "mlflow.message.format": "voltagent",
        },
    ),
    "Claude Code": (
        {
            "span.type": "claude_code.llm_request",
            "model": "m",
            "new_context": "q",
            "response.model_output": "a",
            "input_tokens": 9,
            "output_tokens": 1,
            "cache_read_tokens": 5,
        },
        {
            TYPE: "LLM",
            INPUTS: "q",
            OUTPUTS: "a",
            MODEL: "m",
            USAGE: {"input_tokens": 9, "output_tokens": 1, "total_tokens": 10, "cache_read_input_tokens": 5},
        },
    ),
    "Gemini CLI": (
        {"gen_ai.agent.name": "gemini-cli", "gen_ai.operation.name": "tool_call", "gen_ai.tool.call.arguments": "{}"},
        {TYPE: "TOOL", INPUTS: {}},
    ),
}


def translated(sent: Mapping[str, Any], events: list[Event] | None = None) -> dict[str, Any]:
    """Return what is added, as values."""
    attributes = {name: json.dumps(value) for name, value in sent.items()}
    before = dict(attributes)
    translator(prices.BUILT_IN)(attributes, events or [])
    assert {name: attributes[name] for name in before if name != TYPE} == {
        name: text for name, text in before.items() if name != TYPE
    }
    return {name: json.loads(text) for name, text in attributes.items() if before.get(name) != text}


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_each_dialect_is_read(name: str) -> None:
    sent, expected = DIALECTS[name]

    assert translated(sent) == {**expected, "trackside.translation": "2"}


def test_what_mlflow_names_itself_stays_as_it_is() -> None:
    sent = {**DIALECTS["GenAI"][0], TYPE: "TOOL", MODEL: "mine", INPUTS: 1, OUTPUTS: 2, USAGE: {}, PROVIDER: "me"}

    assert translated(sent) == {}


@pytest.mark.parametrize(
    "sent", [{}, {"input_tokens": 3, "model": "m", "output": "x"}, {"span.type": "llm", "input": "x"}]
)
def test_names_without_a_dialect_mean_nothing(sent: dict[str, Any]) -> None:
    assert translated(sent) == {}


def test_messages_in_events_are_inputs_and_outputs() -> None:
    events = [
        Event("gen_ai.user.message", 1, {"content": "q"}),
        Event("gen_ai.choice", 2, {"message": "a"}),
    ]

    found = translated({"gen_ai.system": "acme"}, events)

    assert found[INPUTS] == [{"role": "user", "content": "q"}]
    assert found[OUTPUTS] == [{"role": "choice", "message": "a"}]
    prompt = [Event("gen_ai.content.prompt", 1, {"gen_ai.prompt": '["q"]'})]
    assert translated({"gen_ai.system": "acme"}, prompt)[INPUTS] == ["q"]


@pytest.mark.parametrize(
    ("model", "usage", "total"),
    [
        ("gpt-4o", {"input_tokens": 1_000_000, "output_tokens": 1_000_000}, 12.5),
        ("gpt-4o-2024-08-06", {"input_tokens": 1_000_000}, 2.5),
        ("openai/gpt-4o", {"input_tokens": 1_000_000, "cache_read_input_tokens": 400_000}, 1.5 + 0.5),
        ("anthropic.claude-sonnet-4-20250514-v1:0", {"output_tokens": 1_000_000}, 15.0),
        ("claude-sonnet-4", {"input_tokens": 10, "cache_creation_input_tokens": 1_000_000}, 3.75),
    ],
)
def test_a_call_costs_what_the_table_says(model: str, usage: dict[str, int], total: float) -> None:
    found = translated({MODEL: model, USAGE: usage})["mlflow.llm.cost"]

    assert found["total_cost"] == pytest.approx(total)
    assert found["input_cost"] + found["output_cost"] == pytest.approx(total)


@pytest.mark.parametrize(
    "sent",
    [
        {MODEL: "unheard-of", USAGE: {"input_tokens": 1}},
        {MODEL: "gpt-4o", USAGE: {}},
        {MODEL: "gpt-4o", USAGE: {"input_tokens": "many"}},
        {MODEL: 7, USAGE: {"input_tokens": 1}},
        {MODEL: "gpt-4o", USAGE: {"input_tokens": 1}, "mlflow.llm.cost": {"total_cost": 9}},
    ],
)
def test_an_unknown_model_has_no_cost(sent: dict[str, Any]) -> None:
    assert translated(sent) == {}


def test_the_prices_of_a_file_win_over_the_built_in_ones(sqlite_settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"gpt-4o": {"input": 1, "output": 2}, "acme/House-1": {"input": 5}}')
    application = app.build(structs.replace(sqlite_settings, model_prices=prices.read(file)))
    inside = Inside(application.asgi)
    api = Api(inside)

    export(api, _call(1, "gpt-4o", "openai"), _call(2, "house-1", "Acme"), _call(3, "gpt-5", "openai"))

    costs = {each["name"]: each["attributes"]["mlflow.llm.cost"]["total_cost"] for each in map(_read, spans_of(api))}
    total = json.loads(search(api)[0]["trace_metadata"]["mlflow.trace.cost"])["total_cost"]
    inside.close()
    application.close()
    assert costs == {"gpt-4o": 3.0, "house-1": 5.0, "gpt-5": 11.25}
    assert total == pytest.approx(3.0 + 5.0 + 11.25)


def _call(number: int, model: str, provider: str) -> Sent:
    million = {"gen_ai.usage.input_tokens": 1_000_000, "gen_ai.usage.output_tokens": 1_000_000}
    attributes = {"gen_ai.request.model": model, "gen_ai.provider.name": provider, **million}
    return Sent(number, parent=9, name=model, attributes=attributes)


def _read(span: dict[str, Any]) -> dict[str, Any]:
    return span


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not a JSON object of prices by model"),
        ('{"m": {"output": 1}}', "not a JSON object of prices by model"),
        ('{"m": {"input": 1, "outputs": 1}}', "not a JSON object of prices by model"),
        ('{"m": {"input": -1}}', "'m' has the price input -1"),
    ],
)
def test_an_invalid_table_of_prices_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=message):
        prices.read(file)
