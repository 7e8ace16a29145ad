"""MLflow's GraphQL endpoint: its queries and mutations, their limits, and who may read what."""

import json
from typing import Any

from support.client import Api


def ask(api: Api, query: str, **variables: Any) -> Any:
    answer = api.post("/graphql", {"query": query, "variables": variables})
    assert answer["errors"] is None
    return answer["data"]


def refused(api: Api, query: str, **variables: Any) -> str:
    answer = api.post("/graphql", {"query": query, "variables": variables})
    assert answer["data"] is None or set(answer["data"].values()) == {None}
    first: str = answer["errors"][0]
    return first


def test_an_experiment_has_the_fields_that_are_asked_for(sqlite_api: Api) -> None:
    experiment_id = sqlite_api.new_experiment("e", tags=[{"key": "k", "value": "v"}])
    query = """
        query MlflowGetExperimentQuery($input: MlflowGetExperimentInput!) @component(name: "Test") {
          mlflowGetExperiment(input: $input) {
            __typename apiError { code message } experiment { name experimentId creationTime tags { key value } workspace }
          }
        }
    """

    found = ask(sqlite_api, query, input={"experimentId": experiment_id})["mlflowGetExperiment"]
    lacking = ask(sqlite_api, query, input={"experimentId": "4711"})["mlflowGetExperiment"]
    wrong = ask(sqlite_api, query, input={})["mlflowGetExperiment"]

    assert (found["__typename"], found["apiError"]) == ("MlflowGetExperimentResponse", None)
    assert found["experiment"].pop("creationTime").isdigit()
    assert found["experiment"] == {
        "name": "e", "experimentId": experiment_id, "tags": [{"key": "k", "value": "v"}], "workspace": "default",
    }  # fmt: skip
    assert (lacking["experiment"], lacking["apiError"]["code"]) == (None, "RESOURCE_DOES_NOT_EXIST")
    assert "experiment_id" in wrong["apiError"]["message"]


def test_a_run_is_returned_with_all_that_it_has(sqlite_api: Api) -> None:
    api = sqlite_api
    run_id = api.new_run(run_name="r", start_time=5)
    api.post("runs/log-metric", run_id=run_id, key="m", value=1.5, timestamp=7, step=3)
    api.post("runs/log-metric", run_id=run_id, key="nan", value="NaN", timestamp=7, step=3)
    api.post("runs/log-parameter", run_id=run_id, key="p", value="x")
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    api.post("registered-models/create", name="model")
    source = f"{api.run(run_id)['info']['artifact_uri']}/model"
    api.post("model-versions/create", name="model", source=source, run_id=run_id)
    query = """
        query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { apiError { code helpUrl } run {
          info { runName startTime endTime status } experiment { name } modelVersions { name version status aliases }
          data { metrics { key value step timestamp __typename } params { key value } }
          inputs { datasetInputs { dataset { name schema } tags { key } } modelInputs { modelId } }
          outputs { modelOutputs { modelId step } }
        } } }
    """

    run = ask(api, query, data={"runId": run_id})["mlflowGetRun"]["run"]
    lacking = ask(api, query, data={"runUuid": "f" * 32})["mlflowGetRun"]

    assert run["info"] == {"runName": "r", "startTime": "5", "endTime": None, "status": "RUNNING"}
    assert run["experiment"] == {"name": "Default"}
    assert run["modelVersions"] == [{"name": "model", "version": "1", "status": "READY", "aliases": []}]
    kind = "MlflowMetricExtension"
    assert run["data"]["metrics"] == [
        {"key": "m", "value": 1.5, "step": "3", "timestamp": "7", "__typename": kind},
        {"key": "nan", "value": None, "step": "3", "timestamp": "7", "__typename": kind},
    ]
    assert run["data"]["params"] == [{"key": "p", "value": "x"}]
    assert run["inputs"] == {"datasetInputs": [{"dataset": {"name": "d", "schema": ""}, "tags": []}], "modelInputs": []}
    assert run["outputs"] == {"modelOutputs": []}
    assert lacking == {"run": None, "apiError": {"code": "RESOURCE_DOES_NOT_EXIST", "helpUrl": None}}


