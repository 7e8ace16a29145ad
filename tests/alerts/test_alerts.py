"""Alert rules: when they fire, what they measure, and their messages."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs

from support.client import Api
from support.links import until
from support.processes.servers import Server
from trackside.alerts import measures, model, worker
from trackside.alerts.model import Measure, Next, PutRule, State, next_of
from trackside.core.errors import Invalid

RULES = "/api/trackside/v1/alert-rules"


def rule(**fields: Any) -> model.Rule:
    usual = model.Rule(
        rule_seq=1,
        name="r",
        measure=Measure.EVENTS,
        target="run.failed",
        above=2.0,
        window_s=300,
        for_s=60,
        severity=model.Severity.WARNING,
        is_enabled=True,
        state=State.OK,
        value=None,
        pending_since=None,
        fired_at=None,
        checked_at=None,
        created_by="",
        updated_at=0,
    )
    return structs.replace(usual, **fields)


def test_a_rule_fires_after_its_time_above_the_limit_and_resolves_at_once() -> None:
    calm = rule()
    pending = next_of(calm, 3.0, 1_000)
    waiting = rule(state=State.PENDING, pending_since=1_000)
    still = next_of(waiting, 3.0, 60_999)
    fired = next_of(waiting, 3.0, 61_000)
    firing = rule(state=State.FIRING, pending_since=1_000, fired_at=61_000)

    assert pending == Next(State.PENDING, 1_000, None)
    assert still == Next(State.PENDING, 1_000, None)
    assert fired == Next(State.FIRING, 1_000, 61_000, "fired")
    assert next_of(firing, 9.0, 99_000) == Next(State.FIRING, 1_000, 61_000)
    assert next_of(firing, 2.0, 99_000) == Next(State.OK, None, None, "resolved")
    assert next_of(firing, None, 99_000) == Next(State.OK, None, None, "resolved")
    assert next_of(waiting, 2.0, 61_000) == Next(State.OK, None, None)


def test_a_clock_that_went_back_delays_a_rule_by_its_own_time_at_most() -> None:
    waiting = rule(state=State.PENDING, pending_since=10**12)

    assert next_of(waiting, 3.0, 1_000) == Next(State.PENDING, 1_000, None)


@pytest.mark.both
def test_failed_runs_fire_an_alert_that_is_sent_once(api: Api, application: Any) -> None:
    db = application.asgi._database
    reply = api.ask("PUT", f"{RULES}/failed runs", {"measure": "events", "target": "run.failed", "above": 1})
    assert reply.json["rule"]["state"] == "ok"
    for _ in range(2):
        api.post("runs/update", run_id=api.new_run(), status="FAILED")
    other = api.new_workspace("other-lab")
    other.post("runs/update", run_id=other.new_run(), status="FAILED")

    worker.step(db)
    worker.step(db)

    (found,) = api.get(RULES)["rules"]
    assert (found["state"], found["value"]) == ("firing", 2)
    changes = api.get("/api/trackside/v1/changes?entity=alert")["changes"]
    assert [(each["action"], each["detail"]["value"]) for each in changes] == [("fired", 2)]
    assert other.get(RULES) == {}


@pytest.mark.both
def test_every_event_of_the_window_is_counted_and_none_before_it(db: Any) -> None:
    in_window, before = 2 * measures.AT_ONCE + 1, measures.AT_ONCE
    run_failed = {"entity": "run", "action": "update", "detail": '{"status": "FAILED"}'}
    others = {"entity": "run", "action": "set-tag", "detail": None}

    with db.write(1) as tx:
        rows = [{"at": tx.now - 301_000, **run_failed}] * before
        rows += [{"at": tx.now - 299_000, **(run_failed if each % 2 else others)} for each in range(in_window)]
        tx.many(
            """
            INSERT INTO changes (workspace_id, entity, entity_id, action, changed_at, detail, user_name)
            VALUES (:ws, :entity, 'r', :action, :at, :detail, '')
            """,
            rows,
        )
        found = measures.value(tx, rule())

    assert found == in_window // 2


@pytest.mark.both
def test_an_equal_rule_keeps_its_incident_and_a_changed_or_deleted_rule_resolves_it(api: Api, application: Any) -> None:
    db = application.asgi._database
    put = {"measure": "events", "target": "run.failed", "above": 0}
    api.ask("PUT", f"{RULES}/r", put)
    api.post("runs/update", run_id=api.new_run(), status="FAILED")
    worker.step(db)

    same = api.ask("PUT", f"{RULES}/r", put).json["rule"]
    worker.step(db)
    told = _told(api)
    changed = api.ask("PUT", f"{RULES}/r", {**put, "severity": "critical"}).json["rule"]
    worker.step(db)
    api.ask("DELETE", f"{RULES}/r")

    assert (same["state"], told) == ("firing", ["fired"])
    assert changed["state"] == "ok"
    assert _told(api) == ["fired", "resolved", "fired", "resolved"]


def _told(api: Api) -> list[str]:
    return [each["action"] for each in api.get("/api/trackside/v1/changes?entity=alert")["changes"]][::-1]


@pytest.mark.parametrize("measure", [measure for measure in Measure if measure is not Measure.EVENTS])
def test_every_measure_has_a_value_in_an_empty_workspace(api: Api, measure: Measure) -> None:
    api.ask("PUT", f"{RULES}/x", {"measure": measure, "above": 1})

    assert api.ask("GET", f"{RULES}/x/value").json["would_fire"] is False


def test_a_rule_is_changed_disabled_and_deleted(sqlite_api: Api) -> None:
    put = {"measure": "failed_jobs", "above": 0, "severity": "critical", "is_enabled": False}
    assert sqlite_api.ask("PUT", f"{RULES}/jobs", put).json["rule"]["is_enabled"] is False
    assert sqlite_api.ask("PUT", f"{RULES}/jobs", {**put, "for_s": 60}).json["rule"]["for_s"] == 60

    assert sqlite_api.ask("DELETE", f"{RULES}/jobs").status == 200
    assert sqlite_api.ask("DELETE", f"{RULES}/jobs").status == 404


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (PutRule(name="", measure="events"), "1 to 100 letters"),
        (PutRule(name="a\nb", measure="events"), "1 to 100 letters"),
        (PutRule(name="a", measure="luck"), "measure is 'luck'"),
        (PutRule(name="a", measure="events", target="run.flew"), "the type of an event"),
        (PutRule(name="a", measure="events", target="alert.fired"), "the type of an event"),
        (PutRule(name="a", measure="failed_jobs", target="x"), "takes none"),
        (PutRule(name="a", measure="failed_jobs", above=float("nan")), "must be a number"),
        (PutRule(name="a", measure="failed_jobs", window_s=1), "between 60 and 86400"),
        (PutRule(name="a", measure="failed_jobs", for_s=-1), "between 0 and 86400"),
        (PutRule(name="a", measure="failed_jobs", severity="bad"), "info, warning, critical"),
    ],
)
def test_an_invalid_alert_rule_is_refused(call: PutRule, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        model.checked(call)

    assert words in refused.value.message


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("endpoint_p95_ms", "Endpoint with name=none not found"),
        ("unhealthy_deployments", "Endpoint with name=none not found"),
        ("link_lag_s", "Link 'none' not found in this workspace"),
    ],
)
def test_a_rule_about_a_missing_object_is_refused(sqlite_api: Api, measure: str, message: str) -> None:
    reply = sqlite_api.ask("PUT", f"{RULES}/x", {"measure": measure, "target": "none", "above": 1})

    assert (reply.status, reply.json["message"]) == (404, message)


def test_a_rule_keeps_the_name_of_its_target_when_the_target_is_deleted(sqlite_api: Api) -> None:
    links = "/api/trackside/v1/links"
    sqlite_api.post(links, name="twin", to="http://127.0.0.1:9", kind="mlflow")
    put = {"measure": "link_lag_s", "target": "twin", "above": 1}
    sqlite_api.ask("PUT", f"{RULES}/x", put)
    sqlite_api.ask("DELETE", f"{links}/twin")

    assert sqlite_api.ask("PUT", f"{RULES}/x", {**put, "above": 2}).json["rule"]["above"] == 2


def test_an_alert_reaches_a_channel_after_the_server_was_killed(start: Callable[..., Server], receiver: Any) -> None:
    server = start("--allow-private-webhooks", "--webhook-schemes", "http")
    hooks = "/api/trackside/v1/webhooks"
    server.api.post(hooks, name="chat", url=receiver.url, events=["alert.fired"], format="slack")
    run = server.api.new_run()
    rule_ = {"measure": "events", "target": "run.failed", "above": 0}
    assert server.api.ask("PUT", f"{RULES}/failed", rule_).status == 200
    server.api.post("runs/update", run_id=run, status="FAILED")
    server.kill9()

    server.start()

    (received,) = receiver.wait_for(1)
    assert received.json["text"].startswith("Alert failed fired (warning): events of run.failed is 1, threshold 0")
    until(lambda: server.api.get(RULES)["rules"][0]["state"] == "firing")
