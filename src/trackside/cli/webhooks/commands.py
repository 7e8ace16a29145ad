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


def create(words: argparse.Namespace) -> int:
    if not words.events:
        raise Stop("--event is missing; name at least one, such as run.failed")
    status = {"status": "DISABLED"} if words.disabled else {}
    made = remote.ask(words, "POST", PATH, {"name": words.name, **_given(words), **status})["webhook"]
    say(f"webhook {made['name']} ({made['webhook_id']}) tells {made['url']} of {', '.join(made['events'])}")
    return OK


def list(words: argparse.Namespace) -> int:  # noqa: A001  # the word of the command
    return show_list(
        _all(words),
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
        as_json=words.json,
    )


def show(words: argparse.Namespace) -> int:
    found = _find(words)
    if words.json:
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


def update(words: argparse.Namespace) -> int:
    body: dict[str, Any] = _given(words)
    if words.new_name is not None:
        body["name"] = words.new_name
    if words.enable or words.disable:
        body["status"] = "ACTIVE" if words.enable else "DISABLED"
    if words.unmute:
        if "mute" in body:
            raise Stop("--unmute holds nothing back; give it without --mute-until and --mute-weekly")
        body["mute"] = {}
    if words.no_secret:
        body["secret"] = ""
    if words.no_sign_in:
        body["authorization"] = ""
    if not body:
        raise Stop("nothing is to be changed; `trackside webhook update -h` shows what can be")
    made = remote.ask(words, "PATCH", _path(words), body)["webhook"]
    say(f"webhook {made['name']} is changed")
    return OK


def test(words: argparse.Namespace) -> int:
    """BROKEN if the receiver refuses the example."""
    body = {"event": words.event} if words.event else {}
    result = remote.ask(words, "POST", _path(words, "/test"), body)["result"]
    said = result.get("error_message") or f"{result['response_status']} {result.get('response_body', '')}".strip()
    say(f"{'delivered' if result['success'] else 'not delivered'}: {said}")
    return OK if result["success"] else BROKEN


def deliveries(words: argparse.Namespace) -> int:
    asked = {"state": words.state and words.state.upper(), "limit": words.max}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found = remote.ask(words, "GET", f"{_path(words, '/deliveries')}?{query}").get("deliveries", [])
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
        as_json=words.json,
    )


def delivery(words: argparse.Namespace) -> int:
    found = remote.ask(words, "GET", _path(words, f"/deliveries/{quote(words.delivery, safe='')}"))
    if words.json:
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


def redeliver(words: argparse.Namespace) -> int:
    rest = f"/deliveries/{quote(words.delivery, safe='')}/redeliver" if words.delivery else "/redeliver"
    count = remote.ask(words, "POST", _path(words, rest), {})["deliveries"]
    say(f"{counted(count, 'deliveries')} will be sent again")
    return OK


def delete(words: argparse.Namespace) -> int:
    found = _find(words)
    remote.ask(words, "DELETE", f"{PATH}/{quote(found['webhook_id'], safe='')}")
    say(f"removed the webhook {found['name']}")
    return OK


def _given(words: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of the call that the words of `create` and `update` set."""
    body: dict[str, Any] = {
        name: value
        for name, value in (
            ("url", words.url),
            ("events", words.events),
            ("description", words.description),
            ("format", words.format),
            ("digest_s", words.digest),
        )
        if value is not None
    }
    if words.secret_file and words.authorization_file == words.secret_file == credentials.STDIN:
        raise Stop("--secret-file and --authorization-file are both -; standard input is one of them")
    if words.secret_file:
        body["secret"] = _line("--secret-file", words.secret_file)
    if words.authorization_file:
        body["authorization"] = _line("--authorization-file", words.authorization_file)
    if words.username:
        body |= {"username": words.username, "password": credentials.password(words.username)}
    if words.timezone and not words.mute_weekly:
        raise Stop("--timezone belongs to --mute-weekly")
    if words.mute_until or words.mute_weekly:
        body["mute"] = _mute(words)
    return body


def _line(option: str, file: str) -> str:
    """Return the text of a file without the end of its line."""
    try:
        raw = sys.stdin.buffer.read() if file == credentials.STDIN else Path(file).read_bytes()
        text = raw.decode().rstrip("\r\n")
    except OSError as fault:
        raise Stop(f"{option} is {file!r}, which cannot be read ({fault.strerror})") from None
    except UnicodeDecodeError:
        raise Stop(f"{option} is {file!r}, which is no text in UTF-8") from None
    if not text:
        raise Stop(f"{option} is {file!r}, which is empty")
    return text


def _mute(words: argparse.Namespace) -> dict[str, Any]:
    mute: dict[str, Any] = {}
    if words.mute_until:
        mute["until"] = _ms(words.mute_until)
    if words.mute_weekly:
        mute["windows"] = [_window(each) for each in words.mute_weekly]
        mute["timezone"] = words.timezone or "UTC"
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
        raise Stop(f"--mute-weekly is {text!r}; it must be such as sat,sun=00:00-23:59 or 22:00-07:00")
    return {"start": start, "end": end, **({"days": days.split(",")} if days else {})}


def _weekly(mute: Any) -> str:
    windows = [f"{','.join(each['days'])} {each['start']}-{each['end']}" for each in mute.get("windows") or []]
    return f"{'; '.join(windows)} ({mute['timezone']})" if windows else ""


def _all(words: argparse.Namespace) -> Any:
    found: Any = []
    token = ""
    while True:
        query = urlencode({"max_results": PAGE, **({"page_token": token} if token else {})})
        page = remote.ask(words, "GET", f"{PATH}?{query}")
        found += page.get("webhooks", [])
        token = page.get("next_page_token", "")
        if not token:
            return found


def _find(words: argparse.Namespace) -> Any:
    """Return the webhook of an id, or of a name that one webhook alone has."""
    found = _all(words)
    named = [each for each in found if each["webhook_id"] == words.name] or [
        each for each in found if each["name"] == words.name
    ]
    if len(named) > 1:
        ids = ", ".join(each["webhook_id"] for each in named)
        raise Stop(f"{len(named)} webhooks have the name {words.name!r}; give an id: {ids}")
    if not named:
        raise Stop(f"WEBHOOK is {words.name!r}; `trackside webhook list` shows the names and ids there are")
    return named[0]


def _path(words: argparse.Namespace, rest: str = "") -> str:
    return f"{PATH}/{quote(_find(words)['webhook_id'], safe='')}{rest}"


def _state(webhook: Any) -> str:
    return f"{webhook['status'].lower()}{', muted' if webhook['is_muted'] else ''}"


def _answer(each: Any) -> str:
    return str(each.get("last_error") or each.get("last_status") or "")
