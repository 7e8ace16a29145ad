"""Accessibility of a page, by axe-core."""

from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = {"serious", "critical"}
# In the middle of a transition a colour is neither the old one nor the new one.  What turns for ever has no end.
_AT_REST = """
() => Promise.allSettled(
  document.getAnimations()
    .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished)
)
"""


def serious(page: Page) -> list[str]:
    """Return axe's findings of the levels serious and critical: rule, element and reason, in a line each."""
    return _violations(page, _SERIOUS)


def everything(page: Page) -> list[str]:
    """Return axe's findings of all levels."""
    return _violations(page, _SERIOUS | {"moderate", "minor"})


def _violations(page: Page, impacts: set[str]) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":  # it stays while only the part of the address after # changes
        page.evaluate(_AXE.read_text())
    page.evaluate(_AT_REST)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in impacts
        for node in violation["nodes"]
    ]
