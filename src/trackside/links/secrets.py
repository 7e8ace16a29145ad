"""The credentials of a link, sealed for its workspace and its name."""

import msgspec

from trackside.core.http_client.credentials import Secret
from trackside.core.seal import Sealer
from trackside.links.model import Link


def secret_of(ws: int, link: Link, sealer: Sealer) -> Secret:
    if link.secret is None:
        return Secret()
    return msgspec.json.decode(sealer.open(link.secret, context_of(ws, link.name)), type=Secret)


def context_of(ws: int, name: str) -> str:
    """Return the context to which a sealed secret is bound."""
    return f"link {ws} {name}"
