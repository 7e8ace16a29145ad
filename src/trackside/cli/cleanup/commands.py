"""`trackside delete …` and `trackside trash …`: calls of a running server."""

import argparse
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from trackside.cli import remote
from trackside.cli.jobs.commands import follow
from trackside.cli.output import BROKEN, OK, Stop, moment, print_error, say, show_list, typed_answer
from trackside.cli.output import json as as_json
from trackside.core.counts import counted, in_bytes

PREFIX = "/api/trackside/v1"
DELETIONS = f"{PREFIX}/deletions"
MLFLOW = "/api/2.0/mlflow"
_STEPS = re.compile(r"(-?[0-9]{1,19})?\.\.(-?[0-9]{1,19})?")
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_WIRE = {
    "logged-model": "logged_model",
    "model": "registered_model",
    "version": "model_version",
    "dataset": "evaluation_dataset",
    "capture-day": "capture_day",
    "link-log": "link_log",
    "schedule": "job_schedule",
    "alert-rule": "alert_rule",
    "view": "saved_view",
    "record": "dataset_record",
    "dataset-input": "dataset_input",
}
_FIELDS = (
    *("run_id", "model_id", "name", "version", "key", "path", "dataset_id", "job_id", "day", "alias", "deployment"),
    *("webhook_id", "view_id", "record_id", "digest", "copies", "trace_id"),
)

_ID_FIELDS = {"run": "run_id", "experiment": "experiment_id", "logged_model": "model_id", "trace": "trace_id"}
AT_ONCE = 100  # items of one call


def delete(args: argparse.Namespace) -> int:
    target = _target(args)
    found = remote.ask(args, "POST", f"{DELETIONS}/preview", target)
    ended = ends_with_preview(args, found, preview_text(found))
    if ended is not None:
        return ended
    done = _carry_out(args, target, found)
    say(as_json(done) if args.json else _summary(done))
    return OK


def ends_with_preview(args: argparse.Namespace, found: dict[str, Any], text: str) -> int | None:
    """Print the preview if requested, report obstacles, or ask for confirmation.

    Return an exit code if the command ends here. Raise Stop if the user declines.
    """
    obstacles = found.get("obstacles", [])
    if args.preview:
        say(as_json(found) if args.json else text)
        return BROKEN if obstacles else OK
    if obstacles:
        for each in obstacles:
            print_error(f"{found['title']} cannot be deleted. {each['message']}")
        return BROKEN
    if not args.yes:
        tell(args, text)
        _confirm(args, found)
    return None


def trash_list(args: argparse.Namespace) -> int:
    return show_list(
        list(_trash(args)),
        ("KIND", "ID", "DELETED", "NAME"),
        lambda each: (each["kind"], each["id"], moment(each["deleted_at"]), each["name"]),
        as_json=args.json,
    )


def trash_restore(args: argparse.Namespace) -> int:
    remote.ask(args, "POST", f"{PREFIX}/trash/restore", {"kind": _WIRE.get(args.kind, args.kind), "id": args.id})
    say(f"restored {args.kind} {args.id}")
    return OK


class _Purge(NamedTuple):
    """The items of the trash that a purge deletes, and the previews of those that must stay."""

    free: list[tuple[dict[str, Any], Any]]  # targets with their previews
    traces: list[dict[str, Any]]
    blocked: list[Any]


def trash_purge(args: argparse.Namespace) -> int:
    """Permanently delete items of the trash.  Items with an obstacle stay and are reported; the exit code is then BROKEN."""
    if args.older_than is None:
        raise Stop("--older-than is missing; set the number of days since the deletion of the items (0 for all)")
    plan = _plan_purge(args)
    is_whole = not plan.blocked
    if args.preview:
        _show_purge(args, plan)
    else:
        is_whole &= _purge(args, plan)
    for found in plan.blocked:
        print_error(f"{found['title']} stays. {found['obstacles'][0]['message']}")
    return OK if is_whole else BROKEN


def _plan_purge(args: argparse.Namespace) -> _Purge:
    items = list(_trash(args))
    traces = [each for each in items if each["kind"] == "trace"]
    # An obstacle of a trace is one of its experiment, so one preview serves all traces of the experiment.
    firsts = {each["experiment_id"]: each for each in reversed(traces)}
    of_traces = _previewed(args, list(firsts.values()))
    experiments = {each["id"]: each["experiment_id"] for each in firsts.values()}
    held = {experiments[target["trace_id"]] for target, found in of_traces if _is_blocked(found)}
    previews = _previewed(args, [each for each in items if each["kind"] != "trace"])
    return _Purge(
        free=[(target, found) for target, found in previews if not _is_blocked(found)],
        traces=[each for each in traces if each["experiment_id"] not in held],
        blocked=[found for _, found in (*of_traces, *previews) if _is_blocked(found)],
    )


