"""The web UI in a real browser.  `page` is a fresh tab; a message of an error on its console fails the test."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from support import browser as browsers
from support.people import People
from support.servers import Server

ROOT = Path(__file__).parents[2]
TIMEOUT_MS = 15_000

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def built_ui() -> None:
    """The files that servers send; at once if they are up to date."""
    subprocess.run([sys.executable, ROOT / "web" / "build.py", "build"], check=True)


@pytest.fixture(scope="module")
def browser(built_ui: None) -> Iterator[Browser]:
    """Ends with its file: while Playwright is there, its event loop runs in this thread, where other tests run theirs."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browsers.chromium(), args=list(browsers.ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Of 1280 by 800 pixels, English, and the light theme."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", color_scheme="light")
    made.set_default_timeout(TIMEOUT_MS)
    yield made
    made.close()


@pytest.fixture
def console() -> list[str]:
    """What a page complained of.  A test that provokes complaints takes them out."""
    return []


@pytest.fixture
def page(start: Callable[..., Server], context: BrowserContext, console: list[str]) -> Iterator[Page]:
    """Closed before the servers of `start`, so that it does not complain of their end."""
    made = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            console.append(f"{message.text} ({message.location.get('url', '')})")

    made.on("console", listen)
    made.on("pageerror", lambda error: console.append(str(error)))
    yield made
    made.close()
    assert not console


@pytest.fixture
def people(server: Server, page: Page, console: list[str]) -> Iterator[People]:
    """A server with users.  Chromium writes each answer 401 and 403 to the console, which `page` reads at its end."""
    yield People(server.api).begin()
    console[:] = [said for said in console if "Failed to load resource: the server responded" not in said]
