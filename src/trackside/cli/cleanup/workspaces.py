"""`trackside delete workspace` and `trackside delete resource-group`: the preview, the question, and the job to its end."""

import argparse
import time
from typing import Any

from trackside.cli import remote
from trackside.cli.cleanup.commands import ends_with_preview, preview_text
from trackside.cli.output import BROKEN, OK, print_error, say
from trackside.cli.output import json as as_json
from trackside.core.counts import counted, in_bytes

PATH = "/api/trackside/v1/workspace-deletions"
LOOK_S = 0.5
ENDED = ("succeeded", "failed", "cancelled", "lost")


def delete(args: argparse.Namespace) -> int:
    """Delete workspaces.  The exit code is BROKEN if there are obstacles, or if the job did not succeed."""
    url, target = remote.server_of(args.server), _target(args)
    found = remote.call(url, "POST", f"{PATH}/preview", target)
    ended = ends_with_preview(args, found, _shown(found))
    if ended is not None:
        return ended
    done = remote.call(url, "POST", PATH, {**target, "token": found["token"], "confirm": found["confirm"]})
    while done["state"] not in ENDED:
        time.sleep(LOOK_S)
        done = remote.call(url, "GET", f"{PATH}/{done['job_id']}")
    if args.json:
        say(as_json(done))
    else:
        gone = done["workspaces"]
        files, size = sum(each["file_count"] for each in gone), sum(each["file_bytes"] for each in gone)
        rows = sum(each["row_count"] for each in gone)
        say(
            f"deleted {found['title']}: freed {in_bytes(size)} of files ({files}) and {counted(rows, 'rows')} of the database"
        )
    if done["state"] != "succeeded":
        print_error(f"the removal of rows and files {done['state']}: {done['reason']}"
                 f" (continue with `trackside job retry {done['job_id']}` in the default workspace)")  # fmt: skip
        return BROKEN
    return OK


def _target(args: argparse.Namespace) -> dict[str, Any]:
    if args.kind == "workspace":
        return {"name": args.name}
    return {"resource_group": args.name, **({"subscription_id": args.subscription} if args.subscription else {})}


def _shown(found: dict[str, Any]) -> str:
    return preview_text(found) + f"\n  ends     {', '.join(found['workspaces'])}"