def _size_of(plan: _Purge) -> tuple[int, int, int]:
    """Return the number of items, the bytes of their files, and their bytes in the database."""
    file_bytes = sum(found["file_bytes"] for _, found in plan.free)
    row_bytes = sum(found["row_bytes"] for _, found in plan.free) + sum(each["size_bytes"] for each in plan.traces)
    return len(plan.free) + len(plan.traces), file_bytes, row_bytes


def _show_purge(args: argparse.Namespace, plan: _Purge) -> None:
    count, file_bytes, row_bytes = _size_of(plan)
    summary = {"items": count, "file_bytes": file_bytes, "row_bytes": row_bytes, "blocked": plan.blocked}
    say(as_json(summary) if args.json else _of_purge(count, file_bytes, row_bytes))


def _purge(args: argparse.Namespace, plan: _Purge) -> bool:
    """Return whether the server refused none of the deletions."""
    count, file_bytes, row_bytes = _size_of(plan)
    if count and not args.yes:
        tell(args, _of_purge(count, file_bytes, row_bytes))
        ask(args, "Type purge to delete them permanently: ", "purge")
    done = _carry_out_all(args, plan.free)
    purged = _purge_traces(args, plan.traces) if plan.traces else []
    freed = {
        name: sum(each.get(name, 0) for each in (*done, *purged))
        for name in ("file_count", "file_bytes", "row_count", "row_bytes")
    }
    count = sum(each.get("items", 1) for each in (*done, *purged))
    if args.json:
        say(as_json({"items": count, **freed, "blocked": plan.blocked}))
    else:
        files, rows = in_bytes(freed["file_bytes"]), in_bytes(freed["row_bytes"])
        say(f"deleted {counted(count, 'items')}: freed {files} of files and {rows} in the database")
    return all(each.get("items", 1) for each in done)


def _previewed(args: argparse.Namespace, items: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], Any]]:
    """Return the targets of items in the trash with their previews; one that has none is blocked by the reason.

    Items that another purge has deleted since they were listed are left out."""
    targets = [_of_item(each) for each in items]
    found: list[tuple[dict[str, Any], Any]] = []
    asked = 0
    while asked < len(targets):
        some = targets[asked : asked + AT_ONCE]
        answers = _batch(args, "/preview", {"targets": some})
        asked += len(answers)
        for target, answer in zip(some, answers, strict=False):
            title = f"{target['kind']} {target[_ID_FIELDS[target['kind']]]}"
            if not _is_gone(answer):
                found.append((target, answer.get("preview") or {"title": title, "obstacles": [answer["error"]]}))
    return found


def _is_gone(answer: dict[str, Any]) -> bool:
    return bool(answer.get("error", {}).get("error_code") == "RESOURCE_DOES_NOT_EXIST")


def _is_blocked(found: Any) -> bool:
    return bool(found.get("obstacles"))


def _batch(args: argparse.Namespace, path: str, body: dict[str, Any]) -> list[Any]:
    answers: list[Any] = remote.ask(args, "POST", f"{DELETIONS}/batch{path}", body)["items"]
    return answers


def _carry_out_all(args: argparse.Namespace, free: Sequence[tuple[dict[str, Any], Any]]) -> list[Any]:
    """Delete the targets and return the results, with one of no item for each that the server refused.

    A target that another purge has deleted has no result."""
    todo = deque(_deletion(target, found) for target, found in free)
    done: list[Any] = []
    gone = 0
    while todo:
        some = [todo.popleft() for _ in range(min(AT_ONCE, len(todo)))]
        answers = _batch(args, "", {"deletions": some})
        todo.extendleft(reversed(some[len(answers) :]))
        for deletion, answer in zip(some, answers, strict=False):
            if _is_gone(answer):
                gone += 1
            elif "error" in answer:
                print_error(answer["error"]["message"])
                done.append({"items": 0})
            elif answer["result"]["is_done"]:
                done.append(answer["result"])
            else:
                todo.appendleft(deletion)
        if sys.stderr.isatty():
            print(
                f"\rdeleted {len(done):,} of {len(free) - gone:,}",
                end="" if todo else "\n",
                file=sys.stderr,
                flush=True,
            )
    return done


def _purge_traces(args: argparse.Namespace, traces: list[dict[str, Any]]) -> list[Any]:
    """Delete traces in portions by a job; one by one for a user who may start no job for the whole workspace."""
    params = {"older_than_days": args.older_than, "kind": "trace"}
    try:
        job = remote.ask(args, "POST", f"{PREFIX}/jobs", {"kind": "empty-trash", "params": params})["job"]
    except Stop as refusal:
        if "ermission" not in str(refusal):
            raise
        return _carry_out_all(args, [each for each in _previewed(args, traces) if not _is_blocked(each[1])])
    if follow(args, job["job_id"], quietly=True) != OK:
        raise Stop(f"some traces stay in the trash; see trackside job show {job['job_id']}")
    result = remote.ask(args, "GET", f"{PREFIX}/jobs/{job['job_id']}")["job"]["result"]
    for each in result.get("kept", []):
        print_error(f"stays: {each}")
    return [result]


