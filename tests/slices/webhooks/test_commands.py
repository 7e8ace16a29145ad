"""`trackside webhook` against a running server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.links import until
from support.processes.servers import Server, trackside
from support.receiver import Receiver, answer
from trackside.cli.webhooks import parsers
from trackside.webhooks.envelopes import Format
from trackside.webhooks.model import State

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    return start("--allow-private-webhooks", "--webhook-schemes", "http", "--webhook-retries", "0")


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    return lambda *given: trackside("webhook", *given, cwd=tmp_path, TRACKSIDE_URL=server.url)


def said(run: Run, *given: str) -> str:
    code, output, complaint = run(*given)
    assert code == 0, complaint
    return output


def shown(run: Run, *given: str) -> Any:
    return json.loads(said(run, *given, "--json"))


def test_a_webhook_is_made_listed_shown_changed_tested_and_removed(
    run: Run, receiver: Receiver, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("correct-horse\n")
    (tmp_path / "key").write_text("Bearer abc\n")

    made = said(
        *(run, "create", "ci", "--url", receiver.url, "--event", "run.failed", "run.finished"),
        *("--description", "tells the build", "--secret-file", "secret", "--authorization-file", "key"),
    )
    first = shown(run, "show", "ci")
    said(
        run,
        "update",
        "ci",
        "--name",
        "build",
        "--event",
        "run.failed",
        "--no-secret",
        "--mute-weekly",
        "sat,sun=00:00-23:59",
    )
    changed = shown(run, "show", first["webhook_id"])
    said(run, "update", "build", "--unmute", "--disable", "--no-sign-in")
    table = said(run, "list")
    tested = said(run, "test", "build")
    removed = said(run, "delete", "build")

    assert made == f"webhook ci ({first['webhook_id']}) sends run.failed, run.finished to {receiver.url}\n"
    assert (first["has_secret"], first["has_authorization"], first["description"]) == (True, True, "tells the build")
    assert (changed["name"], changed["events"], changed["has_secret"]) == ("build", ["run.failed"], False)
    assert changed["mute"]["windows"] == [{"days": ["sat", "sun"], "start": "00:00", "end": "23:59"}]
    assert table.splitlines()[1].split()[:3] == ["build", first["webhook_id"], "disabled"]
    assert tested.startswith("delivered: 200")
    assert [each.event for each in receiver.received] == ["run.failed"]
    assert removed == "removed the webhook build\n"
    assert shown(run, "list") == []


def test_deliveries_are_listed_shown_and_sent_again(run: Run, server: Server, receiver: Receiver) -> None:
    receiver.answers = [answer(404)]
    said(run, "create", "ci", "--url", receiver.url, "--event", "experiment.created")
    server.api.new_experiment("first")
    until(lambda: shown(run, "deliveries", "ci", "--state", "dead") != [], "the delivery to be given up")

    (dead,) = shown(run, "deliveries", "ci", "--state", "dead", "--max", "5")
    one = shown(run, "delivery", "ci", dead["delivery_id"])
    text = said(run, "delivery", "ci", dead["delivery_id"])
    table = said(run, "deliveries", "ci")
    again = said(run, "redeliver", "ci")
    until(lambda: shown(run, "deliveries", "ci")[0]["state"] == "DELIVERED", "the delivery to arrive")
    alone = said(run, "redeliver", "ci", dead["delivery_id"])
    until(lambda: len(receiver.received) == 3, "the delivery to come once more")

    assert one["payload"]["data"]["name"] == "first"
    assert ("state" in text, '"first"' in text) == (True, True)
    assert dead["delivery_id"] in table
    assert again == alone == "1 delivery will be sent again\n"


def test_a_test_that_the_receiver_refuses_has_another_exit_code(run: Run, receiver: Receiver) -> None:
    receiver.answers = [answer(500, b"no disk")]
    said(run, "create", "ci", "--url", receiver.url, "--event", "run.failed")

    code, output, _ = run("test", "ci", "--event", "run.failed")

    assert (code, output) == (1, "not delivered: 500 no disk\n")


def test_an_ambiguous_name_is_answered_with_the_ids(run: Run, receiver: Receiver) -> None:
    for _ in range(2):
        said(run, "create", "ci", "--url", receiver.url, "--event", "run.failed")
    ids = [each["webhook_id"] for each in shown(run, "list")]

    code, _, complaint = run("show", "ci")

    assert code == 2
    assert complaint == f"trackside: 2 webhooks have the name 'ci'; use an id: {', '.join(ids)}\n"
    assert shown(run, "show", ids[0])["webhook_id"] == ids[0]


def test_an_invalid_argument_is_quoted_as_it_was_typed(run: Run, subtests: pytest.Subtests) -> None:
    cases = [
        ("create ci --url http://127.0.0.1:1", "--event is missing; name at least one, such as run.failed"),
        ("create ci --url http://127.0.0.1:1 --event run.x", "'run.x' is not an event; choose from: "),
        ("create ci --url http://127.0.0.1:1 --event run.failed --digest 5", "--digest is 5 and format is mlflow"),
        ("create ci --url x --event run.failed --secret-file none", "--secret-file is 'none', which cannot be read"),
        ("create ci --url x --event run.failed --mute-weekly sat", "--mute-weekly is 'sat'; it must be a time such as"),
        ("create ci --url x --event run.failed --mute-until x", "--mute-until is 'x'; it must be a time such as"),
        ("create ci --url x --event run.failed --timezone UTC", "--timezone needs --mute-weekly"),
        ("show none", "WEBHOOK is 'none'; `trackside webhook list` shows the names and ids"),
        ("update none", "nothing to change; `trackside webhook update -h` lists the options"),
    ]
    for given, complaint in cases:
        with subtests.test(given=given):
            code, output, said_ = run(*given.split())

            assert (code, output) == (2, "")
            assert complaint in said_


def test_the_choices_are_those_of_the_server() -> None:
    assert list(parsers.FORMATS) == list(Format)
    assert list(parsers.STATES) == [each.lower() for each in State]
