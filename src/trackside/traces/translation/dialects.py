"""The attribute names of each instrumentation.  Pure: a table.

A dialect applies if the name of an attribute begins with one of its prefixes (`marks`).  Of several dialects, the first one with
a value wins.  Claude Code and VoltAgent use names without a prefix, which have no meaning in other spans.
"""

from collections.abc import Mapping

from msgspec import Struct

_GEN_AI_TYPES = {
    "chat": "CHAT_MODEL",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "response": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "invoke_agent": "AGENT",
    "create_agent": "AGENT",
    "llm_call": "LLM",  # Gemini CLI
    "tool_call": "TOOL",
    "agent_call": "AGENT",
}
_KINDS = ("LLM", "CHAIN", "TOOL", "AGENT", "RETRIEVER", "EMBEDDING", "RERANKER", "GUARDRAIL", "EVALUATOR")


class Dialect(Struct, frozen=True):
    """The names of attributes, in order of preference.  `types` maps the lower-case value of the attribute `kind` to MLflow's
    types; `gathered` are prefixes of attributes that together are inputs or outputs."""

    marks: tuple[str, ...]
    kind: tuple[str, ...] = ()
    types: Mapping[str, str] = {}
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    counts: Mapping[str, tuple[str, ...]] = {}
    input_events: tuple[str, ...] = ()
    output_events: tuple[str, ...] = ()
    gathered: tuple[str, str] | None = None
    format: str = ""  # of the messages, for MLflow's pages


