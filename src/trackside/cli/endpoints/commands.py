"""`trackside endpoint …`: calls of a running server."""

import argparse
import builtins
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from trackside.cli import remote
from trackside.cli.output import BROKEN, OK, Stop, print_error, say, say_log, show_list, table
from trackside.cli.output import json as as_json
from trackside.cli.parsers import decoded

PATH = "/api/trackside/v1/endpoints"
PAGE = 1000  # endpoints of one answer
LOOK_S = 0.5
STDIN = "-"


def create(args: argparse.Namespace) -> int:
    spec = _spec(args)
    if not args.model and (spec or args.wait):
        raise Stop("--backend, --env, --replicas, --max-replicas, --set and --wait need --model")
    body = {"name": args.name, "auth_mode": args.auth_mode, "deployment": args.deployment, "spec": spec}
    if args.model:
        body["model_uri"] = args.model
    found = remote.ask(args, "POST", PATH, body)["endpoint"]
    say(f"created endpoint {found['name']}; it scores at {_scoring_uri(args, found)}")
    return _wait(args) if args.wait and args.model else OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return show_list(
        _all(args),
        ("NAME", "STATE", "TRAFFIC", "AUTH"),
        lambda each: (each["name"], each["state"], _traffic(each), each["auth_mode"]),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", _path(args))["endpoint"]
    if args.json:
        say(as_json(found))
        return OK
    rows = [
        ("state", found["state"]),
        ("scoring URI", _scoring_uri(args, found)),
        ("auth", found["auth_mode"]),
    ]
    for each in found.get("deployments", []):
        replicas = each.get("replicas", [])
        ready = sum(replica["state"] == "ready" for replica in replicas)
        state = (
            f"{each['model_uri']}, {each['traffic']} % of the traffic, {ready} of {len(replicas)} replicas ready,"
            f" {each['state']}: {each['reason']}"
        )
        rows.append((f"deployment {each['name']}", state))
    say(table(rows))
    return OK


def update(args: argparse.Namespace) -> int:
    spec = _spec(args)
    if not (args.model or spec or args.traffic or args.mirror):
        raise Stop(
            "nothing to update: set --model, --backend, --env, --replicas, --max-replicas, --set, --traffic or --mirror"
        )
    if args.model or spec:
        body: dict[str, Any] = {"spec": spec}
        if args.model:
            body["model_uri"] = args.model
        remote.ask(args, "PUT", _path(args, f"/deployments/{quote(args.deployment, safe='')}"), body)
    shares: dict[str, Any] = (
        {"traffic": dict(_share("--traffic", each) for each in args.traffic)} if args.traffic else {}
    )
    if args.mirror:
        shares["mirror_traffic"] = dict([_share("--mirror", args.mirror)])
    if shares:
        remote.ask(args, "PATCH", _path(args), shares)
    say(f"updated endpoint {args.name}")
    return _wait(args) if args.wait else OK


def rollback(args: argparse.Namespace) -> int:
    remote.ask(args, "POST", _path(args, f"/deployments/{quote(args.deployment, safe='')}/rollback"))
    say(f"rolled back deployment {args.deployment} of endpoint {args.name}")
    return OK


def delete(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", _path(args))
    say(f"deleted endpoint {args.name}")
    return OK


def logs(args: argparse.Namespace) -> int:
    path = _path(args, f"/deployments/{quote(args.deployment, safe='')}/logs?lines={args.lines}")
    lines = remote.ask(args, "GET", path).get("lines", [])
    if args.json:
        say(as_json(lines))
    elif lines:
        say_log(lines, raw=args.raw)
    else:
        print_error(
            f"the replicas of deployment {args.deployment} of endpoint {args.name} have not written anything yet"
        )
    return OK


def keys(args: argparse.Namespace) -> int:
    if args.regenerate:
        found = remote.ask(args, "POST", _path(args, "/keys"), {"key": args.regenerate})
    else:
        found = remote.ask(args, "GET", _path(args, "/keys"))
    say(as_json(found) if args.json else table([("primary", found["primary"]), ("secondary", found["secondary"])]))
    return OK


def invoke(args: argparse.Namespace) -> int:
    """Score with the endpoint's primary key, which the caller must be allowed to read."""
    try:
        text = sys.stdin.read() if args.file == STDIN else Path(args.file).read_text("utf-8")
        body = json.loads(text)  # with the NaN of Python, which models read
    except OSError as fault:
        raise Stop(f"FILE is {args.file!r}, which cannot be read ({fault.strerror})") from None
    except RecursionError:
        raise Stop(f"FILE is {args.file!r}, which is nested too deeply") from None
    except ValueError as fault:
        raise Stop(f"FILE is {args.file!r}, which is not JSON ({fault})") from None
    found = remote.ask(args, "GET", _path(args))["endpoint"]
    key = "" if found["auth_mode"] == "none" else f"Bearer {remote.ask(args, 'GET', _path(args, '/keys'))['primary']}"
    answer = remote.call(
        _url(args),
        "POST",
        found["scoring_path"],
        body,
        workspace=remote.header_of(args),
        authorization=key,
        headers={"azureml-model-deployment": args.deployment} if args.deployment else {},
    )
    say(json.dumps(answer))
    return OK


def _wait(args: argparse.Namespace) -> int:
    """Wait for the deployment.  Return BROKEN if it has failed."""
    shown = ""
    while True:
        found = remote.ask(args, "GET", _path(args))["endpoint"]
        one = next(each for each in found["deployments"] if each["name"] == args.deployment)
        if one["reason"] != shown:
            shown = one["reason"]
            print_error(f"{one['state']}: {shown}")
        if one["state"] == "Healthy":
            return OK
        if one["state"] == "Failed":
            print_error(
                f"`trackside endpoint logs {args.name} --deployment {args.deployment}` shows the model's output;"
                f" `trackside endpoint update {args.name} --deployment {args.deployment} --model {one['model_uri']} --wait`"
                " retries it"
            )
            return BROKEN
        time.sleep(LOOK_S)


def _spec(args: argparse.Namespace) -> dict[str, Any]:
    given = {"backend": args.backend, "env": args.env, "replicas": args.replicas, "max_replicas": args.max_replicas}
    found = {name: value for name, value in given.items() if value is not None}
    for each in args.set:
        name, sign, value = each.partition("=")
        if not name or not sign:
            raise Stop(f"--set is {each!r}; it must be FIELD=VALUE, such as memory_mb=2048")
        if name in found:
            raise Stop(f"--set is {each!r}, but {name} is already set")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    """Return the number in a text, otherwise the text.  The server checks the type of the field."""
    try:
        found = decoded(text)
    except ValueError:
        return text
    return found if type(found) in (int, float) else text


def _share(option: str, text: str) -> tuple[str, int]:
    name, _, percent = text.partition("=")
    if not name or not percent.isdigit():
        raise Stop(f"{option} is {text!r}; it must be NAME=PERCENT, such as blue=90")
    return name, int(percent)


def _traffic(endpoint: dict[str, Any]) -> str:
    return ", ".join(f"{each['name']} {each['traffic']} %" for each in endpoint.get("deployments", []))


def _path(args: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(args.name, safe='')}{rest}"


def _scoring_uri(args: argparse.Namespace, endpoint: Mapping[str, Any]) -> str:
    return f"{remote.tracking_uri(_url(args), remote.workspace_of(args))}{endpoint['scoring_path']}"


def _url(args: argparse.Namespace) -> str:
    return remote.server_of(args.server)


def _all(args: argparse.Namespace) -> builtins.list[Any]:
    """Return the endpoints of the workspace, page by page."""
    found: builtins.list[Any] = []
    token = ""
    while True:
        page = remote.ask(args, "GET", f"{PATH}?{urlencode({'max_results': PAGE, 'page_token': token})}")
        found += page.get("endpoints", [])
        token = page.get("next_page_token", "")
        if not token:
            return found
