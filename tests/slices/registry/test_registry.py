"""MLflow's calls for registered models and versions: answers, messages and effects.  On both databases."""

import pytest

from support.client import Api
from support.registry import CLOUD, OWN, Registry


@pytest.fixture
def registry(api: Api) -> Registry:
    return Registry(api)


def test_a_model_is_returned_as_it_was_created(registry: Registry) -> None:
    made = registry.new_model(tags=[{"key": "team", "value": "a"}, {"key": "empty"}], description="flowers")

    assert made == registry.model()
    assert made.pop("creation_timestamp") == made.pop("last_updated_timestamp")
    assert made == {
        "name": "iris",
        "description": "flowers",
        "tags": [{"key": "empty", "value": ""}, {"key": "team", "value": "a"}],
    }


def test_a_version_is_returned_as_it_was_created(registry: Registry) -> None:
    registry.new_model()

    made = registry.new_version(run_id="r1", run_link="http://x", description="d", tags=[{"key": "k", "value": "v"}])

    assert made == registry.version(1)
    assert made.pop("creation_timestamp") == made.pop("last_updated_timestamp")
    assert made == {
        "name": "iris",
        "version": "1",
        "current_stage": "None",
        "description": "d",
        "source": CLOUD,
        "run_id": "r1",
        "status": "READY",
        "tags": [{"key": "k", "value": "v"}],
        "run_link": "http://x",
    }


def test_a_minimal_version_has_empty_texts(registry: Registry) -> None:
    registry.new_model()

    made = registry.new_version()

    assert (made["description"], made["run_id"], made["run_link"]) == ("", "", "")
    assert "tags" not in made
    assert "aliases" not in made


def test_a_model_is_created_with_its_first_version_or_not_at_all(registry: Registry) -> None:
    tags = [{"key": "team", "value": "a"}]
    path = f"{OWN}/registered-models"

    refused = registry.fault("POST", path, name="iris", source="https://example.com/model", model_tags=tags)
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
    assert registry.fault("GET", "registered-models/get", name="iris")[0] == 404

    made = registry.call("POST", path, name="iris", source=CLOUD, description="d", model_tags=tags)["model_version"]
    assert made == registry.version(1)
    assert (made["description"], registry.model()["tags"]) == ("d", tags)
    assert registry.fault("POST", path, name="iris", source=CLOUD)[1] == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.both
def test_a_name_is_taken_once(registry: Registry) -> None:
    registry.new_model()

    assert registry.fault("POST", "registered-models/create", name="iris") == (
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Registered Model (name=iris) already exists.",
    )


def test_a_model_name_in_the_form_of_a_path_is_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases = [
        ("  ", "Missing value for required parameter 'name'."),
        ("a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        ("a:b", "Invalid model name 'a:b'. Names cannot contain '/' or ':'."),
        ("..", "Invalid value \"..\" for parameter 'name' supplied: Names may be treated as files in certain cases"),
        ("x" * 257, "'name' exceeds the maximum length of 256 characters"),
    ]

    for name, message in cases:
        with subtests.test(name=name):
            status, code, said = registry.fault("POST", "registered-models/create", name=name)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert said.startswith(message)


def test_missing_objects_are_named(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str, dict[str, str], str]] = [
        ("GET", "registered-models/get", {"name": "no"}, "Registered Model with name=no not found"),
        ("PATCH", "registered-models/update", {"name": "no"}, "Registered Model with name=no not found"),
        (
            "POST",
            "registered-models/rename",
            {"name": "no", "new_name": "x"},
            "Registered Model with name=no not found",
        ),
        ("DELETE", "registered-models/delete", {"name": "no"}, "Registered Model with name=no not found"),
        ("POST", "registered-models/set-tag", {"name": "no", "key": "k"}, "Registered Model with name=no not found"),
        ("POST", "registered-models/get-latest-versions", {"name": "no"}, "Registered Model with name=no not found"),
        ("POST", "model-versions/create", {"name": "no", "source": CLOUD}, "Registered Model with name=no not found"),
        ("GET", "model-versions/get", {"name": "no", "version": "1"}, "Model Version (name=no, version=1) not found"),
        (
            "POST",
            "registered-models/alias",
            {"name": "no", "alias": "a", "version": "1"},
            "Model Version (name=no, version=1) not found",
        ),
        (
            "POST",
            "model-versions/transition-stage",
            {"name": "no", "version": "1", "stage": "Staging"},
            "Model Version (name=no, version=1) not found",
        ),
    ]

    for method, path, fields, fault in cases:
        with subtests.test(method=method, path=path, fields=fields):
            assert registry.fault(method, path, **fields) == (404, "RESOURCE_DOES_NOT_EXIST", fault)


