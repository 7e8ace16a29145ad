"""`create-promptlab-run` of MLflow's UI: a prompt that was tried becomes a run, with a table of its result and a model.

The model calls the prompt through a gateway that serves MLflow's deployments API, wherever it is loaded; the server calls none.
"""

import json
import platform
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from trackside.artifacts.routes import Calls as ArtifactCalls
from trackside.core import names
from trackside.core.access import Action, experiment_named
from trackside.core.db.tx import Tx
from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.http.admission import REFUSED
from trackside.core.http.calls import check_content_type
from trackside.core.http.codec import INT64_MAX, encode
from trackside.core.http.streams import Request, Response
from trackside.runs import batch, lifecycle, limits, lineage
from trackside.runs import model as m
from trackside.runs import store as runs

TABLE = "eval_results_table.json"
MODEL = "model"
_REQUIRED = ("experiment_id", "prompt_template", "prompt_parameters", "model_route", "model_input", "mlflow_version")
_VERSION = re.compile(r"\d{1,5}(\.[0-9A-Za-z]{1,10}){0,5}")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NOT_IN_YAML = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")  # JSON may have them as they are


class Pair(msgspec.Struct, frozen=True):
    key: str
    value: str | int | float | bool | None = None

    @property
    def text(self) -> str:
        return str(self.value)


class PromptlabRun(msgspec.Struct, frozen=True, kw_only=True):
    experiment_id: str | None = None
    run_name: str | None = None
    tags: list[m.GivenTag] = []
    prompt_template: str | None = None
    prompt_parameters: list[Pair] | None = None
    model_route: str | None = None
    model_parameters: list[Pair] = []
    model_input: str | None = None
    model_output: str | None = None
    model_output_parameters: list[Pair] = []
    mlflow_version: str | None = None
    user_id: str = "unknown"
    start_time: Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)] | None = None  # ms


class Promptlab:
    def __init__(self, artifacts: ArtifactCalls) -> None:
        self._artifacts = artifacts

    async def create(self, request: Request) -> Response:
        """Create a run of a prompt that was tried in MLflow's UI, with a table of its result and a model."""
        check_content_type(request.headers.get(b"content-type"))
        asked = _asked(await request.whole_body())
        if not request.visit.rights.allows(Action.RUNS_WRITE, experiment_named(asked.experiment_id or "0")):
            raise Denied(REFUSED)
        run_id = await request.write(lambda tx: _begin(tx, asked))
        try:
            for path, data in _files(asked, run_id).items():
                await self._artifacts.keep(request, run_id, path, data)
        except (Fault, OSError):
            await request.write(lambda tx: _end(tx, run_id, m.Status.FAILED))
            raise
        made = await request.write(lambda tx: _end(tx, run_id, m.Status.FINISHED))
        return Response(200, [(b"content-type", b"application/json")], encode(made))


def _asked(body: bytes) -> PromptlabRun:
    """Raise Invalid, where something is missing in MLflow's words."""
    try:
        asked = msgspec.json.decode(body, type=PromptlabRun, strict=False)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is no CreatePromptlabRun request: {error}") from None
    for name in _REQUIRED:
        if not getattr(asked, name):
            raise Invalid(f"CreatePromptlabRun request must specify {name}.")
    if _NUL.search(body):
        raise Invalid("The request has the character NUL (U+0000), which cannot be stored.")
    if not _VERSION.fullmatch(asked.mlflow_version or ""):
        raise Invalid(f"mlflow_version is {asked.mlflow_version!r:.100}; it must be a version such as '3.17.2'.")
    for given in (asked.prompt_parameters or [], asked.model_parameters, asked.model_output_parameters):
        for pair in given:
            if not 0 < len(pair.key) <= names.MAX_KEY:
                raise Invalid(f"The key {pair.key[:100]!r} of a parameter must have 1 to {names.MAX_KEY} characters.")
    return asked


