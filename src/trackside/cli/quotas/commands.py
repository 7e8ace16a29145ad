"""`trackside quota …`: calls of a running server."""

import argparse
import re
from typing import Any
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.output import OK, Stop, say, show_list
from trackside.core.counts import in_bytes

PATH = "/api/trackside/v1/quotas"
_LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12} | {
    f"{letter}{end}": base ** (place + 1)
    for place, letter in enumerate("kmgt")
    for end, base in (("b", 10**3), ("ib", 2**10))
}


def put(args: argparse.Namespace) -> int:
    body = {**_subject(args), "measure": args.measure, "limit": limit_of(args.limit)}
    found = remote.ask(args, "PUT", PATH, body)["quota"]
    unit = "" if found["measure"] == "bytes" else f" {found['measure']}"
    say(f"quota of {_whose(found)}: {_amount(found, 'limit')}{unit}, {_amount(found, 'used')} used")
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return _print(args, remote.ask(args, "GET", PATH).get("quotas", []))


def show(args: argparse.Namespace) -> int:
    subject = _subject(args)
    asked = urlencode({name: value for name, value in subject.items() if value})
    return _print(args, remote.ask(args, "GET", f"{PATH}?{asked}").get("quotas", []))


def delete(args: argparse.Namespace) -> int:
    remote.ask(args, "DELETE", PATH, {**_subject(args), "measure": args.measure})
    say(f"removed the quota of {args.measure}")
    return OK


def recount(args: argparse.Namespace) -> int:
    remote.ask(args, "POST", f"{PATH}/recount", {})
    say("a job recounts within seconds; `trackside job list` shows it")
    return OK


def limit_of(text: str) -> int:
    """Return the number in a text such as 50M or 10GiB."""
    found = _LIMIT.fullmatch(text.strip())
    factor = None if found is None else _FACTORS.get(found[2].lower())
    if found is None or factor is None:
        raise Stop(f"LIMIT is {text!r}; it must be a number, such as 1000, 50M (millions), 10GB or 10GiB")
    whole, _, part = found[1].partition(".")
    more = int(part) * factor // 10 ** len(part) if part else 0
    return int(whole) * int(factor) + int(more)


def _subject(args: argparse.Namespace) -> dict[str, str]:
    if args.user is not None:
        return {"scope": "user", "subject": args.user}
    if args.experiment is not None:
        return {"scope": "experiment", "subject": _experiment_id(args, args.experiment)}
    if getattr(args, "each_user", False):
        return {"scope": "user", "subject": "*"}
    if getattr(args, "each_experiment", False):
        return {"scope": "experiment", "subject": "*"}
    return {"scope": "server" if args.all_workspaces else "workspace", "subject": ""}


def _experiment_id(args: argparse.Namespace, given: str) -> str:
    if given.isdecimal():
        return given
    query = urlencode({"experiment_name": given})
    found = remote.ask(args, "GET", f"/api/2.0/mlflow/experiments/get-by-name?{query}")
    return str(found["experiment"]["experiment_id"])


def _print(args: argparse.Namespace, quotas: Any) -> int:
    return show_list(
        quotas,
        ("OF", "MEASURE", "USED", "LIMIT", "SHARE", "LEVEL"),
        lambda each: (
            _whose(each),
            each["measure"],
            _amount(each, "used"),
            _amount(each, "limit"),
            _share(each),
            each["level"],
        ),
        as_json=args.json,
    )


def _whose(quota: Any) -> str:
    if quota["scope"] in ("server", "workspace"):
        return "workspace" if quota["scope"] == "workspace" else "all workspaces"
    return f"each {quota['scope']}" if quota["subject"] == "*" else f"{quota['scope']} {quota['subject']}"


def _amount(quota: Any, name: str) -> str:
    value = int(quota[name])
    return in_bytes(value) if quota["measure"] == "bytes" else f"{value:,}"


def _share(quota: Any) -> str:
    return f"{quota['used'] / quota['limit']:.0%}" if quota["limit"] else "-"