def test_a_version_is_a_number(registry: Registry) -> None:
    message = "Parameter 'version' must be an integer, got 'x'."

    assert registry.fault("GET", "model-versions/get", name="iris", version="x")[2] == message


def test_version_numbers_continue_after_a_deletion_and_start_again_for_a_new_model(registry: Registry) -> None:
    registry.new_model()
    numbers = [registry.new_version()["version"], registry.new_version()["version"]]
    registry.delete_version(2)
    numbers.append(registry.new_version()["version"])
    registry.delete_model()
    registry.new_model()
    numbers.append(registry.new_version()["version"])

    assert numbers == ["1", "2", "3", "1"]


def test_a_model_shows_the_newest_version_of_each_stage(registry: Registry) -> None:
    registry.new_model()
    for _ in range(4):
        registry.new_version()
    registry.move(1, "Production")
    registry.move(2, "Production")
    registry.move(3, "archived")

    latest = {each["version"]: each["current_stage"] for each in registry.model()["latest_versions"]}

    assert latest == {"2": "Production", "3": "Archived", "4": "None"}


def test_latest_versions_by_stage_in_any_case(registry: Registry, subtests: pytest.Subtests) -> None:
    registry.new_model()
    registry.new_version()
    registry.new_version()
    registry.move(1, "Production")
    registry.alias("best", 1)
    path, asked = "registered-models/get-latest-versions", {"name": "iris", "stages": ["production"]}

    for method in ("GET", "POST"):
        with subtests.test(method=method):
            found = registry.call(method, path, **asked)

            assert [(each["version"], each["aliases"]) for each in found["model_versions"]] == [("1", ["best"])]


def test_an_unknown_stage_is_refused(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()

    assert registry.fault("POST", "model-versions/transition-stage", name="iris", version="1", stage="Live") == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Invalid Model Version stage: Live. Value must be one of None, Staging, Production, Archived.",
    )


def test_a_move_archives_other_versions_only_on_request(registry: Registry) -> None:
    registry.new_model()
    for _ in range(3):
        registry.new_version()
    registry.move(1, "Production")
    registry.move(2, "Production")

    before = [registry.version(number)["current_stage"] for number in (1, 2, 3)]
    registry.move(3, "Production", archive=True)
    after = [registry.version(number)["current_stage"] for number in (1, 2, 3)]

    assert before == ["Production", "Production", "None"]
    assert after == ["Archived", "Archived", "Production"]


def test_only_moves_to_active_stages_archive_versions(registry: Registry, subtests: pytest.Subtests) -> None:
    registry.new_model()
    registry.new_version()
    wanted = {"name": "iris", "version": "1", "archive_existing_versions": True}

    for stage in ("None", "Archived"):
        with subtests.test(stage=stage):
            fault = registry.fault("POST", "model-versions/transition-stage", stage=stage, **wanted)

            assert fault == (
                400,
                "INVALID_PARAMETER_VALUE",
                (
                    "Model version transition cannot archive existing model versions because "
                    f"'{stage}' is not an Active stage. Valid stages are ['Staging', 'Production']"
                ),
            )


