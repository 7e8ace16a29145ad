"""The web UI in a real browser.  A message of an error on its console fails the test.

The tests of a process share a profile and the address of their first server, so that the browser keeps the files of the UI
and their compiled code, which are two thirds of what a page costs.  Cookies and storage are cleared before each test.
"""

import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from support.pages.browser import ARGUMENTS, chromium
from support.people import People
from support.processes.ports import free_port
from support.processes.servers import Server

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TIMEOUT_MS = 15_000

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def built_ui() -> None:
    """The files that servers send; at once if they are up to date."""
    subprocess.run([sys.executable, ROOT / "web" / "build.py", "build"], check=True)


# What a test may do to a tab that the next test would notice.
CHANGES = (
    "add_init_script",
    "emulate_media",
    "expose_function",
    "on",
    "once",
    "route",
    "set_extra_http_headers",
    "set_viewport_size",
)


class Browsers:
    """What is started for the first test of this folder and ends with the last: one Playwright, one browser with a profile."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._open = ExitStack()
        self._kept: Page | None = None
        self._is_changed = False

    @functools.cached_property
    def playwright(self) -> Playwright:
        return self._open.enter_context(sync_playwright())

    @functools.cached_property
    def context(self) -> BrowserContext:
        """With the profile."""
        profile = self._open.enter_context(TemporaryDirectory(prefix="trackside-profile-", ignore_cleanup_errors=True))
        made = self.playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium(),
            args=list(ARGUMENTS),
            viewport={"width": 1280, "height": 800},
            locale="en-GB",
            color_scheme="light",
        )
        self._open.callback(made.close)
        return made

    def tab(self) -> Page:
        """Return a new one, whose messages of errors are among the complaints."""
        made = self.context.new_page()

        def listen(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

        made.on("console", listen)
        made.on("pageerror", lambda error: self.complaints.append(str(error)))
        return made

    def kept_tab(self) -> Page:
        """Return the tab of the test before, unless that closed it or changed it for good."""
        if self._kept is None or self._kept.is_closed():
            self._kept = self.tab()
            for change in CHANGES:
                setattr(self._kept, change, self._noting(getattr(self._kept, change)))
        return self._kept

    def leave_tab(self) -> None:
        """Close the kept tab if it was changed, else have it show nothing."""
        if self._kept is not None and self._is_changed:
            self._kept.close()
        elif self._kept is not None and not self._kept.is_closed():
            self._kept.goto("about:blank")
            self._kept.mouse.move(0, 0)
        self._is_changed = False

    def _noting(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            self._is_changed = True
            return change(*arguments, **named)

        return changed

    def close(self) -> None:
        self._open.close()
        self.__dict__.clear()
        self.__init__()  # type: ignore[misc]  # as new


BROWSERS = Browsers()


@pytest.hookimpl(trylast=True)  # after the fixtures
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """While Playwright is there, its event loop runs in this thread, where other tests run theirs."""
    if nextitem is None or not nextitem.path.is_relative_to(HERE):
        BROWSERS.close()


@pytest.fixture
def browser(built_ui: None) -> Iterator[Browser]:
    """A browser of its own, for tests that make contexts."""
    launched = BROWSERS.playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
    yield launched
    launched.close()


@functools.cache
def port() -> int:
    """Of the first server of each test of this process."""
    return free_port()


@pytest.fixture
def start(start: Callable[..., Server]) -> Callable[..., Server]:
    """As elsewhere; the first server of a test has the port that the first one of the last test had."""
    ports = iter((port(),))

    def begin(*options: str, **more: Any) -> Server:
        given = next(ports, None) if "--port" not in options else None
        return start(*options, *(("--port", str(given)) if given else ()), **more)

    return begin


@pytest.fixture
def context(built_ui: None) -> Iterator[BrowserContext]:
    """Of 1280 by 800 pixels, English, and the light theme."""
    kept = BROWSERS.context
    kept.set_default_timeout(TIMEOUT_MS)
    kept.clear_cookies()
    first, *_ = kept.pages  # stays open, or the browser would end
    devtools = kept.new_cdp_session(first)
    for origin in (f"http://{name}:{port()}" for name in ("127.0.0.1", "localhost")):
        devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,indexeddb"})
    devtools.detach()
    tabs = [*kept.pages, BROWSERS.kept_tab()]
    yield kept
    for page in kept.pages:
        if page not in tabs:
            page.close()


@pytest.fixture
def console() -> list[str]:
    """What a page complained of.  A test that provokes complaints takes them out."""
    BROWSERS.complaints.clear()
    return BROWSERS.complaints


@pytest.fixture
def page(start: Callable[..., Server], context: BrowserContext, console: list[str]) -> Iterator[Page]:
    """A tab that the test before had too, since a new one costs as much as the pages that it shows; after a test that listened
    to it or changed it, a new one.  Left before the servers of `start` end, so that it does not report their end."""
    yield BROWSERS.kept_tab()
    BROWSERS.leave_tab()
    assert not console


@pytest.fixture
def people(server: Server, page: Page, console: list[str]) -> Iterator[People]:
    """A server with users.  Chromium writes each answer 401 and 403 to the console, which `page` reads at its end."""
    yield People(server.api).begin()
    console[:] = [said for said in console if "Failed to load resource: the server responded" not in said]
