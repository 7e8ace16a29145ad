"""Workspaces created, changed and deleted by the calls of azureml-core 1.61."""

from typing import Any

import pytest

from support.client import Api, Reply
from support.people import OURS, People

GROUP = "/subscriptions/S1/resourcegroups/R1"
KIND = "Microsoft.MachineLearningServices/workspaces"
DEPLOYMENTS = f"{GROUP}/providers/Microsoft.Resources/deployments"
SCOPE = f"/subscriptions/S1/resourceGroups/R1/providers/{KIND}"


def template(name: str, *more: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """The body of a deployment."""
    workspace = {
        "type": KIND,
        "name": name,
        "apiVersion": "2021-01-01",
        "identity": {"type": "systemAssigned", "userAssignedIdentities": None},
        "location": "eastus",
        "resources": [],
        "dependsOn": ["[resourceId('Microsoft.KeyVault/vaults', 'k')]"],
        "sku": {"tier": "basic", "name": "basic"},
        "tags": {"createdByToolkit": "sdk-v1-1.61.0"},
        "properties": {
            "friendlyName": "Team",
            "adbWorkspace": None,
            "encryption": {"status": "Disabled"},
            **properties,
        },
    }
    resources = [{"type": "Microsoft.KeyVault/vaults", "name": "k"}, *more, workspace]
    written = {"$schema": "x", "contentVersion": "1.0.0.0", "parameters": {}, "variables": {}, "resources": resources}
    return {"properties": {"template": written, "parameters": {}, "mode": "incremental"}}


def put(api: Api, path: str, body: Any) -> Reply:
    return api.ask("PUT", path, body)


def error(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["error"]["code"]


def test_a_deployment_creates_the_workspace_of_its_template(api: Api) -> None:
    assert put(api, GROUP, {"location": "eastus", "tags": {"a": "b"}}).status == 201
    assert api.ask("GET", "/subscriptions/S1/providers/Microsoft.Resources/deployments/").json == {"value": []}

    made = put(api, f"{DEPLOYMENTS}/d1?api-version=2019-10-01", template("team"))

    assert made.status == 201
    assert made.json["properties"]["provisioningState"] == "Succeeded"
    assert made.json["properties"]["outputResources"] == [{"id": f"{SCOPE}/team"}]
    found = api.ask("GET", f"{SCOPE}/team").json
    assert (found["location"], found["tags"]) == ("eastus", {"createdByToolkit": "sdk-v1-1.61.0"})
    assert found["properties"]["friendlyName"] == "Team"
    assert api.within("team").new_run(api.within("team").new_experiment("e"))
    assert error(put(api, f"{DEPLOYMENTS}/d2", template("team"))) == (400, "Conflict")


def test_a_template_with_other_resources_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[Any, str]] = [
        (template("team", adbWorkspace="/subscriptions/a/b"), "trackside link create"),
        (template("team", encryption={"status": "Enabled"}), "cmk_keyvault"),
        (template("team", {"type": "Microsoft.Compute/virtualMachines"}), "Microsoft.Compute/virtualMachines"),
        (template("team", {"type": KIND, "name": "other"}), "exactly one"),
        (template("a/b"), "a/b"),
        ({"properties": {"templateLink": {"uri": "https://example.org/x.json"}}}, "template"),
        ({"properties": {"template": {"resources": 3}}}, "list of resources"),
        ({"properties": {"template": {"resources": [3]}}}, "object"),
        ({"properties": {"template": {"resources": [{"type": KIND, "name": ["x"]}]}}}, "name"),
        ({}, "properties"),
    ]
    for body, said in cases:
        with subtests.test(body=body, said=said):
            reply = put(api, f"{DEPLOYMENTS}/d1", body)

            assert error(reply) == (400, "InvalidParameter")
            assert said in reply.json["error"]["message"]
            assert api.ask("GET", f"{SCOPE}/team").status == 404


def test_a_workspace_is_put_changed_and_deleted_with_everything_in_it(api: Api) -> None:
    assert put(api, f"{SCOPE}/team", {"location": "eastus", "properties": {"friendlyName": "Team"}}).status == 201
    run = api.within("team").new_run(api.within("team").new_experiment("e"))
    assert put(api, f"{SCOPE}/team", {"properties": {"description": "x"}, "tags": {"a": "b"}}).status == 200

    changed = api.ask("PATCH", f"{SCOPE}/team", {"properties": {"friendlyName": "Ours"}, "tags": {"c": "d"}})
    assert (changed.json["properties"]["friendlyName"], changed.json["properties"]["description"]) == ("Ours", "x")
    assert changed.json["tags"] == {"c": "d"}
    assert error(api.ask("PATCH", f"{SCOPE}/nobody", {"tags": {"c": "d"}})) == (404, "ResourceNotFound")
    assert error(api.ask("PATCH", f"{SCOPE.replace('R1', 'R2')}/team", {"tags": {"c": "d"}})) == (
        404,
        "ResourceNotFound",
    )

    assert api.ask("DELETE", f"{SCOPE.replace('R1', 'R2')}/team").status == 204
    assert api.ask("DELETE", f"{SCOPE}/team").status == 200
    assert api.ask("DELETE", f"{SCOPE}/team").status == 204
    assert api.within("team").ask("GET", "runs/get", arguments={"run_id": run}).status == 404


def test_the_default_workspace_stays(api: Api) -> None:
    group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/default"

    assert error(api.ask("DELETE", f"{group}/providers/{KIND}/default")) == (400, "InvalidParameter")
    assert api.ask("GET", f"{group}/providers/{KIND}/default").status == 200


def test_a_location_of_azure_and_the_servers_own_location_are_allowed(api: Api) -> None:
    [kind] = api.ask("GET", "/subscriptions/S1/providers/Microsoft.MachineLearningServices").json["resourceTypes"]

    assert kind["resourceType"] == "workspaces"
    assert {"local", "eastus", "westeurope"} <= set(kind["locations"])


def test_roles_hold_for_workspaces_and_the_audit_names_the_client(people: People) -> None:
    people.admin.post(f"{OURS}/workspaces", name="team", subscription_id="S1", resource_group="R1")
    ana = people.add("ana", "AzureML Data Scientist", "/ws/team")
    sdk = {"user-agent": "azureml-sdk-core/1.61.0"}

    for method, path, body in (
        ("PUT", GROUP, {"location": "eastus"}),
        ("PUT", f"{DEPLOYMENTS}/d1", template("more")),
        ("PUT", f"{SCOPE}/more", {}),
        ("PATCH", f"{SCOPE}/team", {"tags": {"a": "b"}}),
        ("DELETE", f"{SCOPE}/team", None),
    ):
        assert error(ana.ask(method, path, body, headers=sdk)) == (403, "AuthorizationFailed"), (method, path)
    assert people.admin.ask("GET", f"{SCOPE}/team").json["tags"] == {}
    assert people.admin.ask("DELETE", f"{SCOPE}/team", headers=sdk).status == 200

    entries = people.admin.get(f"{OURS}/audit", max_results=100)["entries"]
    assert "azureml-sdk-core/1.61.0" in {each["agent"] for each in entries}
