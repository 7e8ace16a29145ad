"""Prompts that are written in the browser, as MLflow's client reads them."""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from support.pages import axe
from support.processes.servers import Server, environment

pytestmark = pytest.mark.slow


def test_a_prompt_and_its_next_version_are_written_in_the_browser(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#/models?kind=prompts")
    page.get_by_role("button", name="New prompt").click()
    dialog = page.get_by_role("dialog", name="New prompt")
    expect(dialog.get_by_role("button", name="Create")).to_be_disabled()
    dialog.get_by_label("Name").fill("summarise")
    dialog.get_by_label("Text").fill("Summarise {{ text }}.")
    dialog.get_by_label("Commit message").fill("First try")
    assert axe.serious(page) == []
    dialog.get_by_role("button", name="Create").click()
    expect(page).to_have_url(f"{server.url}/#/models/summarise/versions/1")
    expect(page.get_by_text("First try")).to_be_visible()

    page.goto(f"{server.url}/#/models/summarise")
    page.get_by_role("button", name="New version").click()
    dialog = page.get_by_role("dialog", name="New version of summarise")
    expect(dialog.get_by_label("Text")).to_have_value("Summarise {{ text }}.")
    dialog.get_by_label("Text").fill("Summarise {{ text }} in {{ count }} words.")
    dialog.get_by_role("button", name="Create").click()
    expect(page).to_have_url(f"{server.url}/#/models/summarise/versions/2")

    code = f"""
import mlflow
mlflow.set_tracking_uri({server.url!r})
print(mlflow.genai.load_prompt("prompts:/summarise/2").format(text="this", count="3"))
print(mlflow.genai.load_prompt("prompts:/summarise/1").commit_message)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["Summarise this in 3 words.", "First try"], done.stderr


def test_a_chat_prompt_stays_a_chat_and_an_existing_name_is_reported(
    server: Server, page: Page, console: list[str]
) -> None:
    api = server.api
    mark = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    chat = json.dumps([{"role": "user", "content": "Hello {{ name }}"}])
    tags = [mark, {"key": "mlflow.prompt.text", "value": chat}, {"key": "_mlflow_prompt_type", "value": "chat"}]
    api.post("registered-models/create", name="greet", tags=[mark])
    api.post("model-versions/create", name="greet", source="prompt-template", tags=tags)

    page.goto(f"{server.url}/#/models/greet")
    page.get_by_role("button", name="New version").click()
    expect(page.get_by_label("Text")).to_have_value(chat)
    page.get_by_label("Text").fill(chat.replace("Hello", "Good day"))
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page).to_have_url(f"{server.url}/#/models/greet/versions/2")
    expect(page.get_by_text("Good day")).to_be_visible()

    page.goto(f"{server.url}/#/models?kind=prompts")
    page.get_by_role("button", name="New prompt").click()
    page.get_by_label("Name").fill("greet")
    page.get_by_label("Text").fill("Hi")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("greet")
    console.clear()  # the browser notes the 400
