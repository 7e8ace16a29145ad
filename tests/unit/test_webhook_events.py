"""Events of webhooks compared with stock MLflow; allowed addresses; retries."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackside.core.errors import Invalid
from trackside.core.outgoing.addresses import Rules
from trackside.events.entries import Entry
from trackside.webhooks import examples, model, payloads, tokens, urls
from trackside.webhooks.model import EVENTS, MLFLOW_EVENTS, EventPart


def entry(entity: str, entity_id: str, action: str, **detail: Any) -> Entry:
    return Entry(7, 1, entity, entity_id, action, 1_700_000_000_123, "", json.dumps(detail) if detail else None)


def told(*args: str, **detail: Any) -> tuple[str, dict[str, Any]] | None:
    found = payloads.event_of_change(entry(*args, **detail))
    return None if found is None else (found.event, found.data)


# As stock MLflow


@pytest.mark.slow
def test_the_events_are_mlflows() -> None:
    from mlflow.entities.webhook import VALID_ENTITY_ACTIONS

    stock = {f"{entity}.{action}" for entity, actions in VALID_ENTITY_ACTIONS.items() for action in actions}

    assert stock == MLFLOW_EVENTS
    assert {entity: set(actions) for entity, actions in model.MLFLOWS.items()} == {
        str(entity): {str(action) for action in actions} for entity, actions in VALID_ENTITY_ACTIONS.items()
    }


def test_a_tests_example_is_mlflows(subtests: pytest.Subtests) -> None:
    from mlflow.entities.webhook import WebhookEvent
    from mlflow.webhooks import types

    for event in sorted(MLFLOW_EVENTS):
        with subtests.test(event=event):
            entity, action = event.split(".")

            assert examples.DATA[event] == types.get_example_payload_for_event(WebhookEvent(entity, action))


def test_each_event_has_an_example() -> None:
    assert examples.DATA.keys() == EVENTS


@pytest.mark.parametrize("how", ["finished", "failed", "killed"])
def test_the_example_of_an_ended_run_has_the_time_of_its_end(how: str) -> None:
    assert examples.DATA[f"run.{how}"]["end_time"] > examples.DATA[f"run.{how}"]["start_time"]


@pytest.mark.slow
@given(st.text(min_size=1), st.text(), st.text())
def test_the_signature_is_mlflows(secret: str, delivery_id: str, body: str) -> None:
    from mlflow.webhooks import constants, delivery

    ours = payloads.headers(secret, delivery_id, 1_700_000_000, body)

    assert ours[constants.WEBHOOK_SIGNATURE_HEADER] == delivery._generate_hmac_signature(
        secret, delivery_id, "1700000000", body
    )
    assert ours[constants.WEBHOOK_DELIVERY_ID_HEADER] == delivery_id
    assert ours[constants.WEBHOOK_TIMESTAMP_HEADER] == "1700000000"


def test_without_a_secret_nothing_is_signed() -> None:
    assert "X-MLflow-Signature" in payloads.headers("secret", "id", 1, "{}")
    assert "X-MLflow-Signature" not in payloads.headers(None, "id", 1, "{}")


def test_the_body_names_entity_action_time_and_workspace() -> None:
    body = payloads.body("model_version_tag.set", {"key": "ä"}, at_ms=1_700_000_000_123, workspace="north")

    assert json.loads(body) == {
        "entity": "model_version_tag",
        "action": "set",
        "timestamp": "2023-11-14T22:13:20.123000+00:00",
        "data": {"key": "ä"},
        "workspace": "north",
    }


# From changes to events


def test_a_change_is_an_event(subtests: pytest.Subtests) -> None:
    cases: list[tuple[Entry, str, dict[str, Any]]] = [
        (
            entry("registered_model", "m", "create", tags={"a": "b"}, description="d"),
            "registered_model.created",
            {"name": "m", "tags": {"a": "b"}, "description": "d"},
        ),
        (
            entry("registered_model", "p", "create", tags={"mlflow.prompt.is_prompt": "true", "a": "b"}),
            "prompt.created",
            {"name": "p", "tags": {"a": "b"}, "description": ""},
        ),
        (
            entry("model_version", "m/2", "create", source="s3://b", run_id="", tags={}, description=""),
            "model_version.created",
            {"name": "m", "version": "2", "source": "s3://b", "run_id": None, "tags": {}, "description": None},
        ),
        (
            entry(
                "model_version",
                "p/1",
                "create",
                tags={"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": "Hi", "_mlflow_prompt_type": "text"},
                is_prompt=True,
            ),
            "prompt_version.created",
            {"name": "p", "version": "1", "template": "Hi", "tags": {}, "description": None},
        ),
        (
            entry("model_version", "m/1", "set-tag", key="k", value="v"),
            "model_version_tag.set",
            {"name": "m", "version": "1", "key": "k", "value": "v"},
        ),
        (
            entry("model_version", "m/1", "delete-tag", key="k"),
            "model_version_tag.deleted",
            {"name": "m", "version": "1", "key": "k"},
        ),
        (
            entry("registered_model", "m", "set-alias", alias="a", version="3"),
            "model_version_alias.created",
            {"name": "m", "alias": "a", "version": "3"},
        ),
        (
            entry("registered_model", "m", "delete-alias", alias="a", version="3"),
            "model_version_alias.deleted",
            {"name": "m", "alias": "a"},
        ),
        (
            entry("registered_model", "p", "delete-alias", alias="a", version="3", is_prompt=True),
            "prompt_alias.deleted",
            {"name": "p", "alias": "a"},
        ),
        (
            entry("registered_model", "p", "set-tag", key="k", value="v", is_prompt=True),
            "prompt_tag.set",
            {"name": "p", "key": "k", "value": "v"},
        ),
        (
            entry("model_version", "m/1", "set-stage", before="None", after="Production"),
            "model_version_stage.set",
            {"name": "m", "version": "1", "before": "None", "after": "Production"},
        ),
        (entry("run", "r", "create"), "run.created", {"run_id": "r", "status": "RUNNING"}),
        (
            entry("run", "r", "update", status="FAILED", before="RUNNING"),
            "run.failed",
            {"run_id": "r", "status": "FAILED"},
        ),
        (entry("run", "r", "delete"), "run.deleted", {"run_id": "r"}),
        (entry("experiment", "3", "restore"), "experiment.restored", {"experiment_id": "3"}),
    ]
    for change, event, data in cases:
        with subtests.test(change=change, event=event, data=data):
            found = payloads.event_of_change(change)

            assert found is not None
            assert (found.event, found.data) == (event, data)
            assert found.event in EVENTS


def test_changes_without_an_event_in_stock_mlflow_send_none() -> None:
    assert told("registered_model", "m", "set-tag", key="k", value="v") is None  # its tags are no prompt's
    assert told("run", "r", "log") is None
    assert told("run", "r", "update") is None  # renamed
    assert told("run", "r", "update", status="RUNNING", before="SCHEDULED") is None
    assert told("workspace", "w", "create") is None


# What callers may say


def test_a_name_that_mlflow_accepts(subtests: pytest.Subtests) -> None:
    for name in ["a", "a-b_c.d", "WebHook1", "x" * 63]:
        with subtests.test(name=name):
            assert model.check_name(name) == name


def test_a_name_that_mlflow_refuses(subtests: pytest.Subtests) -> None:
    cases = ["", " ", "-a", "a-", "_a", "a.", "a b", "a/b", "x" * 64, "ä", "a\n"]
    for name in cases:
        with subtests.test(name=name), pytest.raises(Invalid, match="is invalid"):
            model.check_name(name)


def test_a_url_that_is_refused(subtests: pytest.Subtests) -> None:
    cases = [
        ("  ", "cannot be empty or just whitespace"),
        ("http://example.com", "Invalid webhook URL scheme: 'http'. Allowed schemes are: https"),
        ("file:///etc/passwd", "Invalid webhook URL scheme"),
        ("example.com/x", "Invalid webhook URL scheme"),
        ("https://", "must include a hostname"),
        ("https://[bad", "Invalid webhook URL"),
        ("https://a:99999/", "Invalid webhook URL"),
        ("https://a:0/", "port 0"),
        ("https://a/\r\nHost: b", "control character"),
        ("https://a/ b", "a space"),
        ("https://a/" + "x" * 2000, "at most 2000"),
    ]
    for url, words in cases:
        with subtests.test(url=url, words=words):
            with pytest.raises(Invalid) as refused:
                urls.check_url(url, ("https",))

            assert words in refused.value.message


def test_tracksides_own_events_are_refused_by_mlflows_calls() -> None:
    with pytest.raises(Invalid, match=r"POST /api/trackside/v1/webhooks accepts Trackside's other events"):
        model.mlflow_events([EventPart(entity="RUN", action="FINISHED")])
    with pytest.raises(Invalid, match="Invalid action 'deleted' for entity 'registered_model'"):
        model.mlflow_events([EventPart(entity="REGISTERED_MODEL", action="DELETED")])
    with pytest.raises(Invalid, match="non-empty list"):
        model.mlflow_events([])

    assert model.our_events(["run.finished", "MODEL_VERSION.created", "run.finished"]) == [
        "run.finished",
        "model_version.created",
    ]


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_page_token_comes_back(seq: int) -> None:
    assert tokens.start(tokens.token(seq)) == seq


def test_an_invalid_page_token_is_refused(subtests: pytest.Subtests) -> None:
    for garbage in ["%", "bm90IGpzb24=", "e30=", "eyJiZWZvcmUiOiAtMX0="]:
        with subtests.test(garbage=garbage), pytest.raises(Invalid, match="Invalid page token"):
            tokens.start(garbage)


# Where webhooks may go


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert Rules().refusal("name", address) is None


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2002:a00:1::1"),
    ],
)
def test_a_private_address_is_refused_unless_allowed(address: str) -> None:
    assert "--allow-private-webhooks" in (Rules().refusal("name", address) or "")
    assert Rules(opens_private=True).refusal("name", address) is None


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.1.1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("168.63.129.16", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "240.0.0.1"),
    ],
)
def test_metadata_and_special_addresses_are_always_refused(address: str) -> None:
    assert Rules().refusal("name", address)
    assert Rules(opens_private=True).refusal("name", address)


# When it is tried again


@given(st.integers(1, 60), st.floats(0, 1))
def test_pauses_double_up_to_an_hour_and_are_spread(attempts: int, chance: float) -> None:
    whole = min(2.0 ** (attempts - 1), 3600.0)

    assert whole / 2 <= payloads.pause_s(attempts, chance, None) <= whole


def test_a_receiver_can_request_a_longer_pause_up_to_a_limit() -> None:
    assert payloads.pause_s(1, 0, 30.0) == 30.0
    assert payloads.pause_s(8, 0, 3.0) == 128.0
    assert payloads.pause_s(1, 0, 1e9) == 86_400.0


def test_only_temporary_failures_are_retried() -> None:
    assert [status for status in range(300, 600) if payloads.may_pass(status)] == [408, 425, 429, *range(500, 600)]
