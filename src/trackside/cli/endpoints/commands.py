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
from trackside.cli.output import BROKEN, OK, Stop, complain, say, show_list, table
from trackside.cli.output import json as as_json

PATH = "/api/trackside/v1/endpoints"
PAGE = 1000  # endpoints of one answer
LOOK_S = 0.5
STDIN = "-"


def create(words: argparse.Namespace) -> int:
    spec = _spec(words)
    if not words.model and (spec or words.wait):
        raise Stop("--backend, --env, --replicas, --max-replicas, --set and --wait belong to --model")
    body = {"name": words.name, "auth_mode": words.auth_mode, "deployment": words.deployment, "spec": spec}
    if words.model:
        body["model_uri"] = words.model
    found = remote.ask(words, "POST", PATH, body)["endpoint"]
    say(f"created endpoint {found['name']}; it scores at {_scoring_uri(words, found)}")
    return _wait(words) if words.wait and words.model else OK


def list(words: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return show_list(
        _all(words),
        ("NAME", "STATE", "TRAFFIC", "AUTH"),
        lambda each: (each["name"], each["state"], _traffic(each), each["auth_mode"]),
        as_json=words.json,
    )


def show(words: argparse.Namespace) -> int:
    found = remote.ask(words, "GET", _path(words))["endpoint"]
    if words.json:
        say(as_json(found))
        return OK
    rows = [
        ("state", found["state"]),
        ("scoring URI", _scoring_uri(words, found)),
        ("auth", found["auth_mode"]),
    ]
    for each in found.get("deployments", []):
        replicas = each.get("replicas", [])
        ready = sum(replica["state"] == "ready" for replica in replicas)
        words_of_it = (
            f"{each['model_uri']}, {each['traffic']} % of the traffic, {ready} of {len(replicas)} replicas ready,"
            f" {each['state']}: {each['reason']}"
        )
        rows.append((f"deployment {each['name']}", words_of_it))
    say(table(rows))
    return OK


def update(words: argparse.Namespace) -> int:
    spec = _spec(words)
    if not (words.model or spec or words.traffic or words.mirror):
        raise Stop(
            "nothing to update: give --model, --backend, --env, --replicas, --max-replicas, --set, --traffic or --mirror"
        )
    if words.model or spec:
        body: dict[str, Any] = {"spec": spec}
        if words.model:
            body["model_uri"] = words.model
        remote.ask(words, "PUT", _path(words, f"/deployments/{quote(words.deployment, safe='')}"), body)
    shares: dict[str, Any] = (
        {"traffic": dict(_share("--traffic", each) for each in words.traffic)} if words.traffic else {}
    )
    if words.mirror:
        shares["mirror_traffic"] = dict([_share("--mirror", words.mirror)])
    if shares:
        remote.ask(words, "PATCH", _path(words), shares)
    say(f"updated endpoint {words.name}")
    return _wait(words) if words.wait else OK


def rollback(words: argparse.Namespace) -> int:
    remote.ask(words, "POST", _path(words, f"/deployments/{quote(words.deployment, safe='')}/rollback"))
    say(f"rolled back deployment {words.deployment} of endpoint {words.name}")
    return OK


def delete(words: argparse.Namespace) -> int:
    remote.ask(words, "DELETE", _path(words))
    say(f"deleted endpoint {words.name}")
    return OK


def logs(words: argparse.Namespace) -> int:
    path = _path(words, f"/deployments/{quote(words.deployment, safe='')}/logs?lines={words.lines}")
    lines = remote.ask(words, "GET", path).get("lines", [])
    if words.json or lines:
        say(as_json(lines) if words.json else "\n".join(lines))
    else:
        complain(f"the replicas of deployment {words.deployment} of endpoint {words.name} have written nothing so far")
    return OK


def keys(words: argparse.Namespace) -> int:
    if words.regenerate:
        found = remote.ask(words, "POST", _path(words, "/keys"), {"key": words.regenerate})
    else:
        found = remote.ask(words, "GET", _path(words, "/keys"))
    say(as_json(found) if words.json else table([("primary", found["primary"]), ("secondary", found["secondary"])]))
    return OK


def invoke(words: argparse.Namespace) -> int:
    """Score with the endpoint's primary key, which the caller must be allowed to read."""
    try:
        text = sys.stdin.read() if words.file == STDIN else Path(words.file).read_text("utf-8")
        body = json.loads(text)
    except OSError as fault:
        raise Stop(f"FILE is {words.file!r}, which cannot be read ({fault.strerror})") from None
    except ValueError as fault:
        raise Stop(f"FILE is {words.file!r}, which is no JSON ({fault})") from None
    found = remote.ask(words, "GET", _path(words))["endpoint"]
    key = "" if found["auth_mode"] == "none" else f"Bearer {remote.ask(words, 'GET', _path(words, '/keys'))['primary']}"
    answer = remote.call(
        _url(words),
        "POST",
        found["scoring_path"],
        body,
        workspace=remote.header_of(words),
        authorization=key,
        headers={"azureml-model-deployment": words.deployment} if words.deployment else {},
    )
    say(json.dumps(answer))
    return OK


def _wait(words: argparse.Namespace) -> int:
    """BROKEN if the deployment has failed."""
    shown = ""
    while True:
        found = remote.ask(words, "GET", _path(words))["endpoint"]
        one = next(each for each in found["deployments"] if each["name"] == words.deployment)
        if one["reason"] != shown:
            shown = one["reason"]
            complain(f"{one['state']}: {shown}")
        if one["state"] == "Healthy":
            return OK
        if one["state"] == "Failed":
            complain(
                f"`trackside endpoint logs {words.name} --deployment {words.deployment}` shows what the model wrote;"
                f" `trackside endpoint update {words.name} --deployment {words.deployment} --model {one['model_uri']} --wait`"
                " tries again"
            )
            return BROKEN
        time.sleep(LOOK_S)


def _spec(words: argparse.Namespace) -> dict[str, Any]:
    given = {"backend": words.backend, "env": words.env, "replicas": words.replicas, "max_replicas": words.max_replicas}
    found = {name: value for name, value in given.items() if value is not None}
    for each in words.set:
        name, sign, value = each.partition("=")
        if not name or not sign:
            raise Stop(f"--set is {each!r}; it must be FIELD=VALUE, such as memory_mb=2048")
        if name in found:
            raise Stop(f"--set is {each!r}, and {name} is given already")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    """Return the number that a text is, else the text.  The server checks which of the two a field takes."""
    try:
        found = json.loads(text)
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


def _path(words: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(words.name, safe='')}{rest}"


def _scoring_uri(words: argparse.Namespace, endpoint: Mapping[str, Any]) -> str:
    return f"{remote.tracking_uri(_url(words), remote.workspace_of(words))}{endpoint['scoring_path']}"


def _url(words: argparse.Namespace) -> str:
    return remote.server_of(words.server)


def _all(words: argparse.Namespace) -> builtins.list[Any]:
    """Return the endpoints of the workspace, page by page."""
    found: builtins.list[Any] = []
    token = ""
    while True:
        page = remote.ask(words, "GET", f"{PATH}?{urlencode({'max_results': PAGE, 'page_token': token})}")
        found += page.get("endpoints", [])
        token = page.get("next_page_token", "")
        if not token:
            return found
