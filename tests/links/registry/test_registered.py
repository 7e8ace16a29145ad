"""The API that writes replicas of registered models and versions with their uids, numbers and times."""

from typing import Any

from support.client import Api
from support.processes.servers import Server
from support.registry import Registry

PREFIX = "/api/trackside/v1/sync"
MODEL, VERSION = "m" * 32, "v" * 32
BORN = [["number", "", "3"], ["created", "", "1500"], ["source", "", "s3://bucket/iris"], ["run_link", "", "http://l"]]


def put(api: Api, entity: str, item_id: str, *fields: list[str], drop: Any = ()) -> str:
    answer = api.post(f"{PREFIX}/item", entity=entity, id=item_id, put=list(fields), drop=list(drop))
    return str(answer["id"])


def fields_of(api: Api, entity: str, item_id: str) -> dict[tuple[str, str], str]:
    found = api.get(f"{PREFIX}/item", entity=entity, id=item_id)["fields"]
    return {(kind, key): value for kind, key, value in found}


def test_a_model_and_a_version_keep_their_number_times_and_stage(any_server: Server) -> None:
    api = any_server.api.new_workspace("north")
    registry = Registry(api, "robot")
    name = ["name", "", "iris"]

    model = put(api, "registered_model", MODEL, name, ["created", "", "1000"], ["tag", "team", "blue"])
    put(api, "registered_model", MODEL, ["description", "", "flowers"], ["updated", "", "2000"])
    version = put(
        api, "model_version", f"{MODEL}/{VERSION}", *BORN, ["stage", "", "Production"], ["updated", "", "1700"]
    )
    put(api, "model_version", f"{MODEL}/{VERSION}", *BORN, ["description", "", ""], ["tag", "k", "v"])
    put(api, "registered_model", MODEL, ["alias", "best", VERSION], ["updated", "", "2000"])

    assert (model, version) == (MODEL, f"{MODEL}/{VERSION}")
    found = registry.model()
    assert (found["creation_timestamp"], found["last_updated_timestamp"], found["description"]) == (
        1000,
        2000,
        "flowers",
    )
    assert found["tags"] == [{"key": "team", "value": "blue"}]
    assert found["aliases"] == [{"alias": "best", "version": "3"}]
    three = registry.version(3)
    assert (three["creation_timestamp"], three["current_stage"], three["source"]) == (
        1500,
        "Production",
        "s3://bucket/iris",
    )
    assert three["tags"] == [{"key": "k", "value": "v"}]
    assert registry.new_version()["version"] == "4"  # 3 was given, 1 and 2 elsewhere
    stored = fields_of(api, "model_version", f"{MODEL}/{VERSION}")
    assert (stored["created", ""], stored["stage", ""], stored["number", ""]) == ("1500", "Production", "3")
    assert api.get(f"{PREFIX}/versions", model_id=MODEL)["ids"][0] == f"{MODEL}/{VERSION}"


def test_a_version_number_that_another_version_has_or_had_is_not_used(any_server: Server) -> None:
    api = any_server.api.new_workspace("north")
    registry = Registry(api)
    registry.new_model()
    for _ in range(3):
        registry.new_version()
    registry.delete_version(2)
    own = api.get(f"{PREFIX}/registered-model", name="iris")["id"]
    there = put(api, "registered_model", MODEL, ["name", "", "iris"])

    put(api, "model_version", f"{own}/{VERSION}", ["number", "", "2"], *BORN[1:])
    put(api, "model_version", f"{own}/{VERSION}", ["number", "", "2"], *BORN[1:])
    numbers = [each["version"] for each in registry.call("GET", "model-versions/search")["model_versions"]]
    api.ask("DELETE", f"{PREFIX}/item", arguments={"entity": "model_version", "id": f"{own}/{VERSION}"})
    put(api, "model_version", f"{own}/{VERSION}", ["number", "", "4"], *BORN[1:])

    assert there == own  # of that name already
    assert sorted(numbers) == ["1", "3", "4"]
    assert registry.version(4)["creation_timestamp"] == 1500  # its own number may come again


def test_a_model_is_deleted_after_its_versions(server: Server) -> None:
    api = server.api.new_workspace("north")
    put(api, "registered_model", MODEL, ["name", "", "iris"])
    put(api, "model_version", f"{MODEL}/{VERSION}", *BORN)

    def remove(entity: str, item_id: str) -> Any:
        return api.ask("DELETE", f"{PREFIX}/item", arguments={"entity": entity, "id": item_id}).json

    answers = [remove("registered_model", MODEL), remove("model_version", f"{MODEL}/{VERSION}")]
    answers += [remove("registered_model", MODEL), remove("registered_model", MODEL)]

    assert [each["removed"] for each in answers] == [False, True, True, True]
    assert api.ask("GET", f"{PREFIX}/item", arguments={"entity": "registered_model", "id": MODEL}).status == 404


def test_an_invalid_value_of_a_replica_is_the_callers_error(server: Server) -> None:
    api = server.api.new_workspace("north")
    put(api, "registered_model", MODEL, ["name", "", "iris"])
    wrong = [
        ("registered_model", "x", [["description", "", "d"]]),
        ("registered_model", MODEL, [["updated", "", "soon"]]),
        ("registered_model", MODEL, [["alias", "best", "nobody"]]),
        ("model_version", f"{MODEL}/x", [["number", "", "0"]]),
        ("model_version", "nobody/x", [["number", "", "1"]]),
        ("model_version", f"{MODEL}/x", [["number", "", "1"], ["stage", "", "Nowhere"]]),
        ("model_version", f"{MODEL}/x", [["tag", "k", "v"]]),
    ]

    replies = [
        api.ask("POST", f"{PREFIX}/item", {"entity": entity, "id": item_id, "put": fields})
        for entity, item_id, fields in wrong
    ]

    assert [reply.status for reply in replies] == [404, 400, 404, 400, 404, 400, 404]
    assert api.get(f"{PREFIX}/ids", entity="model_version").get("ids", []) == []
