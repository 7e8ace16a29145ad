"""Checks of answers."""

import json
from typing import Any

from fuzz.raw import Ask, Told

OURS = "/api/trackside/v1"


def fault_of(ask: Ask, told: Told) -> str | None:
    """Return the error of an answer to any call."""
    if told.status == 0:
        return None if ask.is_cut else "no answer"
    if ask.method == "HEAD" or told.status in (204, 304):
        return None
    if told.status == 500 and _is_decided(told):
        return None
    if told.status >= 500 and told.status not in (501, 503):
        return f"status {told.status}"
    if 400 <= told.status < 500 and _is_page(ask) and told.headers.get(b"content-type", b"").startswith(b"text/html"):
        return None  # other refusals of it come before the call is known
    if told.status >= 400 and b"x-ms-error-code" in told.headers:  # of a call of Azure Blob Storage, in XML
        return None if told.body.endswith(b"</Error>") or not told.body else f"no XML: {told.body[:100]!r}"
    if told.status >= 400 and (told.body or told.status not in (412, 416)):
        try:
            fault = told.json
        except ValueError:
            return f"status {told.status} with a body that is no JSON: {told.body[:100]!r}"
        if ask.target.startswith(b"/scim/") and isinstance(fault, dict) and "schemas" in fault:
            # What cannot be read as a request is refused before that, in MLflow's form.
            is_error = fault.get("status") == str(told.status) and fault.get("detail")
            return None if is_error else f"status {told.status} without SCIM's form: {told.body[:100]!r}"
        if ask.target.partition(b"?")[0].endswith(b"/v1/traces") and isinstance(fault, dict) and fault.get("detail"):
            return None  # a call of OTLP, in the form that MLflow's server has for it
        if not isinstance(fault, dict) or not isinstance(fault.get("error_code"), str):
            return f"status {told.status} without an error_code: {told.body[:100]!r}"
        if not isinstance(fault.get("message"), str) or not fault["message"]:
            return f"status {told.status} without a message"
        if len(told.body) > 100_000:
            return f"a message of {len(told.body)} bytes"
        expected = {501: "NOT_IMPLEMENTED", 503: "TEMPORARILY_UNAVAILABLE"}.get(told.status)
        if told.status == 503 and not _is_away(fault["message"]):
            return f"503: {fault['message'][:200]}"
        if expected is not None and fault["error_code"] != expected:
            return f"status {told.status} is {fault['error_code']}"
    elif told.headers.get(b"content-type", b"").startswith(b"application/json") and told.body:
        try:
            json.loads(told.body.decode(), parse_constant=_refuse)
        except ValueError as error:
            return f"an answer that is no JSON ({error}): {told.body[:100]!r}"
    return None


def _is_away(message: str) -> bool:
    """A link's remote is asked while the caller waits, and these ask one that is not there.  Nor is there a model that the
    endpoint of these could load."""
    return "127.0.0.1:1" in message or "has no replica that is ready" in message


def _is_page(ask: Ask) -> bool:
    """A browser shows it to a user who signs in by another provider."""
    return ask.target.startswith(f"{OURS}/sign-in/".encode()) and ask.target.endswith(b"/callback")


def _is_decided(told: Told) -> bool:
    """A file of another host as a version's source: docs/compatibility.md says why it gets a 500."""
    return b" is not a valid remote uri. A file URI must be local; it names the host " in told.body


def _refuse(constant: str) -> Any:
    raise ValueError(f"it has a bare {constant}")