def test_runs_are_searched_in_pages(api: Api) -> None:
    experiment_id = api.new_experiment("searched")
    first, second, third = (api.new_run(experiment_id, run_name=f"r{i}", start_time=i) for i in range(3))
    api.post("runs/delete", run_id=third)
    api.post("registered-models/create", name="model")
    api.post("model-versions/create", name="model", source=f"runs:/{first}/model", run_id=first)
    query = """
        mutation Find($input: MlflowSearchRunsInput!) {
          mlflowSearchRuns(input: $input) {
            runs { info { runId } experiment { name } modelVersions { name } } nextPageToken apiError { code message }
          }
        }
    """
    here = {"experimentIds": [experiment_id], "orderBy": ["attributes.start_time DESC"], "maxResults": 1}

    page = ask(api, query, input=here)["mlflowSearchRuns"]
    rest = ask(api, query, input={**here, "pageToken": page["nextPageToken"]})["mlflowSearchRuns"]
    gone = ask(api, query.replace("mutation", "query"), input={**here, "runViewType": "DELETED_ONLY"})[
        "mlflowSearchRuns"
    ]
    wrong = ask(api, query, input={**here, "filter": "nonsense ="})["mlflowSearchRuns"]

    assert page["runs"] == [{"info": {"runId": second}, "experiment": {"name": "searched"}, "modelVersions": []}]
    assert rest["runs"] == [
        {"info": {"runId": first}, "experiment": {"name": "searched"}, "modelVersions": [{"name": "model"}]}
    ]
    assert [each["info"]["runId"] for each in gone["runs"]] == [third]
    assert (wrong["runs"], wrong["apiError"]["code"]) == (None, "INVALID_PARAMETER_VALUE")


def test_files_histories_versions_and_datasets_are_listed(api: Api) -> None:
    experiment_id = api.new_experiment("listed")
    run_id = api.new_run(experiment_id)
    for path in ("test.txt", "dir/test.txt"):
        api.ask("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={path}", b"hello world")
    for step in range(3):
        api.post("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=step)
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s"}
    api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset}])
    api.post("registered-models/create", name="model")
    api.post("model-versions/create", name="model", source=f"runs:/{run_id}/model", run_id=run_id)

    found = ask(
        api,
        """
        query All($run: String, $most: LongString) {
          root: mlflowListArtifacts(input: { runId: $run }) { files { path isDir fileSize } }
          dir: mlflowListArtifacts(input: { runUuid: $run, path: "dir" }) { files { path isDir fileSize } }
          outside: mlflowListArtifacts(input: { runId: $run, path: "../x" }) { files { path } apiError { code } }
          mlflowGetMetricHistoryBulkInterval(input: { runIds: [$run], metricKey: "m" }) { metrics { key value step runId } }
          mlflowSearchModelVersions(input: { filter: "name='model'", maxResults: $most }) { modelVersions { name userId } }
          test(inputString: "abc") { output }
        }
        """,
        run=run_id,
        most="10",
    )
    datasets = ask(
        api,
        "mutation M($ids: [String]) { mlflowSearchDatasets(input: {experimentIds: $ids}) { datasetSummaries"
        ' { experimentId name digest context } } testMutation(inputString: "abc") { output } }',
        ids=[experiment_id],
    )

    assert found["root"]["files"] == [
        {"path": "dir", "isDir": True, "fileSize": "0"}, {"path": "test.txt", "isDir": False, "fileSize": "11"},
    ]  # fmt: skip
    assert found["dir"]["files"] == [{"path": "dir/test.txt", "isDir": False, "fileSize": "11"}]
    assert found["outside"] == {"files": None, "apiError": {"code": "INVALID_PARAMETER_VALUE"}}
    assert found["mlflowGetMetricHistoryBulkInterval"]["metrics"] == [
        {"key": "m", "value": float(step), "step": str(step), "runId": run_id} for step in range(3)
    ]
    assert found["mlflowSearchModelVersions"]["modelVersions"] == [{"name": "model", "userId": ""}]
    assert found["test"] == datasets["testMutation"] == {"output": "abc"}
    assert datasets["mlflowSearchDatasets"]["datasetSummaries"] == [
        {"experimentId": experiment_id, "name": "d", "digest": "1", "context": ""}
    ]