def _carry_out(args: argparse.Namespace, target: dict[str, Any], found: dict[str, Any]) -> Any:
    """Repeat the call until everything is deleted.  The token is for the first portion; the others continue from it."""
    body = _deletion(target, found)
    while True:
        done = remote.ask(args, "POST", DELETIONS, body)
        if done["is_done"]:
            return done
        if sys.stderr.isatty():
            print(f"\rfreed {in_bytes(done['file_bytes'])} so far", end="", file=sys.stderr, flush=True)


def _deletion(target: dict[str, Any], found: Any) -> dict[str, Any]:
    return {**target, "token": found["token"], **({"confirm": found["confirm"]} if found.get("confirm") else {})}


def _target(args: argparse.Namespace) -> dict[str, Any]:
    kind = args.kind
    named = {name: value for name in _FIELDS if (value := getattr(args, name, None)) is not None}
    if kind == "experiment":
        named["experiment_id"] = _experiment_id(args)
    if kind == "token":
        if not args.token_id.isdecimal():
            raise Stop(f"TOKEN is {args.token_id!r}; it must be a number, as `trackside token list` shows it")
        named["token_id"] = int(args.token_id)
    if kind == "metric" and args.steps is not None:
        low, high = _steps(args.steps)
        return {"kind": "metric_steps", **named, "from_step": low, "to_step": high}
    return {"kind": _WIRE.get(kind, kind), **named}


def _experiment_id(args: argparse.Namespace) -> str:
    given: str = args.experiment
    if given.isdecimal():
        return given
    query = urlencode({"experiment_name": given})
    found = remote.ask(args, "GET", f"{MLFLOW}/experiments/get-by-name?{query}")
    return str(found["experiment"]["experiment_id"])


def _steps(text: str) -> tuple[int, int]:
    found = _STEPS.fullmatch(text)
    if found is None or text == "..":
        raise Stop(f"--steps is {text!r}; it must be A..B, A.. or ..B with whole numbers, such as 100..200")
    low, high = int(found[1] or _LOWEST), int(found[2] or _HIGHEST)
    if low > high:
        raise Stop(f"--steps is {text!r}; {low} must not exceed {high}")
    return low, high


def _of_item(item: dict[str, Any]) -> dict[str, Any]:
    return {"kind": item["kind"], _ID_FIELDS[item["kind"]]: item["id"]}


def _trash(args: argparse.Namespace) -> Iterator[Any]:
    token = ""
    while True:
        asked = {"max_results": 1000, "page_token": token, "older_than_days": args.older_than or 0}
        page = remote.ask(args, "GET", f"{PREFIX}/trash?{urlencode(asked)}")
        yield from page.get("items", [])
        token = page.get("next_page_token", "")
        if not token:
            return


def _confirm(args: argparse.Namespace, found: dict[str, Any]) -> None:
    name = found.get("confirm")
    if name:
        ask(args, f"Type {name} to delete it permanently: ", name)
    else:
        ask(args, "Delete it permanently? Type yes: ", "yes")


def tell(args: argparse.Namespace, text: str, end: str = "\n") -> None:
    """Print text before a question: to standard error with --json, otherwise to standard output."""
    print(text, end=end, file=sys.stderr if args.json else sys.stdout, flush=True)


def ask(args: argparse.Namespace, question: str, wanted: str) -> None:
    """Raise Stop unless a person types the wanted text."""
    if not sys.stdin.isatty():
        raise Stop("standard input is not a terminal for a confirmation; add --yes to delete without it")
    tell(args, question, end="")
    if typed_answer() != wanted:
        raise Stop("nothing was deleted")


def preview_text(found: dict[str, Any]) -> str:
    """Return a preview as text for a person."""
    counts = ", ".join(counted(count, noun) for noun, count in found.get("counts", {}).items())
    lines = [
        found["title"],
        f"  holds    {counts or 'nothing'}",
        f"  frees    {in_bytes(found['file_bytes'])} of files"
        + (f", {in_bytes(found['row_bytes'])} in the database" if "row_bytes" in found else ""),
        *(f"  blocked  {each['message']}" for each in found.get("obstacles", [])),
        *(f"  stays    {each}" for each in found.get("kept", [])),
    ]
    return "\n".join(lines)


def _summary(done: dict[str, Any]) -> str:
    freed = f"{in_bytes(done['file_bytes'])} of files ({done['file_count']}) and {in_bytes(done['row_bytes'])} in the database"
    return "\n".join(
        [f"deleted {done['title']}: freed {freed}", *(f"  stays    {each}" for each in done.get("pending", []))]
    )


def _of_purge(count: int, file_bytes: int, row_bytes: int) -> str:
    sizes = f"{in_bytes(file_bytes)} of files, {in_bytes(row_bytes)} in the database"
    return f"{counted(count, 'items')} in the trash can be deleted: {sizes}"
