"""Evaluates an application with scorers, and calls a provider by OpenAI's client and by LangChain with autologging on.

Arguments: the tracking URI and the address of a provider that speaks OpenAI's protocol.  Prints what is read back."""

import json
import sys

import mlflow
from langchain_openai import ChatOpenAI  # type: ignore[import-not-found]  # in an environment of its own
from mlflow.entities import Feedback
from mlflow.genai import scorer
from openai import OpenAI  # type: ignore[import-not-found]  # as above

uri, provider = sys.argv[1:]
mlflow.set_tracking_uri(uri)


@scorer  # type: ignore[untyped-decorator]  # of mlflow
def is_right(outputs: str, expectations: dict[str, str]) -> Feedback:
    return Feedback(value=outputs == expectations["answer"], rationale="compared")


def evaluated() -> object:
    mlflow.set_experiment("evaluated")
    rows = [
        {"inputs": {"question": "2+2"}, "expectations": {"answer": "4"}},
        {"inputs": {"question": "3+3"}, "expectations": {"answer": "7"}},
    ]
    result = mlflow.genai.evaluate(
        data=rows, scorers=[is_right], predict_fn=lambda question: str(sum(map(int, question.split("+"))))
    )
    traces = mlflow.search_traces(run_id=result.run_id, return_type="list")
    return {
        "metrics": {name: float(value) for name, value in mlflow.get_run(result.run_id).data.metrics.items()},
        "traces": sorted(
            [
                trace.data.request,
                trace.data.response,
                sorted([each.name, str(each.value)] for each in trace.info.assessments),
            ]
            for trace in traces
        ),
    }


def autologged() -> object:
    mlflow.set_experiment("autologged")
    mlflow.openai.autolog()
    client = OpenAI(base_url=provider, api_key="none")
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
    mlflow.openai.autolog(disable=True)
    mlflow.langchain.autolog()
    ChatOpenAI(model="gpt-4o-mini", base_url=provider, api_key="none").invoke("hi")
    mlflow.flush_trace_async_logging()
    experiment = mlflow.get_experiment_by_name("autologged")
    found = mlflow.search_traces(
        locations=[experiment.experiment_id], order_by=["timestamp_ms ASC"], return_type="list"
    )
    return [
        {
            "types": [span.span_type for span in trace.data.spans],
            "tokens": trace.info.token_usage,
            "answers": "hello" in trace.info.response_preview,
            "cost": round(json.loads(trace.info.trace_metadata["mlflow.trace.cost"])["total_cost"], 9),
        }
        for trace in found
    ]


print(json.dumps({"evaluated": evaluated(), "autologged": autologged()}))
