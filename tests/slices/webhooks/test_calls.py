"""Calls for webhooks: MLflow's and Trackside's own, also after a kill of the server."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from support.client import Api
from support.links import until
from support.processes.servers import Server
from support.receiver import Receiver, answer, signature_of
from trackside.core.settings import Settings

OURS = "/api/trackside/v1/webhooks"
EVENTS = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
OPEN = ("--allow-private-webhooks", "--webhook-schemes", "http,https")


@pytest.fixture
def calls(chosen: Settings, make_api: Callable[..., Api]) -> Api:
    """The application, which may call private addresses."""
    return make_api(replace(chosen, allow_private_webhooks=True, webhook_schemes=("http", "https")))


# By REST


def test_a_webhook_by_mlflows_calls(calls: Api) -> None:
    made = calls.post("webhooks", name="w", url="https://example.com/x", events=EVENTS, description="d")["webhook"]

    assert made == {
        "webhook_id": made["webhook_id"],
        "name": "w",
        "url": "https://example.com/x",
        "events": EVENTS,
        "status": "ACTIVE",
        "creation_timestamp": made["creation_timestamp"],
        "last_updated_timestamp": made["creation_timestamp"],
        "description": "d",
    }
    path = f"webhooks/{made['webhook_id']}"
    assert calls.get(path) == {"webhook": made}
    assert calls.get("webhooks") == {"webhooks": [made]}
    changed = calls.ask("PATCH", path, {"status": "DISABLED", "description": "", "secret": "x"}).json["webhook"]
    assert changed["status"] == "DISABLED"
    assert "description" not in changed
    assert changed["last_updated_timestamp"] > made["last_updated_timestamp"]
    assert (changed["events"], changed["url"]) == (EVENTS, "https://example.com/x")
    assert calls.ask("DELETE", path).json == {}
    assert calls.fault(path, method="GET") == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        f"Webhook with ID {made['webhook_id']} not found.",
    )
    assert calls.get("webhooks") == {}


def test_pages_of_webhooks(calls: Api) -> None:
    for number in range(5):
        calls.post("webhooks", name=f"w{number}", url="https://example.com/", events=EVENTS)

    page = calls.get("webhooks", max_results=3)
    rest = calls.get("webhooks", max_results=3, page_token=page["next_page_token"])

    assert [each["name"] for each in [*page["webhooks"], *rest["webhooks"]]] == ["w4", "w3", "w2", "w1", "w0"]
    assert "next_page_token" not in rest
    assert calls.fault("webhooks", method="GET", max_results=1001)[2] == "max_results must be between 1 and 1000."
    assert "Invalid page token" in calls.fault("webhooks", method="GET", page_token="%")[2]


def test_an_invalid_webhook_is_refused(calls: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": ""}, "Missing value for required parameter 'name'"),
        ({"name": "a b"}, "Webhook name 'a b' is invalid"),
        ({"url": ""}, "Missing value for required parameter 'url'"),
        ({"url": "ftp://example.com"}, "Invalid webhook URL scheme: 'ftp'"),
        ({"url": "http://169.254.169.254/"}, "must not resolve to a non-public IP address"),
        ({"events": []}, "Webhook events must be a non-empty list"),
        ({"events": [{"entity": "RUN", "action": "FINISHED"}]}, "/api/trackside/v1/webhooks accepts"),
        ({"events": [{"entity": "MODEL_VERSION", "action": "SET"}]}, "Valid actions are: ['created']"),
        ({"events": "x"}, "Invalid value"),
        ({"status": "ASLEEP"}, "it must be ACTIVE or DISABLED"),
        ({"description": "x" * 1001}, "at most 1000"),
        ({"secret": "x" * 1001}, "at most 1000"),
    ]

    for fields, words in cases:
        with subtests.test(fields=fields):
            whole = {"name": "w", "url": "https://example.com/", "events": EVENTS, **fields}
            status, code, message = calls.fault("webhooks", **whole)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert words in message
            assert calls.get("webhooks") == {}


def test_by_default_private_addresses_and_plain_http_are_refused(api: Api) -> None:
    def refusal(url: str) -> str:
        return api.fault("webhooks", name="w", url=url, events=EVENTS)[2]

    assert "Allowed schemes are: https" in refusal("http://example.com/")
    assert "127.0.0.1 is not a public address" in refusal("https://127.0.0.1:5000/")
    assert "localhost: " in refusal("https://localhost/")
    made = api.post("webhooks", name="w", url="https://203.0.113.9.invalid/", events=EVENTS)["webhook"]
    changed = api.ask("PATCH", f"webhooks/{made['webhook_id']}", {"url": "https://10.0.0.1/"})
    assert changed.status == 400


def test_our_calls_accept_all_events_and_mlflows_calls_show_only_mlflows_events(calls: Api) -> None:
    both = calls.post(OURS, name="both", url="https://example.com/", events=["run.failed", "registered_model.created"])
    runs = calls.post(OURS, name="runs", url="https://example.com/", events=["run.finished"])["webhook"]

    assert both["webhook"]["events"] == ["run.failed", "registered_model.created"]
    assert [each["name"] for each in calls.get(OURS)["webhooks"]] == ["runs", "both"]
    (seen,) = calls.get("webhooks")["webhooks"]
    assert seen["events"] == EVENTS
    for method in ("GET", "PATCH", "DELETE"):
        assert calls.ask(method, f"webhooks/{runs['webhook_id']}", {} if method == "PATCH" else None).status == 404
    calls.ask("PATCH", f"webhooks/{seen['webhook_id']}", {"events": [{"entity": "PROMPT", "action": "CREATED"}]})
    assert calls.get(f"{OURS}/{seen['webhook_id']}")["webhook"]["events"] == ["prompt.created", "run.failed"]
    assert "is not an event" in calls.fault(OURS, name="x", url="https://example.com/", events=["run.exploded"])[2]


def test_a_workspace_does_not_see_anothers_webhooks(calls: Api) -> None:
    north = calls.new_workspace("north")
    made = north.post(OURS, name="w", url="https://example.com/", events=["run.finished"])["webhook"]["webhook_id"]

    assert calls.get(OURS) == {}
    for method, path in (
        ("GET", made),
        ("PATCH", made),
        ("DELETE", made),
        ("POST", f"{made}/test"),
        ("POST", f"{made}/redeliver"),
        ("GET", f"{made}/deliveries"),
    ):
        assert calls.ask(method, f"{OURS}/{path}", {} if method in ("PATCH", "POST") else None).status == 404
    assert north.get(f"{OURS}/{made}")["webhook"]["name"] == "w"


def test_a_test_returns_the_answer_of_the_receiver(calls: Api, receiver: Receiver) -> None:
    made = calls.post("webhooks", name="w", url=receiver.url, events=EVENTS, secret="s")["webhook"]
    path = f"webhooks/{made['webhook_id']}/test"
    receiver.answers = [answer(200, b"fine"), answer(404, b"gone"), lambda handler: handler.connection.close()]

    assert calls.post(path)["result"] == {"success": True, "response_status": 200, "response_body": "fine"}
    assert calls.post(path, event={"entity": "MODEL_VERSION_TAG", "action": "SET"})["result"] == {
        "success": False,
        "response_status": 404,
        "response_body": "gone",
    }
    failed = calls.post(path)["result"]
    assert failed["success"] is False
    assert "RemoteDisconnected" in failed["error_message"]
    first, second, _ = receiver.received
    assert first.json["data"]["name"] == "example_model"
    assert second.json["data"] == {
        "name": "example_model",
        "version": "1",
        "key": "example_key",
        "value": "example_value",
    }
    assert first.headers["x-mlflow-signature"] == signature_of("s", first)


def test_reads_and_other_workspaces_are_answered_while_tests_hang(calls: Api, receiver: Receiver) -> None:
    other = calls.new_workspace("other")
    made = calls.post("webhooks", name="w", url=receiver.url, events=EVENTS)["webhook"]
    receiver.hold()
    testers = [
        threading.Thread(target=lambda: calls.post(f"webhooks/{made['webhook_id']}/test"), daemon=True)
        for _ in range(8)
    ]
    for tester in testers:
        tester.start()
    receiver.wait_for(2)  # the share of a workspace

    assert other.post("webhooks", name="w", url=receiver.url, events=EVENTS)["webhook"]["name"] == "w"
    assert calls.get("webhooks")["webhooks"] == [made]
    assert calls.get("registered-models/search") == {}
    receiver.may_answer.set()
    for tester in testers:
        tester.join()


def test_deliveries_are_listed_and_sent_again(calls: Api, receiver: Receiver) -> None:
    receiver.answers = [answer(404)]
    made = calls.post("webhooks", name="w", url=receiver.url, events=EVENTS)["webhook"]["webhook_id"]
    for name in "ab":
        calls.post("registered-models/create", name=name)
    receiver.wait_for(2)
    until(lambda: calls.get(f"{OURS}/{made}")["webhook"]["pending"] == 0)

    assert calls.get(f"{OURS}/{made}")["webhook"]["dead"] == 1
    (dead,) = calls.get(f"{OURS}/{made}/deliveries", state="dead")["deliveries"]
    assert (dead["event"], dead["attempts"], dead["last_status"]) == ("registered_model.created", 1, 404)
    assert dead["last_error"] == "the receiver answered 404"
    whole = calls.get(f"{OURS}/{made}/deliveries/{dead['delivery_id']}")
    assert whole["payload"] == receiver.received[0].json
    assert [each["state"] for each in calls.get(f"{OURS}/{made}/deliveries")["deliveries"]] == ["DELIVERED", "DEAD"]
    page = calls.get(f"{OURS}/{made}/deliveries", limit=1)
    assert page["more"]
    rest = calls.get(f"{OURS}/{made}/deliveries", before=page["deliveries"][0]["number"])
    assert [each["state"] for each in rest["deliveries"]] == ["DEAD"]

    assert calls.post(f"{OURS}/{made}/redeliver") == {"deliveries": 1}
    assert [each.json["data"]["name"] for each in receiver.wait_for(3)] == ["a", "b", "a"]
    until(lambda: calls.get(f"{OURS}/{made}")["webhook"]["pending"] == 0)
    assert calls.post(f"{OURS}/{made}/deliveries/{dead['delivery_id']}/redeliver") == {"deliveries": 1}
    receiver.wait_for(4)
    assert calls.ask("POST", f"{OURS}/{made}/deliveries/nobody/redeliver", {}).status == 404
    assert "must be one of" in calls.fault(f"{OURS}/{made}/deliveries", method="GET", state="LOST")[2]


def test_a_change_of_a_webhook_is_in_the_log(calls: Api) -> None:
    headers = {"x-trackside-user": "anna"}
    body = {"name": "w", "url": "https://example.com/", "events": EVENTS}
    made = calls.ask("POST", "webhooks", body, headers=headers).json["webhook"]["webhook_id"]
    calls.ask("PATCH", f"webhooks/{made}", {"name": "v"})
    calls.ask("DELETE", f"webhooks/{made}")

    found = calls.get("/api/trackside/v1/changes", entity="webhook", entity_id=made)["changes"]

    assert [(each["action"], each.get("user")) for each in found] == [
        ("delete", None),
        ("update", None),
        ("create", "anna"),
    ]


def test_the_openapi_document_has_the_bodies_of_webhooks(calls: Api) -> None:
    paths = calls.get("/openapi.json")["paths"]

    assert "requestBody" in paths[OURS]["post"]
    assert "requestBody" in paths["/api/2.0/mlflow/webhooks/{webhook_id}"]["patch"]
    assert {each.get("name") for each in paths["/api/trackside/v1/changes"]["get"]["parameters"]} >= {"after", "entity"}


# In a server of its own


@pytest.fixture(params=["sqlite", "postgresql"])
def any_open_server(request: pytest.FixtureRequest) -> Server:
    store = ("--store", request.getfixturevalue("postgres_store")) if request.param == "postgresql" else ()
    started: Server = request.getfixturevalue("start")(*OPEN, *store)  # it ends before the store is emptied
    return started


def test_a_killed_server_loses_no_delivery_and_keeps_the_order(any_open_server: Server, receiver: Receiver) -> None:
    server = any_open_server
    server.api.post(OURS, name="w", url=receiver.url, events=["registered_model.created"], secret="s")
    receiver.hold()
    rounds = 1 if "--store" in server.options else 3  # there the next one waits until the claim of the dead one expires
    for round_ in range(rounds):
        for number in range(5):
            server.api.post("registered-models/create", name=f"m{round_}-{number}")
        receiver.wait_for(round_ + 1)  # in the middle of a delivery
        server.kill9()
        server.start()
    receiver.may_answer.set()
    wanted = [f"m{round_}-{number}" for round_ in range(rounds) for number in range(5)]

    def names() -> list[str]:
        return list(dict.fromkeys(each.json["data"]["name"] for each in list(receiver.received)))

    until(lambda: len(names()) == len(wanted))
    assert names() == wanted
    ids = {each.json["data"]["name"]: each.headers["x-mlflow-delivery-id"] for each in receiver.received}
    assert all(ids[each.json["data"]["name"]] == each.headers["x-mlflow-delivery-id"] for each in receiver.received)
