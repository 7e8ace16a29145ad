"""Which URIs may name a place for artifacts.  Pure; opens none."""

from urllib.parse import unquote, urlsplit

from trackside.core.errors import Invalid

MAX_PLACE_CHARS = 2048


def check_place(location: str) -> str:
    """Where a client wants artifacts to be kept, if that can be.  The messages are MLflow's."""
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
            f"Artifact location cannot be a runs:/ URI. Given: '{location}'. Please choose a different artifact location."
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