def test_which_changes_update_the_time_of_a_model(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    before = registry.model()["last_updated_timestamp"]

    registry.call("POST", "registered-models/set-tag", name="iris", key="k", value="v")
    registry.alias("a", 1)
    registry.call("POST", "model-versions/set-tag", name="iris", version="1", key="k", value="v")
    registry.call("PATCH", "model-versions/update", name="iris", version="1", description="d")
    still = registry.model()["last_updated_timestamp"]
    registry.move(1, "Staging")
    moved = registry.model()["last_updated_timestamp"]

    assert before == still
    assert moved > before
    assert registry.version(1)["last_updated_timestamp"] == moved


def test_an_update_without_description_clears_it(registry: Registry) -> None:
    registry.new_model(description="a model")
    registry.new_version(description="a version")

    model = registry.call("PATCH", "registered-models/update", name="iris")["registered_model"]
    version = registry.call("PATCH", "model-versions/update", name="iris", version="1")["model_version"]

    assert "description" not in model
    assert "description" not in version


def test_a_renamed_model_keeps_what_it_has(registry: Registry) -> None:
    registry.new_model(tags=[{"key": "k", "value": "v"}])
    registry.new_version()
    registry.alias("best", 1)

    renamed = registry.call("POST", "registered-models/rename", name="iris", new_name="lily")["registered_model"]

    assert renamed == registry.model("lily")
    assert renamed["tags"] == [{"key": "k", "value": "v"}]
    assert renamed["aliases"] == [{"alias": "best", "version": "1"}]
    assert registry.version(1, "lily")["name"] == "lily"
    assert registry.version(1, "lily")["last_updated_timestamp"] == renamed["last_updated_timestamp"]
    assert registry.fault("GET", "registered-models/get", name="iris")[0] == 404
    assert registry.new_version("lily")["version"] == "2"


def test_a_rename_to_an_existing_name_is_refused(registry: Registry) -> None:
    registry.new_model()
    registry.new_model("lily")

    assert registry.fault("POST", "registered-models/rename", name="iris", new_name="lily") == (
        400,
        "RESOURCE_ALREADY_EXISTS",
        "Registered Model (name=lily) already exists.",
    )
    assert registry.model()["name"] == "iris"


def test_aliases_name_a_version_and_move(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    registry.new_version()

    registry.alias("best", 1)
    first = registry.call("GET", "registered-models/alias", name="iris", alias="best")["model_version"]
    registry.alias("best", 2)
    second = registry.call("GET", "registered-models/alias", name="iris", alias="best")["model_version"]

    assert (first["version"], first["aliases"]) == ("1", ["best"])
    assert (second["version"], second["aliases"]) == ("2", ["best"])
    assert registry.model()["aliases"] == [{"alias": "best", "version": "2"}]


def test_an_alias_is_deleted_with_its_version(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    registry.alias("best", 1)

    registry.delete_version(1)

    assert "aliases" not in registry.model()
    assert registry.fault("GET", "registered-models/alias", name="iris", alias="best") == (
        400,
        "INVALID_PARAMETER_VALUE",
        "Registered model alias best not found.",
    )


def test_an_absent_alias_can_be_deleted(registry: Registry) -> None:
    registry.new_model()

    assert registry.call("DELETE", "registered-models/alias", name="iris", alias="best") == {}


def test_invalid_aliases_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases = [
        ("latest", "'latest' alias name (case insensitive) is reserved."),
        ("LATEST", "'latest' alias name (case insensitive) is reserved."),
        ("v12", "Version alias name 'v12' is reserved."),
        ("a b", "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-)."),
        ("x\n", "Invalid alias name: 'x\n'. Names may only contain alphanumerics, underscores (_), and dashes (-)."),
        ("x" * 256, "'Registered model alias name' exceeds the maximum length of 255 characters"),
    ]

    registry.new_model()
    registry.new_version()

    for alias, message in cases:
        with subtests.test(alias=alias):
            fault = registry.fault("POST", "registered-models/alias", name="iris", alias=alias, version="1")

            assert fault == (400, "INVALID_PARAMETER_VALUE", message)


@pytest.mark.both
def test_the_alias_latest_is_the_highest_version(registry: Registry) -> None:
    registry.new_model()
    message = "Latest version not found for model iris."

    assert registry.fault("GET", "registered-models/alias", name="iris", alias="Latest")[2] == message
    for _ in range(11):
        registry.new_version()
    assert (
        registry.call("GET", "registered-models/alias", name="iris", alias="Latest")["model_version"]["version"] == "11"
    )


def test_tags_of_models_and_versions_are_set_and_deleted(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    of_model, of_version = {"name": "iris"}, {"name": "iris", "version": "1"}

    for path, whose in (("registered-models", of_model), ("model-versions", of_version)):
        registry.call("POST", f"{path}/set-tag", **whose, key="k", value="1")
        registry.call("POST", f"{path}/set-tag", **whose, key="k", value="2")
        registry.call("POST", f"{path}/set-tag", **whose, key="gone", value="x")
        registry.call("DELETE", f"{path}/delete-tag", **whose, key="gone")
        registry.call("DELETE", f"{path}/delete-tag", **whose, key="never was")

    assert registry.model()["tags"] == registry.version(1)["tags"] == [{"key": "k", "value": "2"}]


def test_the_limits_of_tags(registry: Registry) -> None:
    registry.new_model()
    set_tag = "registered-models/set-tag"

    assert (
        registry.fault("POST", set_tag, name="iris", key="x" * 251)[2]
        == "'key' exceeds the maximum length of 250 characters"
    )
    assert (
        registry.fault("POST", set_tag, name="iris", key="k", value="x" * 100_001)[2]
        == "'value' exceeds the maximum length of 100000 characters"
    )
    assert registry.fault("POST", set_tag, name="iris", key="x@")[1] == "INVALID_PARAMETER_VALUE"
    registry.call("POST", set_tag, name="iris", key="k", value="ä" * 100_000)


def test_a_deleted_version_is_found_by_no_call(registry: Registry) -> None:
    registry.new_model()
    registry.new_version(run_id="r")

    registry.delete_version(1)

    assert registry.fault("GET", "model-versions/get", name="iris", version="1")[0] == 404
    assert registry.call("GET", "model-versions/search") == {}
    assert "latest_versions" not in registry.model()
    assert registry.fault("DELETE", "model-versions/delete", name="iris", version="1")[0] == 404


def test_a_prompt_and_a_model_cannot_share_a_name(registry: Registry) -> None:
    is_prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    registry.new_model()
    registry.new_model("greeting", tags=is_prompt)

    assert registry.fault("POST", "registered-models/create", name="iris", tags=is_prompt)[2] == (
        "Tried to create a prompt with name 'iris', but the name is already taken by a registered model. "
        "MLflow does not allow creating a model and a prompt with the same name."
    )
    assert registry.fault("POST", "registered-models/create", name="greeting", tags=is_prompt)[2] == (
        "Prompt (name=greeting) already exists."
    )


def test_a_workspace_has_only_its_own_models(api: Api) -> None:
    north, south = (Registry(api.new_workspace(name)) for name in ("north", "south"))
    for workspace in (north, south):
        workspace.new_model()
    north.new_version()
    north.alias("best", 1)

    assert south.new_version()["version"] == "1"
    south.delete_model()

    assert north.model()["aliases"] == [{"alias": "best", "version": "1"}]
    assert Registry(api).call("GET", "registered-models/search") == {}
    assert south.call("GET", "model-versions/search") == {}
    assert south.fault("GET", "model-versions/get", name="iris", version="1")[0] == 404
    assert south.fault("POST", "registered-models/alias", name="iris", alias="x", version="1")[0] == 404
    assert south.fault("POST", "model-versions/create", name="iris", source="models:/iris/1")[0] == 404


def test_a_workspace_with_a_model_is_not_empty_and_moves_with_it(api: Api) -> None:
    north = Registry(api.new_workspace("north"))
    north.new_model()
    north.new_version()

    assert api.fault("workspaces/north", method="DELETE", version="3.0")[0] == 400
    assert api.ask("DELETE", "workspaces/north", {"mode": "SET_DEFAULT"}, version="3.0").status == 204
    assert Registry(api).version(1)["source"] == CLOUD


def test_a_workspace_does_not_move_onto_models_of_the_same_name(api: Api) -> None:
    north = Registry(api.new_workspace("north"))
    north.new_model()
    Registry(api).new_model()

    reply = api.ask("DELETE", "workspaces/north", {"mode": "SET_DEFAULT"}, version="3.0")

    assert reply.json["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert "registered models of the same names: iris" in reply.json["message"]
    assert north.model()["name"] == "iris"
