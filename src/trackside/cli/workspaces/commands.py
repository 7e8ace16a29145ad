"""`trackside workspace …`: calls of a running server."""

import argparse

from trackside.cli import remote
from trackside.cli.output import OK, say, show_list
from trackside.cli.output import json as as_json

PATH = "/api/trackside/v1/workspaces"


def create(args: argparse.Namespace) -> int:
    given = {
        "name": args.name,
        "description": args.description,
        "default_artifact_root": args.artifact_root,
        "subscription_id": args.subscription,
        "resource_group": args.resource_group,
    }
    url = remote.server_of(args.server)
    body = {name: value for name, value in given.items() if value is not None}
    made = remote.call(url, "POST", PATH, body)["workspace"]
    shown = f"created workspace {made['name']}; its tracking URI is {remote.tracking_uri(url, made['name'])}"
    say(as_json(made) if args.json else shown)
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    url = remote.server_of(args.server)
    found = remote.call(url, "GET", PATH).get("workspaces", [])
    return show_list(
        found,
        ("NAME", "TRACKING URI", "DESCRIPTION"),
        lambda each: (each["name"], remote.tracking_uri(url, each["name"]), each.get("description") or ""),
        as_json=args.json,
    )
