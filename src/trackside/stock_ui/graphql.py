"""The two queries that the pages of MLflow's UI send to `/graphql`, answered by their names.

Nothing of GraphQL is interpreted: an answer has every field that the query of that name asks for in MLflow 3.17.  Apollo, the
client in the pages, wants a `__typename` in each object.  A number of 64 bits is a text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.experiments import store as experiments
from trackside.experiments.model import Experiment
from trackside.registry import lineage
from trackside.runs import store as runs
from trackside.runs.model import DatasetInput, KeyValue, Run

Json = dict[str, Any]


class Query(msgspec.Struct, frozen=True):
    operationName: str | None = None  # noqa: N815  # GraphQL's name
    variables: dict[str, Any] | None = None
    query: str | None = None


def answer(tx: Tx, query: Query) -> Json:
    """Return the answer to a known query.  Raise Invalid for another one."""
    variables = query.variables or {}
    match query.operationName:
        case "MlflowGetExperimentQuery":
            return {"data": {"mlflowGetExperiment": _get_experiment(tx, _input(variables, "input"))}}
        case "GetRun":
            return {"data": {"mlflowGetRun": _get_run(tx, _input(variables, "data"))}}
    raise Invalid(
        f"/graphql answers MlflowGetExperimentQuery and GetRun, and no query named {query.operationName!r}. "
        "Use the REST API: GET /openapi.json lists it"
    )


def _input(variables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = variables.get(name)
    if not isinstance(given, dict):
        raise Invalid(f"The query has no variable {name!r} with its input")
    return given


def _get_experiment(tx: Tx, given: Mapping[str, Any]) -> Json:
    try:
        found = experiments.get(tx, str(given.get("experimentId", "")))
    except (NotFound, Invalid) as fault:
        return _typed("MlflowGetExperimentResponse", apiError=_error(fault), experiment=None)
    return _typed("MlflowGetExperimentResponse", apiError=None, experiment=_experiment(found))


def _get_run(tx: Tx, given: Mapping[str, Any]) -> Json:
    run_id = str(given.get("runId") or given.get("runUuid") or "")
    try:
        found = runs.get(tx, run_id)
    except NotFound as fault:
        return _typed("MlflowGetRunResponse", apiError=_error(fault), run=None)
    versions = lineage.of_run(tx, run_id).model_versions
    return _typed(
        "MlflowGetRunResponse",
        apiError=None,
        run=_typed(
            "MlflowRunExtension",
            info=_info(found),
            experiment=_experiment(experiments.get(tx, found.info.experiment_id)),
            modelVersions=[
                _typed("MlflowModelVersion", status="READY", version=each.version, name=each.name, source=each.source)
                for each in versions
            ],
            data=_data(found),
            inputs=_typed(
                "MlflowRunInputs",
                datasetInputs=[_dataset(each) for each in found.inputs.dataset_inputs],
                modelInputs=[_typed("MlflowModelInput", modelId=each.model_id) for each in found.inputs.model_inputs],
            ),
            outputs=_typed(
                "MlflowRunOutputs",
                modelOutputs=[]
                if found.outputs is UNSET
                else [
                    _typed("MlflowModelOutput", modelId=each.model_id, step=str(each.step))
                    for each in found.outputs.model_outputs
                ],
            ),
        ),
    )


def _info(run: Run) -> Json:
    info = run.info
    return _typed(
        "MlflowRunInfo",
        runName=info.run_name,
        status=info.status,
        runUuid=info.run_id,
        runId=info.run_id,
        experimentId=info.experiment_id,
        artifactUri=info.artifact_uri,
        startTime=str(info.start_time),
        endTime=None if info.end_time is UNSET else str(info.end_time),
        lifecycleStage=info.lifecycle_stage,
        userId=info.user_id,
    )


def _data(run: Run) -> Json:
    return _typed(
        "MlflowRunData",
        metrics=[
            _typed(
                "MlflowMetric",
                key=each.key,
                value=None if isinstance(each.value, str) else each.value,
                step=str(each.step),
                timestamp=str(each.timestamp),
            )
            for each in run.data.metrics
        ],
        params=_pairs("MlflowParam", run.data.params),
        tags=_pairs("MlflowRunTag", run.data.tags),
    )


def _dataset(given: DatasetInput) -> Json:
    dataset = given.dataset
    return _typed(
        "MlflowDatasetInput",
        dataset=_typed(
            "MlflowDataset",
            digest=dataset.digest,
            name=dataset.name,
            profile=None if dataset.profile is UNSET else dataset.profile,
            schema=None if dataset.schema is UNSET else dataset.schema,
            source=dataset.source,
            sourceType=dataset.source_type,
        ),
        tags=_pairs("MlflowInputTag", given.tags),
    )


def _experiment(found: Experiment) -> Json:
    return _typed(
        "MlflowExperiment",
        artifactLocation=found.artifact_location,
        creationTime=str(found.creation_time),
        effectiveTraceArchivalRetention=None,
        experimentId=found.experiment_id,
        lastUpdateTime=str(found.last_update_time),
        lifecycleStage=found.lifecycle_stage,
        name=found.name,
        tags=[_typed("MlflowExperimentTag", key=tag.key, value=tag.value) for tag in found.tags],
    )


def _pairs(name: str, given: Sequence[KeyValue]) -> list[Json]:
    return [_typed(name, key=each.key, value=each.value) for each in given]


def _error(fault: NotFound | Invalid) -> Json:
    return _typed("ApiError", code=fault.code, message=fault.message, helpUrl=None)


def _typed(__typename: str, **fields: Any) -> Json:  # the name of the wire
    return {"__typename": __typename, **fields}