def test_a_query_over_the_limits_is_refused_with_mlflows_message(sqlite_api: Api) -> None:
    deep = "name"
    for _ in range(12):
        deep = f"name {{ {deep} }}"
    get = 'mlflowGetExperiment(input: {experimentId: "0"})'
    spread = "fragment F on Query { " + " ".join(f'a{i}: test(inputString: "x") {{ output }}' for i in range(12)) + " }"
    for query, words in (
        (
            "{" + " ".join('test(inputString: "x") { output }' for _ in range(12)) + "}",
            "at most 10 root fields, got 12",
        ),
        (
            f"{{ {get} {{" + " ".join(f"a{i}: experiment {{ name }}" for i in range(12)) + "}}",
            "at most 10 aliases, got 12",
        ),
        (f"{{ ...F }} {spread}", "at most 10 root fields, got 12"),
        (f"{{ {get} {{ experiment {{ {deep} }} }} }}", "Query exceeds maximum depth of 10"),
        (
            f"{{ {get} {{ experiment {{ {' '.join(f'f{i}' for i in range(1002))} }} }} }}",
            "maximum total selections of 1000",
        ),
        ("{ __typename } fragment F on Test { " + "output " * 1001 + "}", "maximum total selections of 1000"),
        (
            "{ __schema {"
            + " ".join(f"a{i}: types {{ fields {{ name args {{ name }} }} }}" for i in range(10))
            + '} a: __type(name: "T") { name } }',
            "at most 50 fields of introspection, got 51",
        ),
        ("fragment F on Query { test { output } ...F } { ...F }", "Cannot spread fragment 'F' within itself"),
        ("{" * 5000, "Syntax Error"),
        ("{ a " * 1900, "Document is nested too deeply"),
        ("{ a } " * 5000, "more than 4000 tokens"),
    ):
        assert words in refused(sqlite_api, query), query[:80]


def test_an_invalid_query_is_answered_with_the_error(sqlite_api: Api) -> None:
    for query, variables, words in (
        ("{ nonsense }", {}, "Cannot query field 'nonsense' on type 'Query'"),
        ("{", {}, "Syntax Error"),
        ("query Q($a: LongString) { mlflowSearchModelVersions(input: {maxResults: $a}) { nextPageToken } }",
         {"a": "x"}, "LongString takes a whole number of 64 bits, not 'x'"),
        ("{ mlflowSearchModelVersions(input: {maxResults: 1.5}) { nextPageToken } }", {}, "LongString takes a whole"),
        ("{ mlflowSearchRuns(input: {runViewType: NONE}) { nextPageToken } }", {}, "NONE"),
        ("subscription { x }", {}, "subscription"),
    ):  # fmt: skip
        assert words in refused(sqlite_api, query, **variables)
    unknown = sqlite_api.post("/graphql", {"query": "query A { __typename }", "operationName": "B"})
    assert unknown["errors"] == ["Unknown operation named 'B'."]
    for body in ({}, {"query": ""}, {"operationName": "GetRun"}, {"query": "{ __typename }", "variables": []}):
        assert sqlite_api.fault("/graphql", body)[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert sqlite_api.ask("POST", "/graphql", b"[").status == 400
    assert sqlite_api.ask("POST", "/graphql", json.dumps({"query": " " * (2 << 20)}).encode()).status == 413
