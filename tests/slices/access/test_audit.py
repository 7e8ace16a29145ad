"""The audit log: its entries, detection of changes, and export."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from msgspec import structs

from support.people import ADMIN, OURS, PASSWORD, People, signed
from trackside import app
from trackside.access import event_buffer
from trackside.audit import log
from trackside.core.settings import Settings

NEVER = 1000.0  # times the intervals of background work: what was noted is written when a test says so


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    return make_application(structs.replace(chosen, default_role=()), interval_factor=NEVER)


def entries(people: People, **asked: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = people.admin.get(f"{OURS}/audit", **asked).get("entries", [])
    return found


def test_a_change_is_recorded_with_user_action_and_client(people: People) -> None:
    People(people.open).add("bo", "Reader")

    assigned, made = (
        entries(people, action="assignment.create")[0],
        entries(people, action="user.create", object_id="bo")[0],
    )
    assert (assigned["actor"], assigned["credential"], assigned["outcome"]) == (ADMIN, "password", "allowed")
    assert json.loads(assigned["detail"]) == {"principal": "bo", "role": "Reader", "scope": "/ws/default"}
    assert (made["object_type"], made["object_id"]) == ("user", "bo")


@pytest.mark.both
def test_no_secret_is_recorded(people: People, application: app.App) -> None:
    people.add("bo", "Reader")
    token = people.token("bo")
    people.admin.ask("PATCH", f"{OURS}/users/bo", {"password": "another-password-2"})
    people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": "guessed-password-3"})
    event_buffer.step(application.asgi._database, application.asgi._gate.buffer)

    text = json.dumps(entries(people, max_results="1000"))

    assert len(text) > 1000
    for secret in (PASSWORD, token, "another-password-2", "guessed-password-3", "argon2"):
        assert secret not in text


def test_refusals_and_failed_sign_ins_are_recorded_with_their_count(people: People, application: app.App) -> None:
    bo = people.add("bo")
    for _ in range(3):
        bo.ask("POST", "experiments/create", {"name": "e"})
    people.open.ask("POST", f"{OURS}/login", {"username": "bo", "password": "wrong-password-1"})

    event_buffer.step(application.asgi._database, application.asgi._gate.buffer)

    (refused,) = entries(people, outcome="denied")
    assert (refused["actor"], refused["action"], json.loads(refused["detail"])) == (
        "bo",
        "access.refused",
        {"count": 3},
    )
    assert refused["object_id"].endswith("experiments/create/action")
    (failed,) = entries(people, outcome="failed")
    assert (failed["actor"], failed["action"]) == ("bo", "login.password")


@pytest.mark.both
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit_log SET actor = 'somebody' WHERE seq = 2", "entry 2 was changed after it was written"),
        ("DELETE FROM audit_log WHERE seq = 2", "entry 2 is missing"),
        (
            "DELETE FROM audit_log WHERE seq = (SELECT MAX(seq) FROM audit_log)",
            "is missing: the log ends before its head",
        ),
        ("UPDATE audit_log SET at = at + 1 WHERE seq = 1", "entry 1 was changed after it was written"),
    ],
)
def test_a_changed_or_removed_entry_is_found(people: People, application: app.App, change: str, fault: str) -> None:
    people.add("bo", "Reader")
    people.token("bo")
    whole = people.admin.get(f"{OURS}/audit/verify")
    assert (whole["is_whole"], whole["entries"]) == (True, 6)  # two users, their tokens, an assignment, another token

    with application.asgi._database.write(0) as tx:
        tx.run(change)

    found = people.admin.get(f"{OURS}/audit/verify")
    assert not found["is_whole"]
    assert found["fault"].endswith(fault)


@pytest.mark.both
def test_old_entries_are_deleted_and_the_rest_stays_verifiable(people: People, application: app.App) -> None:
    people.add("bo", "Reader")
    with application.asgi._database.write(0) as tx:
        (last,) = tx.one("SELECT MAX(at) FROM audit_log") or (0,)
        log.drop_before(tx, last + 1)

    assert len(entries(people)) == 1
    assert people.admin.get(f"{OURS}/audit/verify") == {"is_whole": True, "entries": 1}


def test_the_audit_log_is_exported_as_json_lines_csv_and_syslog(people: People) -> None:
    people.admin.post(f"{OURS}/groups", name="=1+1")

    as_json = people.admin.ask("GET", f"{OURS}/audit/export", arguments={"action": "group.create"})
    as_csv = people.admin.ask("GET", f"{OURS}/audit/export", arguments={"format": "csv", "action": "group.create"})
    as_syslog = people.admin.ask(
        "GET", f"{OURS}/audit/export", arguments={"format": "syslog", "action": "group.create"}
    )

    (line,) = as_json.body.decode().splitlines()
    assert json.loads(line)["object_id"] == "=1+1"
    head, row = csv.reader(io.StringIO(as_csv.body.decode()))
    assert dict(zip(head, row, strict=True))["object_id"] == "'=1+1"  # no formula of a spreadsheet
    assert as_syslog.body.startswith(b"<109>1 20")
    assert [each["action"] for each in entries(people, action="audit.export")] == ["audit.export"] * 3
    assert people.admin.fault(f"{OURS}/audit/export", method="GET", format="xml")[0] == 400


def test_an_export_refuses_invalid_filters(people: People, subtests: pytest.Subtests) -> None:
    cases = [
        *[(name, "a\0b") for name in ("actor", "action", "object_type", "object_id", "workspace", "outcome", "format")],
        *[(name, value) for name in ("since", "until") for value in (str(2**63), str(-(2**63) - 1), "9" * 5000, "now")],
    ]

    for name, value in cases:
        with subtests.test(name=name, value=value):
            status, _, message = people.admin.fault(f"{OURS}/audit/export", method="GET", **{name: value})

            assert status == 400
            assert name in message


def test_every_entry_has_the_address_and_the_client(people: People, application: app.App) -> None:
    bo = signed(people.add("bo", "Contributor"), {"user-agent": "mlflow-python-client/3.17.2"})
    bo.post("registered-models/create", name="iris")
    bo.ask("DELETE", "registered-models/delete", {"name": "iris"})
    bo.ask("GET", f"{OURS}/users")
    event_buffer.step(application.asgi._database, application.asgi._gate.buffer)

    found = entries(people, actor="bo")

    assert {each["action"] for each in found} >= {
        "registered_model.create",
        "registered_model.delete",
        "access.refused",
    }
    assert {(each["address"], each["agent"]) for each in found} == {("127.0.0.1", "mlflow-python-client/3.17.2")}
    assert all(each["route"] for each in found)


@pytest.mark.slow
def test_an_export_of_many_pages_has_every_entry_once(people: People, application: app.App) -> None:
    with application.asgi._database.write(0) as tx:
        for number in range(2 * log.PAGE + 1):
            log.append(tx, log.Event(action="test.many", object_id=str(number)))

    exported = {
        form: people.admin.ask("GET", f"{OURS}/audit/export", arguments={"format": form, "action": "test.many"}).body
        for form in ("jsonl", "csv")
    }

    assert [json.loads(line)["object_id"] for line in exported["jsonl"].splitlines()] == [
        str(number) for number in reversed(range(2 * log.PAGE + 1))
    ]
    assert len(exported["csv"].splitlines()) == 2 * log.PAGE + 2  # one head


def test_reading_the_audit_log_needs_its_own_right(people: People) -> None:
    reader, auditor = people.add("bo", "Reader", "/"), people.add("cy", "Auditor", "/")

    assert reader.ask("GET", f"{OURS}/audit").status == 403
    assert auditor.ask("GET", f"{OURS}/audit").status == 200


@pytest.mark.both
def test_deletions_stages_and_aliases_are_recorded_and_logged_data_is_not(people: People) -> None:
    bo = people.add("bo", "Contributor")
    experiment = bo.new_experiment("e")
    run = bo.new_run(experiment)
    bo.post("runs/log-batch", run_id=run, metrics=[{"key": "m", "value": 1.0, "timestamp": 1, "step": 1}])
    bo.post("registered-models/create", name="iris")
    uri = bo.run(run)["info"]["artifact_uri"]
    bo.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{uri.removeprefix('mlflow-artifacts:/')}/a.txt", b"a")
    bo.post("model-versions/create", name="iris", source=f"{uri}/model", run_id=run)
    bo.post("registered-models/alias", {"name": "iris", "alias": "best", "version": "1"})
    bo.post("model-versions/transition-stage", {"name": "iris", "version": "1", "stage": "Production"})
    bo.ask("DELETE", f"/api/2.0/mlflow-artifacts/artifacts/{uri.removeprefix('mlflow-artifacts:/')}/a.txt")
    bo.post("runs/delete", run_id=run)

    found = [(each["action"], each["workspace"]) for each in reversed(entries(people, actor="bo"))]

    assert found == [
        (action, "default")
        for action in (
            *("experiment.create", "registered_model.create", "model_version.create", "registered_model.set-alias"),
            *("model_version.set-stage", "run.remove files", "run.delete"),
        )
    ]
