"""The formats of webhooks' messages."""

from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from msgspec import structs

from support.client import Api, Inside
from support.office import Office
from support.receiver import Received, Receiver, answer
from support.registry import OWN
from trackside import app
from trackside.core.settings import Settings
from trackside.endpoints import store as endpoints
from trackside.endpoints.model import AuthMode, Model, Spec, State
from trackside.webhooks import envelopes, examples
from trackside.webhooks.envelopes import Event, Format
from trackside.webhooks.model import EVENTS

SCOPE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/default"
    "/providers/Microsoft.MachineLearningServices/workspaces/default"
)
ODD = 'Größe "50 %" <b> [x](http://evil) &\n\U0001f600'


def cloud_event(received: Received) -> Any:
    return from_http_event(HTTPMessage(received.headers, received.body))


def event_of(event: str, **data: Any) -> Event:
    return Event(event, {**examples.DATA[event], **data}, 7, 1_795_000_000_000, "default", SCOPE, "ana")


@pytest.mark.parametrize("form", [Format.CLOUDEVENTS, Format.CLOUDEVENTS_BINARY])
def test_a_cloud_event_is_read_by_the_library_of_cloudevents(office: Office, receiver: Receiver, form: Format) -> None:
    office.subscribe(receiver.url, form=form)
    office.happen("Größe 50 %")
    office.step()
    (received,) = receiver.received

    event = cloud_event(received)

    assert event.get_type() == "org.trackside.registered_model.created"
    assert event.get_source() == SCOPE
    assert event.get_subject() == "models/Größe 50 %"
    assert event.get_data()["name"] == "Größe 50 %"
    assert int(event.get_id()) > 0
    assert event.get_time() is not None
    content_type = received.headers["content-type"].partition(";")[0]
    assert content_type == ("application/cloudevents+json" if form is Format.CLOUDEVENTS else "application/json")


def test_a_second_try_has_the_same_body_and_id_also_after_the_format_was_changed(
    office: Office, receiver: Receiver
) -> None:
    webhook = office.subscribe(receiver.url, form=Format.CLOUDEVENTS_BINARY)
    receiver.answers = [answer(503)]
    office.happen("a")
    office.step()
    office.change(webhook, form=Format.SLACK)
    office.later()
    office.step()

    first, second = receiver.received

    assert (first.headers["ce-id"], first.body) == (second.headers["ce-id"], second.body)


def test_event_grid_gets_the_events_of_azure_machine_learning(sqlite_settings: Settings, receiver: Receiver) -> None:
    application = app.build(
        structs.replace(sqlite_settings, allow_private_webhooks=True, webhook_schemes=("http", "https"))
    )
    inside = Inside(application.asgi)
    api = Api(inside)
    wanted = ["run.finished", "run.failed", "model_version.created", "experiment.created"]
    api.post(f"{OWN}/webhooks", name="grid", url=receiver.url, events=wanted, format="eventgrid")
    good, bad = api.new_run(run_name="good"), api.new_run(run_name="bad")
    api.post("runs/set-tag", run_id=good, key="team", value="a")
    api.post("runs/update", run_id=good, status="FINISHED")
    api.post("runs/update", run_id=bad, status="FAILED")
    api.post("registered-models/create", name="iris")
    api.post("model-versions/create", name="iris", source=f"runs:/{good}/model", run_id=good)
    api.new_experiment("last")
    found = [received.json[0] for received in receiver.wait_for(4)]
    headers = receiver.received[0].headers
    inside.close()
    application.close()

    ended, failed, registered, other = found
    run = {"experimentId": "0", "experimentName": "Default", "runType": "mlflow", "runProperties": {}}
    assert ended["eventType"] == "Microsoft.MachineLearningServices.RunCompleted"
    assert ended["data"] == {**run, "runId": good, "runTags": {"team": "a"}}
    assert ended["subject"] == f"experiments/0/runs/{good}"
    assert ended["topic"] == SCOPE
    assert failed["eventType"] == "Microsoft.MachineLearningServices.RunStatusChanged"
    assert failed["data"] == {**run, "runId": bad, "runTags": {}, "runStatus": "Failed"}
    assert registered["eventType"] == "Microsoft.MachineLearningServices.ModelRegistered"
    assert registered["subject"] == "models/iris:1"
    assert registered["data"] == {"ModelName": "iris", "ModelVersion": "1", "ModelTags": {}, "ModelProperties": {}}
    assert other["eventType"] == "org.trackside.experiment.created"
    assert headers["aeg-event-type"] == "Notification"


