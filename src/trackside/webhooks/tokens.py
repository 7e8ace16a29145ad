"""Page tokens of lists of webhooks: the number of the last one shown, in MLflow's form.  Pure."""

import base64
import binascii
import json

from trackside.core.errors import Invalid


def token(webhook_seq: int) -> str:
    return base64.b64encode(json.dumps({"before": webhook_seq}).encode()).decode()


def start(page_token: str | None) -> int | None:
    if not page_token:
        return None
    try:
        decoded = base64.b64decode(page_token, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode") from None
    try:
        parsed = json.loads(decoded)
    except (ValueError, RecursionError):
        raise Invalid(f"Invalid page token, decoded value={decoded[:200]!r}") from None
    before = parsed.get("before") if isinstance(parsed, dict) else None
    if not isinstance(before, int) or not 0 < before < 2**63:
        raise Invalid(f"Invalid page token, parsed value={str(parsed)[:200]}")
    return before