DIALECTS = (
    Dialect(  # OpenTelemetry's own conventions, and Gemini CLI
        marks=("gen_ai.",),
        kind=("gen_ai.operation.name",),
        types=_GEN_AI_TYPES,
        inputs=("gen_ai.input.messages", "gen_ai.tool.call.arguments", "gen_ai.prompt"),
        outputs=("gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.completion"),
        models=("gen_ai.response.model", "gen_ai.request.model"),
        providers=("gen_ai.provider.name", "gen_ai.system"),
        counts={
            "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
            "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
            "total_tokens": ("gen_ai.usage.total_tokens",),
            "cache_read_input_tokens": ("gen_ai.usage.cache_read.input_tokens",),
            "cache_creation_input_tokens": (
                "gen_ai.usage.cache_write.input_tokens",
                "gen_ai.usage.cache_creation.input_tokens",
            ),
        },
        input_events=(
            *("gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message"),
            "gen_ai.content.prompt",  # Spring AI
        ),
        output_events=("gen_ai.choice", "gen_ai.content.completion"),
    ),
    Dialect(  # OpenInference
        marks=("openinference.", "llm.", "input.", "output.", "embedding."),
        kind=("openinference.span.kind",),
        types={each.lower(): each for each in _KINDS},
        inputs=("input.value",),
        outputs=("output.value",),
        models=("llm.response.model_name", "llm.model_name", "embedding.model_name"),
        providers=("llm.provider",),
        counts={
            "input_tokens": ("llm.token_count.prompt",),
            "output_tokens": ("llm.token_count.completion",),
            "total_tokens": ("llm.token_count.total", "llm.usage.total_tokens"),
            "cache_read_input_tokens": ("llm.token_count.prompt_details.cache_read",),
            "cache_creation_input_tokens": ("llm.token_count.prompt_details.cache_write",),
        },
    ),
    Dialect(  # Traceloop
        marks=("traceloop.", "gen_ai.prompt.", "gen_ai.completion."),
        kind=("traceloop.span.kind",),
        types={"workflow": "WORKFLOW", "task": "TASK", "agent": "AGENT", "tool": "TOOL"},
        inputs=("traceloop.entity.input",),
        outputs=("traceloop.entity.output",),
        counts={"total_tokens": ("llm.usage.total_tokens",)},
        gathered=("gen_ai.prompt.", "gen_ai.completion."),
    ),
    Dialect(  # Google ADK
        marks=("gcp.vertex.agent.",),
        inputs=("gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"),
        outputs=("gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"),
    ),
    Dialect(  # Vercel AI
        marks=("ai.",),
        kind=("ai.operationId",),
        types={
            **{
                f"ai.{call}{end}": "LLM"
                for call, ends in (
                    ("generatetext", ("", ".dogenerate")),
                    ("streamtext", ("", ".dostream")),
                    ("generateobject", ("", ".dogenerate")),
                    ("streamobject", ("", ".dostream")),
                )
                for end in ends
            },
            **{f"ai.{call}": "EMBEDDING" for call in ("embed", "embed.doembed", "embedmany", "embedmany.doembed")},
            "ai.toolcall": "TOOL",
        },
        inputs=("ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"),
        outputs=("ai.response.text", "ai.toolCall.result", "ai.response.object", "ai.embedding", "ai.embeddings"),
        models=("ai.response.model", "ai.model.id"),
        providers=("ai.model.provider",),
        counts={
            "input_tokens": ("ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
            "output_tokens": ("ai.usage.outputTokens", "ai.usage.completionTokens"),
            "total_tokens": ("ai.usage.totalTokens",),
            "cache_read_input_tokens": ("ai.usage.cachedInputTokens",),
        },
        gathered=("ai.prompt.", "ai.response."),
        format="vercel_ai",
    ),
    Dialect(  # Langfuse
        marks=("langfuse.",),
        kind=("langfuse.observation.type",),
        types={
            **{
                each: each.upper()
                for each in ("embedding", "tool", "retriever", "agent", "chain", "evaluator", "guardrail")
            },
            "generation": "LLM",
        },
        inputs=("langfuse.observation.input", "langfuse.trace.input"),
        outputs=("langfuse.observation.output", "langfuse.trace.output"),
        models=("langfuse.observation.model.name",),
    ),
    Dialect(  # Laminar
        marks=("lmnr.",),
        kind=("lmnr.span.type",),
        types={
            "llm": "LLM",
            "cached": "LLM",
            "tool": "TOOL",
            "default": "CHAIN",
            "pipeline": "CHAIN",
            "executor": "AGENT",
            "evaluator": "EVALUATOR",
            "human_evaluator": "EVALUATOR",
            "evaluation": "EVALUATOR",
        },
        inputs=("lmnr.span.input",),
        outputs=("lmnr.span.output",),
    ),
    Dialect(  # LiveKit
        marks=("lk.",),
        inputs=("lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text", "lk.function_tool.arguments"),
        outputs=("lk.response.text", "lk.response.function_calls", "lk.function_tool.output"),
        format="livekit",
    ),
    Dialect(  # Spring AI
        marks=("spring.ai.",),
        kind=("spring.ai.kind",),
        types={"chat_client": "CHAIN", "advisor": "CHAIN", "vector_store": "RETRIEVER", "tool_call": "TOOL"},
        inputs=("spring.ai.tool.call.arguments",),
        outputs=("spring.ai.tool.call.result",),
    ),
    Dialect(  # VoltAgent
        marks=("voltagent.",),
        kind=("span.type", "entity.type"),
        types={"agent": "AGENT", "llm": "LLM", "tool": "TOOL", "memory": "MEMORY"},
        inputs=("agent.messages", "llm.messages", "input"),
        outputs=("output",),
        models=("llm.model", "ai.model.name"),
        counts={
            "input_tokens": ("usage.prompt_tokens", "llm.usage.prompt_tokens"),
            "output_tokens": ("usage.completion_tokens", "llm.usage.completion_tokens"),
            "total_tokens": ("usage.total_tokens", "llm.usage.total_tokens"),
        },
        format="voltagent",
    ),
)
CLAUDE_CODE = Dialect(  # applies if `span.type` is one of its kinds, since it has no prefix
    marks=(),
    kind=("span.type",),
    types={"claude_code.interaction": "AGENT", "claude_code.llm_request": "LLM", "claude_code.tool": "TOOL"},
    inputs=("user_prompt", "tool_input", "full_command", "file_path", "new_context"),
    outputs=("response.model_output",),
    models=("model",),
    counts={
        "input_tokens": ("input_tokens",),
        "output_tokens": ("output_tokens",),
        "cache_read_input_tokens": ("cache_read_tokens",),
        "cache_creation_input_tokens": ("cache_creation_tokens",),
    },
    output_events=("tool.output",),
)
MARKS = tuple(sorted({mark for dialect in DIALECTS for mark in dialect.marks}))
