"""`trackside workspace …`: calls of a running server."""

import argparse
from typing import Any

from trackside.cli import remote
from trackside.cli.output import OK, say, table
from trackside.cli.output import json as as_json
from trackside.workspaces.model import DEFAULT

PATH = "/api/trackside/v1/workspaces"


def create(words: argparse.Namespace) -> int:
    given = {
        "name": words.name,
        "description": words.description,
        "default_artifact_root": words.artifact_root,
        "subscription_id": words.subscription,
        "resource_group": words.resource_group,
    }
    url = remote.server_of(words.server)
    body = {name: value for name, value in given.items() if value is not None}
    made = remote.call(url, "POST", PATH, body)["workspace"]
    shown = f"created workspace {made['name']}; its tracking URI is {_tracking_uri(url, made)}"
    say(as_json(made) if words.json else shown)
    return OK


def list(words: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    url = remote.server_of(words.server)
    found = remote.call(url, "GET", PATH).get("workspaces", [])
    rows = [(each["name"], _tracking_uri(url, each), each.get("description") or "") for each in found]
    say(as_json(found) if words.json else table([("NAME", "TRACKING URI", "DESCRIPTION"), *rows]))
    return OK


def _tracking_uri(url: str, workspace: dict[str, Any]) -> str:
    return url if workspace["name"] == DEFAULT else f"{url}/ws/{workspace['name']}"
