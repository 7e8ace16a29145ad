"""Input of callers is stored unchanged, or refused with a message without secrets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from support.client import Api, Inside
from trackside import app
from trackside.core.settings import Settings

SECRET = "s3cr3t"
OURS = "/api/trackside/v1"
JSON = {"content-type": "application/json"}


def post(api: Api, path: str, body: bytes) -> tuple[int, str, str]:
    reply = api.ask("POST", f"/api/2.0/mlflow/{path}" if not path.startswith("/") else path, body, headers=JSON)
    return reply.status, reply.json.get("error_code", ""), reply.json.get("message", "")


def test_a_body_that_is_not_a_json_object_creates_nothing(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    bodies = [
        b'{"experiment_id":"5","start_time":1',
        b"{",
        b"x",
        b"[]",
        b"[1]",
        b"1",
        b"true",
        b'"x"',
        b'"[1]"',
        b"{}}",
        b"\xff",
        b"NULL",
        b"\xef\xbb\xbf{}",
        '{"start_time":1}'.encode("utf-16"),
        b"{'start_time':1}",
        b'{"a":' + b"1" * 5000 + b"}",
    ]

    for body in bodies:
        with subtests.test(body=body):
            status, code, _ = post(sqlite_api, "runs/create", body)

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert "runs" not in sqlite_api.post("runs/search", experiment_ids=["0"])


def test_an_empty_body_and_a_body_that_is_encoded_twice_are_accepted(
    sqlite_api: Api, subtests: pytest.Subtests
) -> None:
    for body in (b"", b" \n", b"{}", b"null", json.dumps('{"start_time": 1}').encode()):
        with subtests.test(body=body):
            assert post(sqlite_api, "runs/create", body)[0] == 200


def test_a_lone_surrogate_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    places = [
        '"name":"{}"',
        '"name":"n","tags":[{{"key":"k","value":"{}"}}]',
        '"name":"n","tags":[{{"key":"{}","value":"v"}}]',
    ]

    for place in places:
        for half in (r"\ud800", r"\uDC00", r"x\ud83d", r"\ude00\ud83d"):
            with subtests.test(half=half, place=place):
                body = ("{" + place.format(half) + "}").encode()
                for sent in (body, json.dumps(body.decode()).encode()):
                    status, code, message = post(sqlite_api, "experiments/create", sent)
                    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
                    assert "surrogate" in message
                assert len(sqlite_api.post("experiments/search", max_results=9)["experiments"]) == 1


def test_a_surrogate_pair_is_accepted(sqlite_api: Api) -> None:
    assert post(sqlite_api, "experiments/create", rb'{"name":"\ud83d\ude00","artifactLocation":"s3://b"}')[0] == 200
    assert sqlite_api.get("experiments/get-by-name", experiment_name="😀")["experiment"]["name"] == "😀"


def tags(count: int) -> list[dict[str, str]]:
    return [{"key": f"k{i}", "value": ""} for i in range(count)]


def test_a_new_item_has_a_thousand_tags_at_most(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("experiments/create", {"name": "many"}),
        ("runs/create", {"experiment_id": "0"}),
        ("logged-models", {"experiment_id": "0"}),
        ("registered-models/create", {"name": "many"}),
        ("model-versions/create", {"name": "one", "source": "s3://x/y"}),
    ]
    sqlite_api.post("registered-models/create", name="one")

    for path, fields in cases:
        with subtests.test(path=path):
            status, code, message = sqlite_api.fault(path, **fields, tags=tags(1001))

            assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
            assert "1001" in message
            sqlite_api.post(path, **fields, tags=tags(1000))


def test_a_workspace_has_a_thousand_tags_at_most(sqlite_api: Api) -> None:
    many = {f"k{i}": "" for i in range(1001)}

    for method, path in (("POST", f"{OURS}/workspaces"), ("PATCH", f"{OURS}/workspaces/default")):
        assert (
            sqlite_api.ask(method, path, json.dumps({"name": "north", "tags": many}).encode(), headers=JSON).status
            == 400
        )


WRONG = [{"x": SECRET}, [SECRET], [[SECRET]], {SECRET: 1}]


def test_a_link_that_is_malformed_shows_no_secret(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    for field in ("to", "token", "username", "password"):
        for value in WRONG:
            with subtests.test(value=value, field=field):
                fields = {"name": "l", "to": "http://127.0.0.1:1", "token": SECRET, field: value}

                status, _, message = post(sqlite_api, f"{OURS}/links", json.dumps(fields).encode())

                assert status == 400
                assert SECRET not in message


def test_an_address_of_a_link_that_is_wrong_shows_no_password(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    addresses = [
        f"http://user:{SECRET}@host:99999",
        f"http://user:{SECRET}@",
        f"user:{SECRET}@host",
        f"ftp://user:{SECRET}@host/x",
        f"http://user:{SECRET}/@host:x",
        f"http:/user:{SECRET}@host",
        f"http://user:{SECRET}@host/x?y",
        f"http://user:{SECRET}@ho st",
        f"http://user:{SECRET}@[::1",
        f"https://user:{SECRET}@h#x",
        f"{SECRET}",
    ]

    for to in addresses:
        with subtests.test(to=to):
            status, _, message = post(sqlite_api, f"{OURS}/links", json.dumps({"name": "l", "to": to}).encode())

            assert status == 400
            assert to == SECRET or SECRET not in message


def test_a_user_name_with_a_password_in_it_is_not_shown(sqlite_api: Api) -> None:
    fields = {"name": "l", "to": "http://127.0.0.1:1", "username": f"user:{SECRET}"}

    status, _, message = post(sqlite_api, f"{OURS}/links", json.dumps(fields).encode())

    assert status == 400
    assert SECRET not in message


def test_a_webhook_takes_no_password_in_its_url_and_shows_none(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    urls = [f"https://user:{SECRET}@example.org/x", f"https://user:{SECRET}@h:x", f"{SECRET}@"]
    wrong: list[tuple[str, Any]] = [("url", value) for value in (*WRONG, *urls)] + [
        ("secret", value) for value in WRONG
    ]
    calls: list[tuple[str, Any]] = [
        ("webhooks", [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]),
        (f"{OURS}/webhooks", ["run.finished"]),
    ]

    for path, events in calls:
        for field, value in wrong:
            with subtests.test(path=path, field=field, value=value):
                fields = {"name": "w", "url": "https://example.org:1/", "events": events, field: value}

                status, _, message = post(sqlite_api, path, json.dumps(fields).encode())

                assert status == 400
                assert SECRET not in message
                assert sqlite_api.ask("GET", f"{OURS}/webhooks").json == {}


def test_a_webhook_keeps_a_sign_in_that_no_answer_shows(sqlite_api: Api) -> None:
    path = f"{OURS}/webhooks"
    fields: dict[str, Any] = {"name": "w", "url": "https://example.org/", "events": ["run.finished"]}
    made = sqlite_api.post(path, **fields, username="ann", password=SECRET)["webhook"]
    one = f"{path}/{made['webhook_id']}"

    shown = sqlite_api.ask("GET", path)
    removed = sqlite_api.ask("PATCH", one, b'{"authorization": ""}', headers=JSON).json["webhook"]
    given = sqlite_api.ask("PATCH", one, json.dumps({"authorization": f"Bearer {SECRET}"}).encode(), headers=JSON)

    assert (made["has_authorization"], removed["has_authorization"]) == (True, False)
    assert given.json["webhook"]["has_authorization"]
    assert SECRET not in json.dumps([made, shown.json, given.json])


def test_a_sign_in_of_a_webhook_that_cannot_be_sent_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, Any]] = [
        {"username": "a:b", "password": SECRET},
        {"password": SECRET},
        {"username": "ann", "password": SECRET, "authorization": "Bearer x"},
        {"authorization": f"Bearer {SECRET}\r\nX-Other: 1"},
        {"authorization": f"Bearer {SECRET}ü"},
        {"authorization": f" {SECRET}"},
        {"authorization": SECRET * 1000},
        {"authorization": {SECRET: 1}},
        {"username": "ann", "password": [SECRET]},
    ]

    for fields in cases:
        with subtests.test(fields=fields):
            whole = {"name": "w", "url": "https://example.org/", "events": ["run.finished"], **fields}

            status, _, message = post(sqlite_api, f"{OURS}/webhooks", json.dumps(whole).encode())

            assert status == 400
            assert SECRET not in message


@pytest.fixture
def far_api(sqlite_settings: Settings) -> Iterator[Api]:
    """Of a server that other machines reach."""
    application = app.build(structs.replace(sqlite_settings, host="0.0.0.0"))
    inside = Inside(application.asgi)
    yield Api(inside)
    inside.close()
    application.close()


def test_no_other_machine_can_read_the_servers_working_directory(far_api: Api, subtests: pytest.Subtests) -> None:
    for location in ("folder", "./folder", "a/b:c", "~", ".", "1:x"):
        with subtests.test(location=location):
            assert far_api.fault("experiments/create", name="x", artifact_location=location)[0] == 400
    for fine in ("s3://bucket", "/folder", "dbfs:/x"):
        far_api.post("experiments/create", name=fine, artifact_location=fine)
