"""Rights for GraphQL and for runs of prompts, which equal the rights for REST."""

from typing import Any

from support.client import Api
from support.people import People

RUN = """
    { mlflowGetRun(input: {runId: "%s"}) {
      apiError { code } run { info { runId } experiment { name } modelVersions { name } }
    } }
"""


def ask(api: Api, query: str) -> Any:
    answer = api.post("/graphql", {"query": query})
    assert answer["errors"] is None
    (found,) = answer["data"].values()
    return found


def test_a_reader_of_one_experiment_reads_its_runs_and_no_other(people: People) -> None:
    admin = people.admin
    ours, theirs = admin.new_experiment("ours"), admin.new_experiment("theirs")
    mine, secret = admin.new_run(ours), admin.new_run(theirs)
    admin.post("registered-models/create", name="model")
    admin.post("model-versions/create", name="model", source=f"runs:/{mine}/model", run_id=mine)
    bo = people.add("bo", "MLflow READ", f"/ws/default/experiments/{ours}")

    run = ask(bo, RUN % mine)["run"]
    assert (run["info"], run["experiment"], run["modelVersions"]) == ({"runId": mine}, {"name": "ours"}, [])
    assert ask(admin, RUN % mine)["run"]["modelVersions"] == [{"name": "model"}]
    both = f'experimentIds: ["{ours}", "{theirs}"]'
    found = ask(bo, f"mutation {{ mlflowSearchRuns(input: {{{both}}}) {{ runs {{ info {{ runId }} }} }} }}")
    assert found["runs"] == [{"info": {"runId": mine}}]
    for hidden in (secret, "f" * 32):  # what is hidden is answered like what is missing
        histories = f'mlflowGetMetricHistoryBulkInterval(input: {{runIds: ["{mine}", "{hidden}"], metricKey: "m"}})'
        for query in (
            RUN % hidden,
            f"{{ {histories} {{ apiError {{ code }} }} }}",
            f'{{ mlflowListArtifacts(input: {{runId: "{hidden}"}}) {{ apiError {{ code }} }} }}',
        ):
            assert ask(bo, query)["apiError"] == {"code": "PERMISSION_DENIED"}, query
    other = f'{{ mlflowGetExperiment(input: {{experimentId: "{theirs}"}}) {{ apiError {{ code }} }} }}'
    assert ask(bo, other)["apiError"] == {"code": "PERMISSION_DENIED"}


def test_a_user_without_a_role_gets_no_data(people: People) -> None:
    bo = people.add("bo")

    assert bo.ask("POST", "/graphql", {"query": "{ __typename }"}).status == 403


def test_a_prompt_becomes_a_run_only_where_its_caller_may_write(people: People) -> None:
    ours, theirs = people.admin.new_experiment("ours"), people.admin.new_experiment("theirs")
    bo = people.add("bo", "MLflow EDIT", f"/ws/default/experiments/{ours}")
    people.grant("bo", "MLflow READ", f"/ws/default/experiments/{theirs}")
    asked = {
        "prompt_template": "p", "prompt_parameters": [{"key": "k", "value": "v"}], "model_route": "r",
        "model_input": "i", "mlflow_version": "3.17.2",
    }  # fmt: skip

    def status(experiment_id: str) -> int:
        path = "/ajax-api/2.0/mlflow/runs/create-promptlab-run"
        return bo.ask("POST", path, {**asked, "experiment_id": experiment_id}).status

    assert [status(each) for each in (ours, theirs, "4711")] == [200, 403, 403]
