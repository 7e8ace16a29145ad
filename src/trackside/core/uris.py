"""Checks URIs of artifact locations and HTTP servers.  Pure."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

from trackside.core.errors import Invalid

MAX_PLACE_CHARS = 2048


def check_place(location: str) -> str:
    """Return the artifact location that a client chose, or raise Invalid with MLflow's message."""
    if len(location) > MAX_PLACE_CHARS:
        raise Invalid(
            f"Invalid artifact path length. The length of the artifact path cannot be greater than {MAX_PLACE_CHARS}"
        )
    try:
        parts = urlsplit(location)
    except ValueError as error:
        raise Invalid(f"Invalid artifact location '{location[:200]}': {error}") from None
    if parts.scheme == "runs":
        raise Invalid(
            f"Artifact location cannot be a runs:/ URI. Given: '{location}'. Please choose a different artifact "
            f"location."
        )
    if parts.fragment or ";" in parts.path:
        raise Invalid(f"Artifact URL can't include fragments or params. Given: '{location}'")
    if ".." in unquote(parts.query):
        raise Invalid(f"Invalid query string: {parts.query}. '..' is not allowed in it.")
    if parts.scheme == "file" and parts.netloc not in ("", "localhost"):
        raise Invalid(f"Artifact location '{location}' names the host '{parts.netloc}'; a file URI must be local.")
    if any(part == ".." for part in unquote(parts.path).split("/")) and parts.scheme:
        raise Invalid(f"Invalid artifact location '{location}': '..' is not allowed in it.")
    return location


def http_parts(address: str) -> SplitResult | None:
    """Return the parts of an http(s) address that a connection can be made to; None for any other text."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")  # as for a DNS lookup: no label may be empty or longer than 63 characters
    except ValueError:
        return None
    is_good = parts.scheme in ("http", "https") and port != 0 and re.fullmatch(r"[^\s\x00-\x20\x7f/\\@]+", host)
    return parts if is_good else None
