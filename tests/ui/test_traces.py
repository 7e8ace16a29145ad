"""Pages of traces, whose spans came by OTLP."""

import json
import time
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from support.pages import axe
from support.processes.servers import Server

TRACE = f"{7:032x}"
HOSTILE = "<img src=x onerror=alert(1)>"
START_MS = 1_764_400_000_000
PHONE: ViewportSize = {"width": 390, "height": 844}


def value(given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        return {"stringValue": given}
    if isinstance(given, int):
        return {"intValue": str(given)}
    if isinstance(given, list):
        return {"arrayValue": {"values": [value(each) for each in given]}}
    return {"kvlistValue": {"values": pairs(given)}}


def pairs(given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in given.items()]


def span(
    number: int, parent: int, name: str, start_ms: int, end_ms: int, trace: str = TRACE, **more: Any
) -> dict[str, Any]:
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        **({"parentSpanId": f"{parent:016x}"} if parent else {}),
        "name": name,
        "startTimeUnixNano": str((START_MS + start_ms) * 1_000_000),
        "endTimeUnixNano": str((START_MS + end_ms) * 1_000_000),
        **more,
    }


def send(server: Server, *spans: dict[str, Any]) -> None:
    body = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": list(spans)}]}]}
    headers = {"content-type": "application/json", "x-mlflow-experiment-id": "0"}
    request = urllib.request.Request(f"{server.url}/v1/traces", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


def send_one(server: Server) -> None:
    asked = {"messages": [{"role": "user", "content": "What is " + HOSTILE}]}
    attributes = pairs(
        {
            "mlflow.spanType": "CHAT_MODEL",
            "mlflow.spanInputs": asked,
            "mlflow.spanOutputs": {"choices": [{"message": {"role": "assistant", "content": "A workspace."}}]},
            "mlflow.chat.tokenUsage": {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34},
        }
    )
    send(
        server,
        span(1, 0, "answer", 0, 900, status={"code": 2, "message": "too late"}, attributes=pairs({"session.id": "s1"})),
        span(2, 1, HOSTILE, 20, 260),
        span(3, 1, "chat", 300, 880, attributes=attributes),
    )


def test_a_trace_is_found_opened_and_read(server: Server, page: Page, console: list[str]) -> None:
    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_text("No traces yet")).to_be_visible()
    expect(page.get_by_text("@mlflow.trace").first).to_be_visible()
    send_one(server)  # and the open page shows it

    expect(page.get_by_role("gridcell", name="34")).to_be_visible()
    expect(page.get_by_role("gridcell", name="Error")).to_be_visible()
    page.get_by_label("Filter", exact=True).fill("statuss = 'ERROR'")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("Invalid attribute key 'statuss'")
    console.clear()  # of the answer 400
    page.get_by_label("Filter", exact=True).fill("status = 'ERROR' AND span.name = 'chat'")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name=f"tr-{TRACE}").or_(page.get_by_role("link", name="answer", exact=True)).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("answer")
    expect(page.get_by_role("treeitem")).to_have_count(3)
    expect(page.get_by_role("treeitem").filter(has_text=HOSTILE)).to_be_visible()
    page.get_by_role("treeitem").filter(has_text="chat").last.click()
    expect(page.get_by_role("listitem").filter(has_text="A workspace.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text=HOSTILE)).to_be_visible()
    page.get_by_label("Find in spans").fill("img src")
    expect(page.get_by_role("treeitem")).to_have_count(3)  # the two that have the text, and the root above them
    page.get_by_role("button", name="About the trace").click()
    expect(page.get_by_role("link", name="s1")).to_be_visible()
    assert axe.serious(page) == []
    assert console == []


@pytest.mark.slow
def test_words_in_the_filter_find_traces_by_their_contents(server: Server, page: Page) -> None:
    other = "f" * 32
    send_one(server)
    send(server, span(1, 0, "refund", 0, 900, trace=other))

    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_role("link", name="refund")).to_be_visible()
    page.get_by_label("Filter", exact=True).fill("a workspace")
    page.get_by_role("button", name="Find in traces").click()

    expect(page.get_by_role("link", name="refund")).to_have_count(0)
    expect(page.get_by_role("link", name="answer", exact=True)).to_be_visible()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("trace.text CONTAINS 'a workspace'")


@pytest.mark.slow
def test_a_page_of_30000_spans_scrolls(server: Server, page: Page) -> None:
    for first in range(2, 30_002, 5_000):
        spans = [span(at, max(at // 3, 1), f"step {at}", at, at + 5) for at in range(first, first + 5_000)]
        send(server, span(1, 0, "all", 0, 31_000), *spans)

    page.goto(f"{server.url}/#/traces/tr-{TRACE}")
    expect(page.get_by_text("30,001 spans")).to_be_visible(timeout=60_000)
    assert page.get_by_role("treeitem").count() < 100
    page.get_by_role("treeitem").first.click()
    page.keyboard.press("End")
    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("step")
    assert page.get_by_role("treeitem").count() < 100


@pytest.mark.slow
def test_two_traces_are_shown_side_by_side(server: Server, page: Page) -> None:
    send_one(server)
    send(server, span(1, 0, "another", 0, 90, trace=f"{8:032x}"))
    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_role("checkbox")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.click()

    page.get_by_role("button", name="Compare").click()

    expect(page.get_by_role("region").filter(has=page.get_by_role("tree"))).to_have_count(2)
    expect(page.get_by_role("treeitem").filter(has_text="another")).to_be_visible()
    expect(page.get_by_role("treeitem").filter(has_text="chat").last).to_be_visible()


@pytest.mark.slow
def test_feedback_is_given_in_place(server: Server, page: Page) -> None:
    send_one(server)
    page.goto(f"{server.url}/#/traces/tr-{TRACE}")
    page.get_by_role("button", name="Feedback").click()
    page.get_by_label("Name", exact=True).fill("correct")
    page.get_by_label("Value", exact=True).fill("true")
    page.get_by_label("Rationale").fill(HOSTILE)
    page.get_by_role("dialog").get_by_role("button", name="Add").last.click()
    expect(page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    given = server.api.get(f"/api/3.0/mlflow/traces/tr-{TRACE}")["trace"]["trace_info"]["assessments"]
    assert [(each["assessment_name"], each["feedback"]["value"]) for each in given] == [("correct", True)]

    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_text("correct: true")).to_be_visible()
    page.goto(f"{server.url}/#/traces/tr-{TRACE}")
    page.get_by_role("button", name="Delete correct").click()
    expect(page.get_by_role("cell", name=HOSTILE)).to_have_count(0)


@pytest.mark.slow
def test_traces_are_moved_to_the_trash_and_restored(server: Server, page: Page) -> None:
    send_one(server)
    page.goto(f"{server.url}/#/experiments/0/traces")
    page.get_by_role("checkbox").first.click()
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.get_by_text("No traces yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("checkbox")).to_have_count(1)

    page.goto(f"{server.url}/#/traces/tr-{TRACE}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete permanently…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 trace")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No traces yet")).to_be_visible()


@pytest.mark.slow
def test_an_issue_is_filed_from_a_trace_and_chosen_for_others(server: Server, page: Page) -> None:
    send_one(server)
    page.goto(f"{server.url}/#/traces/tr-{TRACE}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Add an issue").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Issue").fill("wrong city")
    dialog.get_by_label("Description").fill(HOSTILE)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added the trace to wrong city")).to_be_visible()

    page.goto(f"{server.url}/#/experiments/0/traces")
    page.get_by_role("checkbox").first.click()
    page.get_by_role("button", name="Add an issue").click()
    dialog.get_by_role("combobox", name="Issue").fill("wrong city")
    expect(dialog.get_by_label("Description")).to_have_count(0)  # it is there already
    page.goto(f"{server.url}/#/experiments/0/traces?show=issues")
    expect(page.get_by_role("row").filter(has_text="wrong city")).to_contain_text("1")


@pytest.mark.slow
def test_a_session_is_read_as_a_conversation(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/0/traces?show=sessions")
    expect(page.get_by_text("No sessions yet")).to_be_visible()
    for number, question in enumerate(("What is a run?", HOSTILE, "And a model?"), start=1):
        spoken = {"mlflow.spanInputs": {"question": question}, "mlflow.spanOutputs": f"answer {number}"}
        attributes = pairs({**spoken, "session.id": "chat-1", "user.id": "ana"})
        send(server, span(1, 0, "chat", number, number + 9, trace=f"{number:032x}", attributes=attributes))
    send(server, span(1, 0, "alone", 0, 9, trace=f"{9:032x}"))

    expect(page.get_by_role("row", name="chat-1")).to_contain_text("What is a run? ana 3")
    page.get_by_label("Find a session or user").fill("nobody")
    expect(page.get_by_text("No session has this text")).to_be_visible()
    page.get_by_label("Find a session or user").fill("ANA")
    page.get_by_role("link", name="chat-1").click()
    expect(page.get_by_role("listitem").filter(has_text="answer")).to_contain_text(
        ["What is a run?", HOSTILE, "And a model?"]
    )
    assert axe.serious(page) == []
    page.get_by_role("link", name="Show in the list").click()
    expect(page.get_by_role("gridcell").get_by_role("link", name="chat", exact=True)).to_have_count(3)


@pytest.mark.slow
def test_charts_group_traces_by_name_model_and_user(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/experiments/0/traces?show=charts&range=year")
    expect(page.get_by_text("No traces yet")).to_be_visible()
    now_ms = int(time.time() * 1000) - START_MS
    for number, (name, model, user) in enumerate(
        (("answer", "m-1", "ana"), ("answer", "m-2", "bo"), ("sum", "m-1", "bo"))
    ):
        attributes = pairs(
            {
                "user.id": user,
                "mlflow.llm.model": model,
                "mlflow.chat.tokenUsage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
            }
        )
        status = {"code": 2 if number == 2 else 1}
        send(
            server,
            span(1, 0, name, now_ms, now_ms + 500, trace=f"{number + 1:032x}", attributes=attributes, status=status),
        )
    page.reload()

    shown = page.get_by_role("figure")
    expect(shown.filter(has_text="Traces")).to_contain_text("all 3 total")
    expect(shown.filter(has_text="Tokens")).to_contain_text("input 30 total output 15 total")
    expect(shown.filter(has_text="Latency")).to_contain_text("median 500 ms")
    expect(shown.filter(has_text="Errors")).to_contain_text("all 33.3 %")
    page.get_by_label("By").select_option("name")
    expect(shown.filter(has_text="Traces")).to_contain_text("answer 2 total sum 1 total")
    expect(shown.filter(has_text="Errors")).to_contain_text("answer 0 % sum 100 %")
    page.get_by_label("By").select_option("model")
    expect(shown.filter(has_text="Calls of models")).to_contain_text("m-1 2 total m-2 1 total")
    expect(shown.filter(has_text="Tokens")).to_contain_text("m-1 30 total m-2 15 total")
    page.get_by_label("By").select_option("user")
    expect(shown.filter(has_text="Latency")).to_contain_text("500 ms")
    page.get_by_role("group", name="Traces").focus()
    page.keyboard.press("ArrowLeft")
    expect(shown.filter(has_text="Traces").get_by_role("list")).to_contain_text("bo 2 ana 1")
    assert axe.serious(page) == []


@pytest.mark.slow
def test_traces_become_records_of_an_evaluation_dataset(server: Server, page: Page) -> None:
    for number in (1, 2):
        spoken = {"mlflow.spanInputs": {"question": f"q{number}"}, "mlflow.spanOutputs": "yes"}
        send(server, span(1, 0, "ask", number, 9, trace=f"{number:032x}", attributes=pairs(spoken)))
    send(server, span(1, 0, "without inputs", 5, 9, trace=f"{3:032x}"))
    said = {"assessment_name": "answer", "expectation": {"value": "no"}, "source": {"source_type": "HUMAN"}}
    server.api.post(f"traces/tr-{1:032x}/assessments", assessment=said, version="3.0")
    page.goto(f"{server.url}/#/experiments/0/traces")
    expect(page.get_by_role("checkbox")).to_have_count(3)
    for box in page.get_by_role("checkbox").all():
        box.click()
    page.get_by_role("button", name="Add to a dataset").click()
    page.get_by_role("combobox", name="Dataset").fill("golden")
    expect(page.get_by_text("A new dataset golden will be created.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Add").last.click()
    expect(page.get_by_text("golden: 2 added, 0 updated. 1 trace without inputs left out.")).to_be_visible()

    page.goto(f"{server.url}/#/traces/tr-{1:032x}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Add to a dataset").click()
    page.get_by_role("combobox", name="Dataset").fill("golden")
    page.get_by_role("dialog").get_by_role("button", name="Add").last.click()
    expect(page.get_by_text("golden: 0 added, 1 updated")).to_be_visible()

    page.goto(f"{server.url}/#/experiments/0/traces?show=datasets")
    page.get_by_role("link", name="golden").click()
    expect(page.get_by_role("heading", name="golden")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="q1")).to_contain_text('"answer": "no"')
    page.get_by_role("row").filter(has_text="q2").get_by_role("button", name="Delete the record").click()
    expect(page.get_by_role("dialog")).to_contain_text("the other records of the dataset stay")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_role("row").filter(has_text="q2")).to_have_count(0)
    assert axe.serious(page) == []
    page.get_by_role("button", name="Delete permanently…").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 record")
    page.get_by_role("dialog").get_by_role("button", name="Delete permanently").click()
    expect(page.get_by_text("No evaluation datasets yet")).to_be_visible()


@pytest.mark.slow
def test_a_run_lists_its_traces_and_a_search_is_copied_as_code(server: Server, page: Page) -> None:
    run = server.api.new_run("0")
    send_one(server)
    send(server, span(1, 0, "elsewhere", 0, 90, trace=f"{8:032x}"))
    server.api.post("traces/link-to-run", trace_ids=[f"tr-{TRACE}"], run_id=run)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.url}/#/experiments/0/runs/{run}")
    page.get_by_role("link", name="Traces").click()

    expect(page.get_by_role("link", name="answer", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="elsewhere")).to_have_count(0)
    page.get_by_role("button", name="Copy as code").click()
    page.get_by_role("menuitem", name="Copy as Python").click()
    expect(page.get_by_text("Copied the code")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    assert f"filter_string=\"run_id = '{run}'\"" in code
    compile(code, "copied", "exec")


@pytest.mark.slow
def test_the_addresses_of_mlflows_own_pages_open_a_trace(server: Server, page: Page) -> None:
    send_one(server)
    page.set_viewport_size(PHONE)
    page.goto(f"{server.url}/#/experiments/0/traces?selectedEvaluationId=tr-{TRACE}")
    expect(page.get_by_role("treeitem")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
def test_a_failed_trace_says_why_and_leads_to_the_span_where_it_began(server: Server, page: Page) -> None:
    asked = pairs({"mlflow.spanInputs": '{"question": "Where is my order?"}'})
    failed = {"code": 2, "message": "the order service is down"}
    send(
        server,
        span(1, 0, "assist", 0, 9, attributes=asked, status={"code": 2, "message": "a tool failed"}),
        span(2, 1, "look_up_order", 1, 8, status=failed),
    )
    page.goto(f"{server.url}/#/experiments/0/traces/tr-{TRACE}")

    about = page.locator(".right")
    expect(about).to_contain_text("the order service is down")
    expect(about.get_by_role("region", name="Request")).to_contain_text("Where is my order?")
    about.get_by_role("button", name="Open the span look_up_order").click()

    expect(about.get_by_role("heading", level=2).first).to_have_text("look_up_order")
    page.reload()
    expect(about.get_by_role("heading", level=2).first).to_have_text("look_up_order")