def test_events_of_a_deployment_are_sent(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url, "deployment.healthy", "deployment.failed", form=Format.EVENTGRID)
    with office.db.write(1) as tx:
        endpoint = endpoints.create(tx, "iris", AuthMode.KEY, "")
        endpoints.put_deployment(tx, endpoint, "blue", Model(uri="models:/iris/1", files_uri="x"), Spec())
        (deployment,) = endpoints.wanted(tx)
        endpoints.set_state(tx, deployment, State.HEALTHY, "1 replica is ready.")
    with office.db.write(1) as tx:
        (deployment,) = endpoints.wanted(tx)
        endpoints.set_state(tx, deployment, State.FAILED, "The model raised.")
    office.step()

    healthy, failed = [received.json[0] for received in receiver.received]

    assert healthy["eventType"] == "Microsoft.MachineLearningServices.ModelDeployed"
    assert healthy["subject"] == "endpoints/iris"
    assert (healthy["data"]["ServiceName"], healthy["data"]["ServiceTags"]) == ("iris", {"deployment": "blue"})
    assert failed["eventType"] == "org.trackside.deployment.failed"
    assert failed["data"] == {"name": "iris", "deployment": "blue", "state": "Failed", "reason": "The model raised."}


@pytest.mark.parametrize("form", Format)
def test_every_event_can_be_sent_in_every_format(form: Format) -> None:
    for event in sorted(EVENTS):
        headers, body = envelopes.sent(form, envelopes.body(form, event_of(event)))

        assert headers["Content-Type"].startswith("application/")
        assert body
        if form in (Format.CLOUDEVENTS, Format.CLOUDEVENTS_BINARY):
            read = from_http_event(HTTPMessage({k.lower(): v for k, v in headers.items()}, body.encode()))
            assert read.get_type() == f"org.trackside.{event}"
            assert read.get_extension("authid") == "ana"


def test_no_name_can_inject_a_header_a_link_or_a_mention() -> None:
    event = event_of("run.finished", run_name=ODD, run_id=ODD)

    headers, _ = envelopes.sent(Format.CLOUDEVENTS_BINARY, envelopes.body(Format.CLOUDEVENTS_BINARY, event))
    slack = envelopes.body(Format.SLACK, event)
    teams = envelopes.body(Format.TEAMS, event)

    assert all(value.isascii() and value.isprintable() and " " not in value for value in headers.values())
    assert "<b>" not in slack
    assert "&lt;b&gt;" in slack
    assert "[x](http" not in teams


def test_a_chat_message_describes_the_event(office: Office, receiver: Receiver) -> None:
    office.subscribe(receiver.url, form=Format.SLACK)
    office.subscribe(receiver.url, form=Format.TEAMS)
    office.happen("iris")
    office.step()
    found = [received.json for received in receiver.received]

    slack = next(each for each in found if "text" in each)
    teams = next(each for each in found if "attachments" in each)

    assert slack["text"] == "Registered model iris: created (workspace default)"
    card = teams["attachments"][0]["content"]
    assert (teams["type"], card["type"]) == ("message", "AdaptiveCard")
    assert card["body"][0]["text"] == "Registered model iris: created (workspace default)"


def test_a_receiver_that_answers_gone_gets_no_further_deliveries(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url)
    receiver.answers = [answer(410)]
    office.happen("a")
    office.step()
    office.happen("b")
    office.step()

    assert len(receiver.received) == 1
    assert office.found(webhook).status == "DISABLED"
    assert office.states(webhook) == [("DEAD", 1)]


def test_an_unknown_format_is_refused_with_the_known_ones(sqlite_api: Api) -> None:
    status, code, message = sqlite_api.fault(
        f"{OWN}/webhooks", name="w", url="https://example.com/", events=["run.failed"], format="xml"
    )

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message == (
        "format is 'xml'; it must be one of mlflow, cloudevents, cloudevents-binary, eventgrid, slack, teams, mail."
    )
