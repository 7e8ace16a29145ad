"""`trackside webhook …`: calls of a running server."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from trackside.cli import credentials, remote
from trackside.cli.output import BROKEN, OK, Stop, moment, say, show_list, table
from trackside.cli.output import json as as_json
from trackside.core.counts import counted

PATH = "/api/trackside/v1/webhooks"
PAGE = 1000


def create(args: argparse.Namespace) -> int:
    if not args.events:
        raise Stop("--event is missing; name at least one, such as run.failed")
    status = {"status": "DISABLED"} if args.disabled else {}
    made = remote.ask(args, "POST", PATH, {"name": args.name, **_given(args), **status})["webhook"]
    say(f"webhook {made['name']} ({made['webhook_id']}) sends {', '.join(made['events'])} to {made['url']}")
    return OK


def list(args: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return show_list(
        _all(args),
        ("NAME", "ID", "STATE", "FORMAT", "WAITING", "GIVEN UP", "URL"),
        lambda each: (
            each["name"],
            each["webhook_id"],
            _state(each),
            each["format"],
            f"{each['pending']:,}",
            f"{each['dead']:,}",
            each["url"],
        ),
        as_json=args.json,
    )


def show(args: argparse.Namespace) -> int:
    found = _find(args)
    if args.json:
        say(as_json(found))
        return OK
    rows = [
        ("id", found["webhook_id"]),
        ("name", found["name"]),
        ("description", found["description"]),
        ("state", _state(found)),
        ("url", found["url"]),
        ("format", found["format"]),
        ("events", ", ".join(found["events"])),
        ("signed", "yes" if found["has_secret"] else "no"),
        ("signs in", "yes" if found["has_authorization"] else "no"),
        ("collects", f"{found['digest_s']} s" if found["digest_s"] else ""),
        ("muted until", moment(found["mute"]["until"]) if found["mute"].get("until") else ""),
        ("muted weekly", _weekly(found["mute"])),
        ("waiting", counted(found["pending"], "deliveries")),
        ("given up", counted(found["dead"], "deliveries")),
        ("changed", moment(found["last_updated_timestamp"])),
    ]
    say(table([row for row in rows if row[1]]))
    return OK


def update(args: argparse.Namespace) -> int:
    body: dict[str, Any] = _given(args)
    if args.new_name is not None:
        body["name"] = args.new_name
    if args.enable or args.disable:
        body["status"] = "ACTIVE" if args.enable else "DISABLED"
    if args.unmute:
        if "mute" in body:
            raise Stop("--unmute cannot be combined with --mute-until and --mute-weekly")
        body["mute"] = {}
    if args.no_secret:
        body["secret"] = ""
    if args.no_sign_in:
        body["authorization"] = ""
    if not body:
        raise Stop("nothing to change; `trackside webhook update -h` lists the options")
    made = remote.ask(args, "PATCH", _path(args), body)["webhook"]
    say(f"webhook {made['name']} is changed")
    return OK


def test(args: argparse.Namespace) -> int:
    """Send an example.  Return BROKEN if the receiver refuses it."""
    body = {"event": args.event} if args.event else {}
    result = remote.ask(args, "POST", _path(args, "/test"), body)["result"]
    said = result.get("error_message") or f"{result['response_status']} {result.get('response_body', '')}".strip()
    say(f"{'delivered' if result['success'] else 'not delivered'}: {said}")
    return OK if result["success"] else BROKEN


def deliveries(args: argparse.Namespace) -> int:
    asked = {"state": args.state and args.state.upper(), "limit": args.max}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found = remote.ask(args, "GET", f"{_path(args, '/deliveries')}?{query}").get("deliveries", [])
    return show_list(
        found,
        ("ID", "EVENT", "STATE", "TRIES", "QUEUED", "ANSWER"),
        lambda each: (
            each["delivery_id"],
            each["event"],
            each["state"].lower(),
            str(each["attempts"]),
            moment(each["created_at"]),
            _answer(each),
        ),
        as_json=args.json,
    )


def delivery(args: argparse.Namespace) -> int:
    found = remote.ask(args, "GET", _path(args, f"/deliveries/{quote(args.delivery, safe='')}"))
    if args.json:
        say(as_json(found))
        return OK
    each = found["delivery"]
    rows = [
        ("id", each["delivery_id"]),
        ("event", each["event"]),
        ("state", each["state"].lower()),
        ("tries", str(each["attempts"])),
        ("queued", moment(each["created_at"])),
        ("next try", moment(each["next_attempt_at"]) if each.get("next_attempt_at") else ""),
        ("ended", moment(each["ended_at"]) if each.get("ended_at") else ""),
        ("answer", _answer(each)),
    ]
    say(table([row for row in rows if row[1]]))
    say(as_json(found["payload"]))
    return OK


def redeliver(args: argparse.Namespace) -> int:
    rest = f"/deliveries/{quote(args.delivery, safe='')}/redeliver" if args.delivery else "/redeliver"
    count = remote.ask(args, "POST", _path(args, rest), {})["deliveries"]
    say(f"{counted(count, 'deliveries')} will be sent again")
    return OK


def delete(args: argparse.Namespace) -> int:
    found = _find(args)
    remote.ask(args, "DELETE", f"{PATH}/{quote(found['webhook_id'], safe='')}")
    say(f"removed the webhook {found['name']}")
    return OK


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the call that the arguments of `create` and `update` set."""
    body: dict[str, Any] = {
        name: value
        for name, value in (
            ("url", args.url),
            ("events", args.events),
            ("description", args.description),
            ("format", args.format),
            ("digest_s", args.digest),
        )
        if value is not None
    }
    if args.secret_file and args.authorization_file == args.secret_file == credentials.STDIN:
        raise Stop("--secret-file and --authorization-file are both -; only one can read standard input")
    if args.secret_file:
        body["secret"] = _line("--secret-file", args.secret_file)
    if args.authorization_file:
        body["authorization"] = _line("--authorization-file", args.authorization_file)
    if args.username:
        body |= {"username": args.username, "password": credentials.password(args.username)}
    if args.timezone and not args.mute_weekly:
        raise Stop("--timezone needs --mute-weekly")
    if args.mute_until or args.mute_weekly:
        body["mute"] = _mute(args)
    return body


