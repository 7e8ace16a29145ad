"""`trackside link …`: commands on a running server."""

import argparse
import builtins
import shlex
import sys
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from trackside.cli import credentials, remote
from trackside.cli.output import BROKEN, OK, Stop, moment, print_error, say, show_list, table
from trackside.cli.output import json as as_json
from trackside.cli.remote import workspace_of
from trackside.core.counts import counted

PATH = "/api/trackside/v1/links"
VERIFY_TIMEOUT_S = 3600.0  # files are read
LOOK_S = 0.5
BAR = 30
SIDES = {"here": "in this workspace", "there": "on the remote"}


def add(args: argparse.Namespace) -> int:
    secret: dict[str, str] = {}
    if args.token_file:
        secret["token"] = credentials.token(args.token_file)
    if args.username:
        secret |= {"username": args.username, "password": credentials.password(args.username)}
    fields = {
        name: getattr(args, name)
        for name in "name to mode kind experiments exclude backfill prefix rate max_deletions max_deletions_percent".split()
    }
    if args.registry:
        fields["registry"] = True
    given = {key: value for key, value in {**fields, **secret}.items() if value not in (None, [])}
    link = remote.ask(args, "POST", PATH, given)["link"]
    say(f"linked {workspace_of(args)} with {link['to']} ({link['kind']}, {link['mode']})")
    return OK if args.no_wait else _progress(args, args.name)


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    links = remote.ask(args, "GET", PATH).get("links", [])
    return show_list(
        links,
        ("NAME", "MODE", "STATE", "LAG", "TO"),
        lambda each: (each["name"], each["mode"], _state(each), _lag(each), each["to"]),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    link = _link(args)
    if args.json:
        say(as_json(link))
        return OK
    counts = (counted(count, f"{entity}s") for entity, count in sorted(link["mirrored"].items()))
    mirrored = ", ".join(counts) or "nothing yet"
    rows = [
        ("to", f"{link['to']} ({link['kind']})"),
        ("mode", link["mode"]),
        ("state", _state(link)),
        ("lag", _lag(link)),
        ("mirrored", mirrored),
        ("sent", _moved(link, "sent")),
        ("taken", _moved(link, "taken")),
        ("points a second", f"{link['points_per_s']:.0f} at the last transfer"),
        ("last success", moment(link.get("last_success_at"))),
    ]
    if link.get("last_error"):
        rows.append(("last error", f"{moment(link['last_error_at'])} {link['last_error']}"))
    held = link.get("held_deletions", {})
    if held.get("items"):
        rows.append(("would delete", items(held["items"])))
        rows += [
            ("", f"{SIDES[each['side']]}: {each['entity'].replace('_', ' ')} {each['name']}") for each in held["listed"]
        ]
    if link.get("lost_store_at"):
        rows.append(
            (
                "lost store",
                f"{moment(link['lost_store_at'])} the remote's store was replaced, or restored from a backup",
            )
        )
    say(table(rows))
    return OK


def pause(args: argparse.Namespace) -> int:
    return _set_state(args, "POST", "/pause", "paused")


def resume(args: argparse.Namespace) -> int:
    return _set_state(args, "POST", "/resume", "active", {"accept_deletions": True} if args.accept_deletions else {})


def sync(args: argparse.Namespace) -> int:
    remote.ask(args, "POST", _path(args, "/sync"), {"verify": args.verify})
    return OK if args.no_wait else _progress(args, args.name)


def check(args: argparse.Namespace) -> int:
    """Compare both sides.  Return BROKEN if anything differs."""
    compared, found, after = 0, [], ""
    timeout_s = VERIFY_TIMEOUT_S if args.verify else remote.TIMEOUT_S
    while True:
        query = urlencode({"after": after, "verify": "true" if args.verify else "false"})
        page = remote.ask(args, "GET", f"{_path(args, '/check')}?{query}", timeout_s=timeout_s)
        compared += page["compared"]
        found += page["differences"]
        if not args.json:
            for each in page["differences"]:
                say(f"{each['entity']} {each['local_id'] or each['remote_id']}: " + "; ".join(each["what"]))
        after = page.get("next") or ""
        if not after:
            break
    if args.json:
        say(as_json({"compared": compared, "differences": found}))
    elif found:
        command = f"trackside link sync {args.name}{' --verify' if args.verify else ''}{_where(args)}"
        print_error(f"{len(found)} of {items(compared)} differ; run `{command}` to repair them")
    else:
        say(f"{items(compared)} compared: no difference")
    return BROKEN if found else OK


def remove(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", _path(args) + f"?copies={args.copies}")
    say(
        f"link {args.name} is removed"
        if args.copies == "keep"
        else f"the copies of link {args.name} are being deleted; `trackside link list` shows the link until that is done"
    )
    return OK


def log(args: argparse.Namespace) -> int:
    found: builtins.list[Any] = []
    while True:
        after = found[-1]["log_id"] if found else 0
        entries = remote.ask(args, "GET", _path(args, "/log") + f"?after={after}").get("entries", [])
        found += entries
        if args.json:
            if not entries:
                say(as_json(found))
                return OK
            continue
        for each in entries:
            say(_line(each))
        if not entries:
            if not found:
                say(f"link {args.name} has no conflicts, refused or skipped items")
            return OK


def init_script(args: argparse.Namespace) -> int:
    url = remote.server_of(args.server)
    workspace = workspace_of(args)
    uri = remote.tracking_uri(url, workspace)
    # On Databricks, Spark's session has a separate registry, which MLflow uses unless another one is configured.
    say(
        f"""#!/bin/bash
# Makes code on this cluster log to the Trackside workspace {workspace} without changes.
# Databricks: store it in the workspace and name it under Compute > Advanced options > Init scripts.
set -euo pipefail
PYTHON=/databricks/python/bin/python
[ -x "$PYTHON" ] || PYTHON=$(command -v python3)
# Runs are logged without it as well, so the cluster must start if this fails.
"$PYTHON" -m pip install --quiet {shlex.quote(args.package)} || echo 'trackside-mlflow was not installed' >&2
variables() {{
  cat <<'END'
MLFLOW_TRACKING_URI={shlex.quote(uri)}
MLFLOW_REGISTRY_URI={shlex.quote(uri)}
END
}}
put() {{ # replaces the variables in the file $1, each line with the prefix $2
  touch "$1"
  sed -i -E -e '/^(export )?MLFLOW_(TRACKING|REGISTRY)_URI=/d' -e '$a\\' "$1"
  variables | sed "s/^/$2/" >> "$1"
}}
if [ -d /databricks/spark/conf ]; then
  put /databricks/spark/conf/spark-env.sh 'export '
fi
put /etc/environment ''"""
    )
    if urlsplit(uri).hostname in ("127.0.0.1", "localhost", "::1"):
        print_error(f"{uri} is an address of this machine; set --server to an address that the cluster can reach")
    return OK


def _progress(args: argparse.Namespace, name: str) -> int:
    """Wait until no item is left that can be compared now; show a bar on a terminal."""
    shows = sys.stderr.isatty()
    try:
        link = _watch(args, name, shows=shows)
    finally:  # also if the user interrupts: the server continues by itself
        if shows:
            sys.stderr.write("\n")
    left = link["lag_items"]
    if left:
        print_error(_waiting_reason(args, link))
        return BROKEN
    mirrored = sum(link["mirrored"].values())
    say(f"link {name}: everything is compared, {items(mirrored)} {'is' if mirrored == 1 else 'are'} on both sides")
    return OK


def _watch(args: argparse.Namespace, name: str, *, shows: bool) -> Any:
    most = 0
    while True:
        link = remote.ask(args, "GET", f"{PATH}/{quote(name)}")["link"]
        left = link["lag_items"]
        most = max(most, left)
        if shows:
            done = most - left
            filled = BAR * done // most if most else BAR
            rate = f"{link['points_per_s']:.0f} points/s"
            sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done}/{most} items, {rate} ")
            sys.stderr.flush()
        if left in (0, link["postponed_items"]) or link.get("retry_at") or link["state"] != "active":
            return link
        time.sleep(LOOK_S)


def _waiting_reason(args: argparse.Namespace, link: Any) -> str:
    left = f"{items(link['lag_items'])} {'waits' if link['lag_items'] == 1 else 'wait'}"
    if link["state"] != "active":
        return f"link {link['name']} is {link['state']}: {left}"
    if link.get("retry_at"):
        return f"the remote is not available: {link.get('last_error')}; the server retries automatically"
    ask = f"trackside link log {link['name']}{_where(args)}"
    return f"{left}, refused by the remote; `{ask}` shows the reasons; the server retries automatically"


def _where(args: argparse.Namespace) -> str:
    """Return the flags for server and workspace, so that a quoted command can be copied."""
    given = ((" -w ", args.workspace), (" --server ", args.server))
    return "".join(option + shlex.quote(value) for option, value in given if value)


def _moved(link: dict[str, Any], how: str) -> str:
    points, size = counted(link[f"{how}_points"], "points"), counted(link[f"{how}_bytes"], "bytes")
    return f"{items(link[f'{how}_items'])}, {points}, {size} of files"


def items(count: int) -> str:
    return counted(count, "items")


def _set_state(args: argparse.Namespace, method: str, what: str, state: str, body: Any = None) -> int:
    link = remote.ask(args, method, _path(args, what), body or {})["link"]
    say(f"link {link['name']} is {state}")
    return OK


def _link(args: argparse.Namespace) -> Any:
    return remote.ask(args, "GET", _path(args))["link"]


def _path(args: argparse.Namespace, more: str = "") -> str:
    if not args.name:
        raise Stop("NAME is empty; `trackside link list` shows the links")
    return f"{PATH}/{quote(args.name, safe='')}{more}"


def _state(link: Any) -> str:
    if not link.get("retry_at"):
        return str(link["state"])
    return "waiting for the remote" if link["state"] == "active" else f"{link['state']}, waiting for the remote"


def _lag(link: Any) -> str:
    if not link["lag_items"] and link["lag_s"] < 1:
        return "none"
    waiting = f", {link['postponed_items']} refused so far" if link["postponed_items"] else ""
    return f"{items(link['lag_items'])}, {link['lag_s']:.0f} s{waiting}"


def _line(entry: Any) -> str:
    of = f" {entry['entity']} {entry['entity_id']}" if entry["entity"] else ""
    return f"{moment(entry['time'])} {entry['kind']}{of}: {entry['message']}"
