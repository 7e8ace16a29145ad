"""Finds a real browser for tests, or reports how to install one."""

import os
import shutil
import subprocess
from functools import cache

# The headless shell is Chromium without windows: it takes half the processor time.
NAMES = (
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
)
PACKAGES = ("chromium-headless-shell", "chromium")  # of Debian; older releases have the second alone
INSTALL_TIMEOUT_S = 600
ARGUMENTS = (
    # Nothing phones home, and it runs in containers, as root and without a GPU.
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
)


class NoBrowser(Exception):
    """Raised if there is no browser; the message contains the remedy."""


@cache
def chromium() -> str:
    """Return the browser that PLAYWRIGHT_CHROMIUM names, else the machine's own; on Debian, root installs it."""
    named = os.environ.get("PLAYWRIGHT_CHROMIUM", "")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"PLAYWRIGHT_CHROMIUM is {named!r}, which is no program; give the path of a Chromium")
        return named
    found = _found()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        _install()
        found = _found()
    if found is None:
        raise NoBrowser(
            "the tests of the web UI need Chromium: install it (`apt-get install chromium-headless-shell` as root on"
            " Debian), or name the program: PLAYWRIGHT_CHROMIUM=/path/to/chrome"
        )
    return found


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    for words in (("update",), *(("install", "--yes", "--no-install-recommends", name) for name in PACKAGES)):
        if _found() is None:
            subprocess.run(["apt-get", "-qq", *words], check=False, timeout=INSTALL_TIMEOUT_S, stdin=subprocess.DEVNULL)
