"""Compared runs: evaluations matched by their requests, and images of the same key."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from support import traces
from support.client import Api
from support.pages import axe
from support.processes.servers import Server
from ui.runs.test_compare import HOSTILE, address
from ui.runs.test_images import log_image, width_of

pytestmark = pytest.mark.slow

PHONE: ViewportSize = {"width": 390, "height": 844}


def evaluate(api: Api, name: str, first: int, answers: dict[str, tuple[str, dict[str, Any]]]) -> str:
    """Return a run with a trace for each question: its answer and its feedback.  `first` is the number of its first trace."""
    run_id = api.new_run(run_name=name)
    for number, (question, (answer, feedback)) in enumerate(answers.items(), first):
        assessments = [
            {
                "assessment_name": key,
                "source": {"source_type": "CODE", "source_id": "scorer"},
                "feedback": {"value": value},
            }
            for key, value in feedback.items()
        ]
        expectation = {
            "assessment_name": "expected",
            "source": {"source_type": "HUMAN", "source_id": "ana"},
            "expectation": {"value": "blue"},
        }
        traces.start(
            api,
            number,
            request_time=f"2026-01-01T00:00:{number:02}Z",
            request_preview=json.dumps({"question": question}),
            response_preview=json.dumps(answer),
            trace_metadata={"mlflow.sourceRun": run_id},
            assessments=[*assessments, expectation],
        )
    return run_id


def test_evaluations_are_compared_request_by_request(server: Server, page: Page) -> None:
    base = evaluate(
        server.api,
        "base",
        1,
        {"sky?": ("It is blue", {"correct": True, "length": 10}), "sea?": (HOSTILE, {"correct": True, "length": 20})},
    )
    other = evaluate(
        server.api,
        "other",
        11,
        {
            "sea?": ("It is red", {"correct": False, "length": 30}),
            "sky?": ("It is blue", {"correct": True, "length": 10}),
            "sun?": ("It is yellow", {}),
        },
    )
    page.goto(address(server, "0", [base, other]))
    page.get_by_role("link", name="Evaluation").click()

    scores = page.get_by_role("region", name="Scores").get_by_role("row")
    expect(scores).to_contain_text(
        [
            "other",
            re.compile(r"correct\s*100 % true\s+2 traces\s*50 % true −50 points\s+2 traces"),
            re.compile(r"length\s*mean 15\s+2 traces\s*mean 20 \+5\s+2 traces"),
        ]
    )
    rows = page.get_by_role("region", name="Answers by request").get_by_role("row")
    expect(rows.locator("th[scope=row] > p:first-child")).to_have_text(["sky?", "sea?", "sun?"])
    expect(rows.nth(2).get_by_role("cell")).to_contain_text([HOSTILE, "It is red"])
    expect(rows.nth(2)).to_contain_text("expected: blue")
    expect(rows.nth(3).get_by_role("cell").first).to_have_text("No trace of this request")
    page.get_by_label("Only requests with different scores").check()
    expect(rows.locator("th[scope=row] > p:first-child")).to_have_text(["sea?", "sun?"])
    page.get_by_label("Find in requests and answers").fill("red")
    expect(page.get_by_text("1 of 3 requests")).to_be_visible()
    assert page.title() != "owned"
    rows.get_by_role("link", name="Compare the traces").click()
    expect(page).to_have_url(f"{server.url}/#/experiments/0/traces/{traces.trace_id(2)}?with={traces.trace_id(11)}")


def test_runs_without_traces_say_what_would_be_compared(server: Server, page: Page) -> None:
    run_id = server.api.new_run()
    page.goto(address(server, "0", [run_id], "&view=evaluation"))

    expect(page.get_by_text("These runs have no traces")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_comparison_of_evaluations_fits_a_phone_and_axe(server: Server, page: Page, theme: Any) -> None:
    runs = [
        evaluate(
            server.api, f"run {number} " + "long " * 20, 10 * number + 1, {"a" * 300: ("b" * 300, {"c" * 80: "d"})}
        )
        for number in range(3)
    ]
    page.emulate_media(color_scheme=theme)
    page.goto(address(server, "0", runs, "&view=evaluation"))
    expect(page.get_by_role("region", name="Scores")).to_be_visible()
    assert axe.serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_images_of_one_key_and_step_are_shown_side_by_side(server: Server, page: Page) -> None:
    runs = [server.api.new_run(run_name=f"run-{number}") for number in range(2)]
    for step in (0, 10):
        log_image(server.api, runs[0], "val/cats", step)
    log_image(server.api, runs[1], "val/cats", 0, width=60)
    log_image(server.api, runs[1], HOSTILE, 10)
    page.goto(address(server, "0", runs))
    page.get_by_role("link", name="Images").click()
    rows = page.get_by_role("region", name="Images").get_by_role("row")

    expect(rows.locator("th[scope=row]")).to_have_text([HOSTILE, "val/cats"])
    expect(rows.nth(1).get_by_role("cell").first).to_contain_text("This run has no such image")
    expect(rows.nth(2).get_by_role("button", name="run-0: val/cats, step 10")).to_be_visible()
    expect(rows.nth(2).get_by_role("button", name="run-1: val/cats, step 0")).to_be_visible()
    page.get_by_role("slider", name="Step").press("Home")
    expect(rows.nth(2).get_by_role("button", name="run-0: val/cats, step 0")).to_be_visible()
    rows.nth(2).get_by_role("button", name="run-1: val/cats, step 0").click()
    dialog = page.get_by_role("dialog", name="run-1: val/cats")
    assert width_of(dialog.get_by_role("img", name="val/cats, step 0")) == 60
    expect(dialog.get_by_role("link", name="Show in the artifacts")).to_have_attribute(
        "href",
        f"#/experiments/0/runs/{runs[1]}/artifacts/images/val~cats%2Bstep%2B0%2Btimestamp%2B1700000000000%2B5e1f-0.png",
    )
    page.keyboard.press("Escape")
    assert axe.serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.title() != "owned"