def _line(option: str, file: str) -> str:
    """Return the text of a file without the end of its line."""
    try:
        raw = sys.stdin.buffer.read() if file == credentials.STDIN else Path(file).read_bytes()
        text = raw.decode().rstrip("\r\n")
    except OSError as fault:
        raise Stop(f"{option} is {file!r}, which cannot be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise Stop(f"{option} is {file!r}, which is not UTF-8 text") from None
    if not text:
        raise Stop(f"{option} is {file!r}, which is empty")
    return text


def _mute(args: argparse.Namespace) -> dict[str, Any]:
    mute: dict[str, Any] = {}
    if args.mute_until:
        mute["until"] = _ms(args.mute_until)
    if args.mute_weekly:
        mute["windows"] = [_window(each) for each in args.mute_weekly]
        mute["timezone"] = args.timezone or "UTC"
    return mute


def _ms(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Stop(f"--mute-until is {text!r}; it must be a time such as 2027-01-31T08:00:00Z") from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _window(text: str) -> dict[str, Any]:
    days, _, times = text.rpartition("=")
    start, dash, end = times.partition("-")
    if not (start and dash and end):
        raise Stop(f"--mute-weekly is {text!r}; it must be a time such as sat,sun=00:00-23:59 or 22:00-07:00")
    return {"start": start, "end": end, **({"days": days.split(",")} if days else {})}


def _weekly(mute: Any) -> str:
    windows = [f"{','.join(each['days'])} {each['start']}-{each['end']}" for each in mute.get("windows") or []]
    return f"{'; '.join(windows)} ({mute['timezone']})" if windows else ""


def _all(args: argparse.Namespace) -> Any:
    found: Any = []
    token = ""
    while True:
        query = urlencode({"max_results": PAGE, **({"page_token": token} if token else {})})
        page = remote.ask(args, "GET", f"{PATH}?{query}")
        found += page.get("webhooks", [])
        token = page.get("next_page_token", "")
        if not token:
            return found


def _find(args: argparse.Namespace) -> Any:
    """Return the webhook of an id, or of a name that one webhook alone has."""
    found = _all(args)
    named = [each for each in found if each["webhook_id"] == args.name] or [
        each for each in found if each["name"] == args.name
    ]
    if len(named) > 1:
        ids = ", ".join(each["webhook_id"] for each in named)
        raise Stop(f"{len(named)} webhooks have the name {args.name!r}; use an id: {ids}")
    if not named:
        raise Stop(f"WEBHOOK is {args.name!r}; `trackside webhook list` shows the names and ids")
    return named[0]


def _path(args: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(_find(args)['webhook_id'], safe='')}{rest}"


def _state(webhook: Any) -> str:
    return f"{webhook['status'].lower()}{', muted' if webhook['is_muted'] else ''}"


def _answer(each: Any) -> str:
    return str(each.get("last_error") or each.get("last_status") or "")
