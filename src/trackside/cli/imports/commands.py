"""`trackside import …`: reads a source in this process and sends it to a running server, with a progress bar."""

import argparse
import sys
import time

import msgspec

from trackside.cli import credentials, remote
from trackside.cli.output import BROKEN, OK, Stop, print_error, say, table
from trackside.cli.output import json as as_json
from trackside.core.counts import counted
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.imports.opening import Options, open_source
from trackside.imports.patience import PatientHttp
from trackside.imports.report import Report, Tally
from trackside.imports.source import SourceError
from trackside.imports.target import Target
from trackside.imports.work import Import

BAR = 30
LOOK_S = 0.2
MOST_LINES = 20  # of each kind on a screen


def run(args: argparse.Namespace) -> int:
    """Import a source.  Return BROKEN if something was left out."""
    options = Options(artifacts=tuple(args.artifacts), workspace=args.source_workspace, secret=_secret(args))
    target = _target(args)
    try:
        source = open_source(args.source, options)
        try:
            bar = _Bar(source.count())
            work = Import(source, target, verify=args.verify, dry_run=args.dry_run, watch=bar.show)
            report = work.run()
            bar.end()
        finally:
            source.close()
    except SourceError as error:
        raise Stop(str(error)) from None
    except (RemoteUnavailable, RequestRejected) as error:
        raise Stop(f"{error}. Copied data stays; run the command again to continue") from None
    finally:
        target.close()
    if args.json:
        say(as_json(msgspec.to_builtins(report)))
    else:
        _tell(report, dry_run=args.dry_run)
    return BROKEN if report.left_out else OK


def _target(args: argparse.Namespace) -> Target:
    url, workspace = remote.server_of(args.server), remote.header_of(args)
    headers = {"x-mlflow-workspace": workspace} if workspace else {}
    target = Target(PatientHttp(url, remote.secret_of(url), headers=headers))
    try:
        target.about()
    except RequestRejected as refused:
        if refused.code:
            raise Stop(f"{url}: {remote.explained(str(refused))}") from None
        raise Stop(
            f"{url} is not a Trackside server of this version ({refused}); set --server or TRACKSIDE_URL"
        ) from None
    except RemoteUnavailable as down:
        raise Stop(f"{down}; set --server or TRACKSIDE_URL") from None
    return target


def _secret(args: argparse.Namespace) -> Secret:
    if args.token_file:
        return Secret(token=credentials.token(args.token_file))
    if args.username:
        return Secret(username=args.username, password=credentials.password(args.username))
    return Secret()


class _Bar:
    """Shown on a terminal."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._shows = sys.stderr.isatty()
        self._at = 0.0

    def show(self, report: Report) -> None:
        now = time.monotonic()
        if not self._shows or now - self._at < LOOK_S:
            return
        self._at = now
        runs = report.runs.seen
        bar, of = "", ""
        if self._total is not None:
            filled = BAR * runs // max(runs, self._total, 1)
            bar, of = f"[{'#' * filled}{'.' * (BAR - filled)}] ", f"/{self._total}"
        line = f"{bar}{runs}{of} runs, {counted(report.points, 'points')}, {counted(report.files, 'files')}"
        sys.stderr.write(f"\r{line:<78}")
        sys.stderr.flush()

    def end(self) -> None:
        if self._shows and self._at:
            sys.stderr.write("\n")


def _tell(report: Report, *, dry_run: bool) -> None:
    if dry_run and report.by_experiment:
        head = ("NEW", "CHANGED", "SAME", "RUNS OF")
        lines = [(str(t.new), str(t.changed), str(t.same), name) for name, t in sorted(report.by_experiment.items())]
        say(table([head, *lines]))
    kinds = {
        "experiments": report.experiments,
        "runs": report.runs,
        "logged models": report.logged_models,
        "registered models": report.registered_models,
        "model versions": report.model_versions,
        "evaluation datasets": report.evaluation_datasets,
        "traces": report.traces,
        "scorers": report.scorers,
        "label schemas": report.label_schemas,
        "review queues": report.review_queues,
        "issues": report.issues,
    }
    rows = [(kind, _summary(tally)) for kind, tally in kinds.items() if tally.seen]
    if report.evaluation_datasets.seen:
        rows.append(("records", str(report.records)))
    rows.append(("points", str(report.points)))
    rows.append(("files", f"{report.files}, {counted(report.bytes, 'bytes')}"))
    say(table(rows) if rows else "the source is empty")
    _list("differs from what the workspace had", [f"{each}" for each in report.differences])
    _list("left out", [f"{each.what}: {each.reason}" for each in report.left_out])
    if dry_run:
        say("nothing was changed: this was a dry run")
    else:
        say(f"done in {report.seconds:.1f} s")
    if report.left_out:
        print_error(f"not imported: {counted(len(report.left_out), 'items')}")


def _summary(tally: Tally) -> str:
    parts = [f"{tally.new} new", f"{tally.changed} changed", f"{tally.same} the same"]
    return ", ".join([*parts, f"{tally.failed} failed"] if tally.failed else parts)


def _list(title: str, lines: list[str]) -> None:
    if lines:
        say(f"{title}:")
        for line in lines[:MOST_LINES]:
            say(f"  {line}")
        if len(lines) > MOST_LINES:
            say(f"  and {len(lines) - MOST_LINES} more; --json shows all")
