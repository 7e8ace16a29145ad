"""Pages of review queues, of their questions, and of issues."""

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from support.pages import axe
from support.processes.servers import Server

PHONE: ViewportSize = {"width": 390, "height": 844}
START_MS = 1_764_400_000_000


def send(server: Server, count: int) -> list[str]:
    """Send traces of one span; return their ids."""
    spans: list[dict[str, Any]] = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": f"answer-{number}",
            "startTimeUnixNano": str((START_MS - number) * 1_000_000),
            "endTimeUnixNano": str((START_MS + 9) * 1_000_000),
            "attributes": [{"key": "mlflow.spanInputs", "value": {"stringValue": f"question {number}"}}],
        }
        for number in range(1, count + 1)
    ]
    body = json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}).encode()
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/traces", body, headers), timeout=60) as answer:
        assert answer.status == 200
    return [f"tr-{number:032x}" for number in range(1, count + 1)]


def assessments(server: Server, trace_id: str) -> dict[str, Any]:
    info = server.api.get(f"traces/{trace_id}", version="3.0")["trace"]["trace_info"]
    return {each["assessment_name"]: each for each in info.get("assessments", [])}


@pytest.mark.slow
def test_traces_are_queued_and_reviewed_in_place(server: Server, page: Page) -> None:
    first, second = send(server, 2)
    page.goto(f"{server.url}/#/experiments/0/traces?show=reviews")
    page.get_by_role("button", name="New question").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("correct")
    dialog.get_by_label("Word for pass").fill("Right")
    dialog.get_by_label("Word for fail").fill("Wrong")
    dialog.get_by_role("button", name="Create").last.click()
    expect(page.get_by_role("cell", name="correct", exact=True)).to_be_visible()
    assert axe.serious(page) == []

    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_role("checkbox")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.click()
    page.get_by_role("button", name="Add to a review queue").click()
    page.get_by_role("combobox", name="Review queue").fill("week 48")
    expect(page.get_by_text("A new queue week 48 will be created.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Add").last.click()
    expect(page.get_by_text("2 traces in week 48")).to_be_visible()

    page.goto(f"{server.url}/#/experiments/0/traces?show=reviews")
    page.get_by_role("link", name="week 48").click()
    expect(page.get_by_text("0 of 2 traces reviewed")).to_be_visible()
    page.get_by_role("button", name="Review the next one").click()
    expect(page.get_by_text("question 1").first).to_be_visible()
    page.get_by_label("Right").check()
    assert axe.serious(page) == []
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("1 of 2 traces reviewed")).to_be_visible()
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_text("Every trace of this queue is reviewed or declined.")).to_be_visible()

    assert assessments(server, first)["correct"]["feedback"] == {"value": True}
    assert assessments(server, second) == {}
    page.get_by_role("row").filter(has_text="answer-2").get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("1 of 2 traces reviewed")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
def test_a_queue_and_its_questions_are_edited_in_place(server: Server, page: Page) -> None:
    experiment = {"experiment_id": "0"}
    schema = server.api.post(
        "label-schemas/create", version="3.0", **experiment, name="tone", type="FEEDBACK",
        input={"categorical": {"options": ["kind", "rude"]}},
    )["label_schema"]  # fmt: skip
    queue = server.api.post("review-queues/create", version="3.0", **experiment, name="week 48", queue_type="CUSTOM")[
        "review_queue"
    ]

    page.goto(f"{server.url}/#/experiments/0/traces?show=reviews")
    page.get_by_role("button", name="Edit tone").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Answer", exact=True)).to_be_disabled()
    dialog.get_by_label("Name").fill("politeness")
    dialog.get_by_label("Options", exact=True).fill("kind\nneutral\nrude")
    dialog.get_by_label("Instruction").fill("Judge the last answer")
    dialog.get_by_label("Reviewers may add a comment").check()
    assert axe.serious(page) == []
    dialog.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("row").filter(has_text="politeness")).to_contain_text("kind, neutral, rude")
    page.get_by_role("link", name="week 48").click()
    page.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Name").fill("week 49")
    dialog.get_by_label("Reviewers").fill("ada\ngrace")
    dialog.get_by_label("politeness").check()
    dialog.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("heading", name="week 49")).to_be_visible()

    stored = server.api.get("review-queues/get", version="3.0", queue_id=queue["queue_id"])["review_queue"]
    assert (stored["name"], stored["users"], stored["schema_ids"]) == (
        "week 49", ["ada", "grace"], [schema["schema_id"]],
    )  # fmt: skip
    changed = server.api.get("label-schemas/get", version="3.0", schema_id=schema["schema_id"])["label_schema"]
    assert changed["input"] == {"categorical": {"options": ["kind", "neutral", "rude"]}}
    assert (changed["instruction"], changed["enable_comment"]) == ("Judge the last answer", True)

    server.api.post("review-queues/items/add", version="3.0", queue_id=queue["queue_id"], item_ids=send(server, 1))
    page.reload()
    expect(page.get_by_text("0 of 1 trace reviewed")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    expect(dialog.get_by_label("politeness")).to_be_disabled()
    dialog.get_by_label("Reviewers").fill("ada")
    dialog.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Changed week 49")).to_be_visible()
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Edit").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
def test_issues_are_filed_and_change_their_status(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/0/traces?show=issues")
    page.get_by_role("button", name="New issue").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("wrong city")
    dialog.get_by_label("Description").fill("Answers name the capital of another country")
    dialog.get_by_label("Severity").select_option("high")
    dialog.get_by_role("button", name="Create").last.click()

    page.get_by_label("Status of wrong city").select_option("resolved")
    expect(page.get_by_text("wrong city is resolved")).to_be_visible()
    page.get_by_label("Status", exact=True).select_option("pending")
    expect(page.get_by_text("No issue has this status")).to_be_visible()
    page.get_by_label("Status", exact=True).select_option("resolved")
    expect(page.get_by_role("row").filter(has_text="wrong city")).to_contain_text("high")
    assert axe.serious(page) == []