def _begin(tx: Tx, asked: PromptlabRun) -> str:
    """Create the run with its params and tags, all or nothing."""
    tags = [
        m.GivenTag(key="mlflow.loggedArtifacts", value=json.dumps([{"path": TABLE, "type": "table"}])),
        m.GivenTag(key="mlflow.runSourceType", value="PROMPT_ENGINEERING"),
    ]
    run_id = lifecycle.create(
        tx,
        asked.experiment_id or "",
        run_name=asked.run_name,
        user_id=asked.user_id,
        start_time=_now() if asked.start_time is None else asked.start_time,
        tags=limits.new_tags(asked.tags),
    )
    params = [m.GivenTag(key=pair.key, value=pair.text) for pair in asked.model_parameters]
    params += [
        m.GivenTag(key="model_route", value=asked.model_route),
        m.GivenTag(key="prompt_template", value=asked.prompt_template),
    ]
    (answer,) = batch.log(tx, [limits.batch(m.LogBatch(run_id=run_id, params=params, tags=tags))])
    if isinstance(answer, Fault):
        raise answer
    lineage.log_model(tx, run_id, json.dumps(_model(run_id)))
    return run_id


def _end(tx: Tx, run_id: str, status: m.Status) -> m.GotRun:
    lifecycle.update(tx, run_id, status, _now(), None)
    return m.GotRun(run=runs.get(tx, run_id))


def _model(run_id: str) -> dict[str, Any]:
    python = platform.python_version()
    flavor = {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": "mlflow.prompt.promptlab_model",
        "parameters_path": "parameters.yaml",
        "python_version": python,
    }
    return {
        "artifact_path": MODEL,
        "flavors": {"python_function": flavor},
        "model_uuid": uuid.uuid5(uuid.NAMESPACE_OID, run_id).hex,
        "run_id": run_id,
        "utc_time_created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }


def _files(asked: PromptlabRun, run_id: str) -> dict[str, bytes]:
    """The files of the run by their paths; those of the model are what MLflow's client loads."""
    prompt, python = asked.prompt_parameters or [], platform.python_version()
    requirement = f"mlflow[gateway]=={asked.mlflow_version}"
    example = {"inputs": [pair.text for pair in prompt]}
    columns = (
        [pair.key for pair in prompt] + ["prompt", "output"] + [pair.key for pair in asked.model_output_parameters]
    )
    row = [pair.text for pair in prompt] + [asked.model_input, asked.model_output]
    row += [pair.text for pair in asked.model_output_parameters]
    model = {
        **_model(run_id),
        "mlflow_version": asked.mlflow_version,
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "serving_input_path": "serving_input_example.json",
            "type": "json_object",
        },
        "signature": {
            "inputs": json.dumps([{"type": "string", "name": pair.key, "required": True} for pair in prompt]),
            "outputs": json.dumps([{"type": "string", "name": "output", "required": True}]),
            "params": None,
        },
    }
    parameters = {
        "prompt_template": asked.prompt_template,
        "prompt_parameters": {pair.key: pair.text for pair in prompt},
        "model_parameters": {pair.key: pair.text for pair in asked.model_parameters},
        "model_route": asked.model_route,
    }
    environment = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": [requirement]}],
    }
    return {
        TABLE: _yaml({"columns": columns, "data": [row]}),
        f"{MODEL}/input_example.json": _yaml(example),
        f"{MODEL}/serving_input_example.json": _yaml({"inputs": example}),
        f"{MODEL}/parameters.yaml": _yaml(parameters),
        f"{MODEL}/requirements.txt": f"{requirement}\n".encode(),
        f"{MODEL}/python_env.yaml": _yaml(environment),
        f"{MODEL}/conda.yaml": _yaml(conda),
        f"{MODEL}/MLmodel": _yaml(model),  # written last: a model without this file is incomplete
    }


def _yaml(value: Any) -> bytes:
    """Return JSON that is also YAML."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _now() -> int:
    return time.time_ns() // 1_000_000
