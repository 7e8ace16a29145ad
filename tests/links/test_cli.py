"""`trackside link …` against a running server."""

import json
import subprocess
import sys

from support.links import settle, url_of
from support.servers import Server, environment


def trackside(server: Server, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "import sys; from trackside.cli.main import main; sys.exit(main())", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment(TRACKSIDE_URL=server.url), check=False
    )


def test_a_link_is_added_shown_checked_mended_and_removed(server: Server) -> None:
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
    assert (same.returncode, same.stdout) == (0, "1 runs compared: no difference\n")
    assert differs.returncode == 1
    assert f"run {run}: tag k is 'v' here and 'other' there" in differs.stdout
    assert mended.returncode == 0
    assert there.tags(run)["k"] == "v"
    assert paused.stdout == "link l is paused\n"
    assert "paused" in shown.stdout
    assert removed.stdout == "link l is removed\n"


def test_what_cannot_be_is_said_in_a_line(server: Server) -> None:
    server.api.new_workspace("north")

    itself = trackside(server, "link", "add", "l", "-w", "north", "--to", url_of(server, "north"))
    nobody = trackside(server, "link", "add", "l", "-w", "north", "--to", "http://127.0.0.1:9")
    no_date = trackside(server, "link", "add", "l", "--to", url_of(server, "north"), "--backfill", "soon")
    no_link = trackside(server, "link", "show", "l")

    assert [each.returncode for each in (itself, nobody, no_date, no_link)] == [2, 2, 2, 2]
    assert "is this workspace itself" in itself.stderr
    assert "cannot be reached" in nobody.stderr
    assert "backfill is 'soon'; it must be all, none, or a date" in no_date.stderr
    assert "Link 'l' not found" in no_link.stderr


def test_the_init_script_names_the_workspace(server: Server) -> None:
    made = trackside(server, "link", "init-script", "-w", "north", "--server", "https://tracking.example:8443")

    assert made.returncode == 0
    assert "export MLFLOW_TRACKING_URI=https://tracking.example:8443/ws/north" in made.stdout
    assert subprocess.run(["bash", "-n"], input=made.stdout, text=True, check=False).returncode == 0
