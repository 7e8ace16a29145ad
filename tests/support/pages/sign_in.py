"""The sign-in of the web UI."""

from playwright.sync_api import Page

from support.people import ADMIN, PASSWORD


def fill(page: Page, name: str = ADMIN, password: str = PASSWORD) -> None:
    """Sign in, in the dialog over the page."""
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("User name").fill(name)
    dialog.get_by_label("Password", exact=True).fill(password)
    dialog.get_by_role("button", name="Sign in").click()
