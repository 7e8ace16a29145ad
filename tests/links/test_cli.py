"""`trackside link …` against a running server."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.links import get_file, put_file, settle, url_of
from support.processes import servers
from support.processes.servers import Server, environment


def trackside(server: Server, *words: str) -> "subprocess.CompletedProcess[str]":
    code, said, complaints = servers.run(words, {"TRACKSIDE_URL": server.url}, timeout_s=60)
    return subprocess.CompletedProcess(words, code, said, complaints)


def test_a_link_is_added_shown_checked_repaired_and_removed(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = here.new_run(tags=[{"key": "k", "value": "v"}])

    added = trackside(server, "link", "add", "l", "-w", "north", "--to", url_of(server, "south"))
    listed = json.loads(trackside(server, "link", "list", "-w", "north", "--json").stdout)
    same = trackside(server, "link", "check", "l", "-w", "north")
    there.post("runs/set-tag", run_id=run, key="k", value="other")
    differs = trackside(server, "link", "check", "l", "-w", "north")
    mended = trackside(server, "link", "sync", "l", "-w", "north")
    settle(here, "l")
    paused = trackside(server, "link", "pause", "l", "-w", "north")
    shown = trackside(server, "link", "show", "l", "-w", "north")
    removed = trackside(server, "link", "remove", "l", "-w", "north")

    assert (added.returncode, added.stderr) == (0, "")
    assert [(each["name"], each["mode"]) for each in listed] == [("l", "push")]
    assert (same.returncode, same.stdout) == (0, "2 items compared: no difference\n")
    assert differs.returncode == 1
    assert f"run {run}: tag k is 'v' in this workspace and 'other' on the remote" in differs.stdout
    assert "1 of 2 items differ; run `trackside link sync l -w north` to repair them" in differs.stderr
    assert mended.returncode == 0
    assert there.tags(run)["k"] == "v"
    assert paused.stdout == "link l is paused\n"
    assert "paused" in shown.stdout
    assert removed.stdout == "link l is removed\n"


def test_impossible_options_of_a_link_are_reported_in_one_line(server: Server) -> None:
    server.api.new_workspace("north")

    itself = trackside(server, "link", "add", "l", "-w", "north", "--to", url_of(server, "north"))
    nobody = trackside(server, "link", "add", "l", "-w", "north", "--to", "http://127.0.0.1:9")
    no_date = trackside(server, "link", "add", "l", "--to", url_of(server, "north"), "--backfill", "soon")
    no_link = trackside(server, "link", "show", "l")
    no_rates = [
        trackside(server, "link", "add", "l", "-w", "north", "--to", server.url, "--rate", rate)
        for rate in ("-1", "0.001", "inf", "nan")
    ]
    no_api = trackside(server, "link", "add", "l", "--to", f"{server.url}/nothing")

    assert [each.returncode for each in (itself, nobody, no_date, no_link, *no_rates, no_api)] == [2] * 9
    assert all("it must be 0.1 or more calls a second, or 0" in each.stderr for each in no_rates[:2])
    assert all("it must be a number" in each.stderr for each in no_rates[2:])
    assert "answers, but not as an MLflow server or Trackside does" in no_api.stderr
    assert "is this workspace itself" in itself.stderr
    assert "cannot be reached" in nobody.stderr
    assert "backfill is 'soon'; it must be all, none, or a date" in no_date.stderr
    assert "Link 'l' not found" in no_link.stderr


def test_a_server_that_is_not_trackside_is_reported(server: Server) -> None:
    """The answer of another program is not quoted as a message of Trackside."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{web.server_port}"
        listed = trackside(server, "link", "list", "--server", url)
        web.shutdown()

    assert listed.returncode == 2
    assert f"{url} answered 404 and is not a Trackside server; set --server or TRACKSIDE_URL" in listed.stderr


def test_the_init_script_names_the_workspace(server: Server) -> None:
    made = trackside(server, "link", "init-script", "-w", "north", "--server", "https://tracking.example:8443")

    assert made.returncode == 0
    assert "MLFLOW_TRACKING_URI=https://tracking.example:8443/ws/north" in made.stdout
    assert subprocess.run(["bash", "-n"], input=made.stdout, text=True, check=False).returncode == 0


def test_a_sync_shows_a_bar_on_a_terminal_and_explains_why_it_does_not_wait(server: Server) -> None:
    here = server.api.new_workspace("north")
    server.api.new_workspace("south")
    for _ in range(3):
        here.new_run()
    trackside(server, "link", "add", "l", "-w", "north", "--to", url_of(server, "south"), "--no-wait")
    settle(here, "l")

    code, shown = _on_a_terminal(server, "link", "sync", "l", "-w", "north")
    trackside(server, "link", "pause", "l", "-w", "north")
    here.new_run()
    paused = trackside(server, "link", "sync", "l", "-w", "north")

    assert code == 0
    assert "[##############################] " in shown
    assert "items, 0 points/s" in shown
    assert "everything is compared, 4 items are on both sides" in shown
    assert paused.returncode == 1
    assert "link l is paused: " in paused.stderr


@pytest.mark.slow
def test_a_sync_ends_when_only_refused_items_are_left(start: Callable[..., Server]) -> None:
    near, far = start("--durability", "relaxed"), start("--durability", "relaxed")
    experiment = near.api.new_experiment("iris")
    run = near.api.new_run(experiment)
    trackside(near, "link", "add", "l", "--to", far.url, "--mode", "push")
    name = far.api.get("experiments/get-by-name", experiment_name="iris")["experiment"]["experiment_id"]
    far.api.post("experiments/update", experiment_id=name, new_name="roses")
    far.api.new_experiment("iris")  # so the name that it shall have is taken

    waited = trackside(near, "link", "sync", "l")
    logged = trackside(near, "link", "log", "l")
    shown = trackside(near, "link", "show", "l")

    assert waited.returncode == 1
    assert "1 item waits, refused by the remote; `trackside link log l` shows the reasons" in waited.stderr
    assert f"refused experiment {experiment}: " in logged.stdout
    assert "already exists" in logged.stdout
    assert "1 item, " in shown.stdout
    assert "1 refused so far" in shown.stdout
    assert far.api.run(run)


@pytest.mark.slow
def test_a_check_by_bytes_prints_the_sync_that_repairs_the_differences(server: Server) -> None:
    here, there = server.api.new_workspace("north"), server.api.new_workspace("south")
    run = here.new_run()
    put_file(here, run, "a.txt", b"12345678")
    trackside(server, "link", "add", "l", "-w", "north", "--to", url_of(server, "south"))
    put_file(there, run, "a.txt", b"1234567X")

    found = trackside(server, "link", "check", "l", "-w", "north", "--verify")
    mended = trackside(server, "link", "sync", "l", "-w", "north", "--verify")
    same = trackside(server, "link", "check", "l", "-w", "north", "--verify")

    assert found.returncode == 1
    assert "run `trackside link sync l --verify -w north` to repair them" in found.stderr
    assert (mended.returncode, same.returncode) == (0, 0)
    assert get_file(there, run, "a.txt") == b"12345678"


def _on_a_terminal(server: Server, *words: str) -> tuple[int, str]:
    """Exit code, and what a terminal would show."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "import sys; from trackside.cli.main import main; sys.exit(main())", *words]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment(TRACKSIDE_URL=server.url))
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # nobody writes any more
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    return process.wait(60), shown.decode()
