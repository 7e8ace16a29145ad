"""Messages of commands for invalid arguments, with the names of the command line and valid values."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from support.client import Api
from support.links import url_of
from support.processes.command_line import run_here
from support.processes.servers import Server, trackside
from support.receiver import Receiver

MISTAKES = [
    ("job list --max 0", "--max is 0; it must be between 1 and 1000"),
    ("job list --max x", "--max is 'x'; it must be a whole number (see `trackside job list -h`)"),
    ("job list --state x", "--state is 'x'; it must be one of queued, running, succeeded, failed, cancelled"),
    ("job start storage-count []", "JSON is '[]'; it must be an object, such as {}"),
    ('job start empty-trash {"older_than_day":9}', "'older_than_day' is not known; it takes older_than_days, kind"),
    ("job start project {}", "params of a job of kind 'project': Object missing required field `run_id`"),
    ("schedule create n storage-count --interval 0", "a schedule needs either cron or --interval (1 or more)"),
    ("schedule create n storage-count --cron @daily --timezone x", "--timezone is 'x'; it must be a name such as UTC"),
    ('schedule create n storage-count {"x":1} --interval 60', "'x' is not known; it takes none"),
    ("link add l --to x", "--to is 'x'; it must be http(s)://HOST"),
    ("link add l --to http://127.0.0.1:1 --rate x", "--rate is 'x'; it must be a number (see `trackside link add -h"),
    ("profile m --rate nan", "--rate is 'nan'; it must be a number (see `trackside profile -h`)"),
    ("alert set r events --above inf", "--above is 'inf'; it must be a number (see `trackside alert set -h`)"),
    ('job start x {"a":NaN}', """JSON is '{"a":NaN}', which cannot be read (JSON has no NaN)"""),
    (f"job start x {'[' * 100_000}", f"JSON is '{'[' * 200}', which cannot be read (it is nested too deeply)"),
    ("hold add workspace --reason x --until 2020-01-01", "--until is '2020-01-01'; it must be a day after today"),
    ("endpoint update e --mirror x", "--mirror is 'x'; it must be NAME=PERCENT, such as blue=90"),
    ("endpoint invoke e none.json", "FILE is 'none.json', which cannot be read (No such file or directory)"),
    (
        "user create bot --service --one-time-password",
        "--service creates a service principal, which has no password; create",
    ),
    ("user create ann --no-password --password-stdin", "--password-stdin: not allowed with argument --no-password"),
    ("retention traces --older-than 3 --cron @daily", "--cron needs --schedule NAME"),
    ("retention traces --older-than 3 --preview --cron @daily", "--cron needs --schedule NAME"),
    ("retention traces --older-than 3 --preview --schedule x", "--schedule: not allowed with argument --preview"),
    ("link add l --to http://x --token-file a --username b", "--username: not allowed with argument --token-file"),
    ("import . --token-file a --username b", "--username: not allowed with argument --token-file"),
    ("schedule create n storage-count --interval 60 --timezone UTC", "--timezone needs --cron"),
    (
        "endpoint create e --replicas 3",
        "--backend, --env, --replicas, --max-replicas, --set and --wait need --model",
    ),
    ("access revoke x", "ID is 'x'; it must be a whole number (see `trackside access revoke -h`)"),
    ("trash list --older-than -1", "--older-than is -1; it must be between 0 and 36500"),
    ("retention preview --keep-best 3", "--keep-best is given without metric; name the metric"),
    ("monitor create m", "one of the arguments --endpoint --table is required (see `trackside monitor create -h`)"),
    (
        "monitor create m --table x --baseline y --past 3",
        "--past: not allowed with argument --baseline (see `trackside",
    ),
    (
        "endpoint request-log e --on --rows 5",
        "--rows: not allowed with argument --on (see `trackside endpoint request-log -h`)",
    ),
    ("delete metric r m --steps 5..1", "--steps is '5..1'; 5 must not exceed 1"),
    ("delete version m x", "VERSION is 'x'; it must be a number"),
    (
        "workspace create team --artifact-root /etc",
        "--artifact-root is '/etc', which is not inside a folder or bucket that",
    ),
    ("login nonsense", "URL is 'nonsense'; it must be http(s)://HOST:PORT"),
    ("score x --input runs:/r/in.csv --output out.csv", "MODEL is 'x'; it must be a URI such as models:/NAME/VERSION"),
]


def test_an_invalid_argument_is_quoted_as_it_was_typed(
    server: Server, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for command, said in MISTAKES:
        with subtests.test(command=command, said=said):
            code, output, complaint = run_here(*command.split(), cwd=tmp_path, TRACKSIDE_URL=server.url)

            assert (code, output, complaint.count("\n")) == (2, "", 1)
            assert said in complaint


def test_workspaces_are_counted_before_they_are_shown(server: Server, tmp_path: Path) -> None:
    url = {"TRACKSIDE_URL": server.url}

    before = trackside("storage", "--by", "workspace", cwd=tmp_path, **url)
    counted = trackside("storage", "--by", "workspace", "--count", cwd=tmp_path, **url)

    assert "not counted yet" in before[1]
    assert (counted[0], "not counted yet" in counted[1]) == (0, False)


def test_empty_arguments_are_named(server: Server, tmp_path: Path) -> None:
    url = {"TRACKSIDE_URL": server.url}

    no_name = trackside("link", "add", "", "--to", "http://127.0.0.1:1", cwd=tmp_path, **url)
    no_reason = trackside("hold", "add", "workspace", "--reason", "", cwd=tmp_path, **url)

    assert (no_name[0], no_name[2]) == (2, "trackside: NAME is empty\n")
    assert (no_reason[0], no_reason[2]) == (2, "trackside: --reason is empty\n")


def test_an_unknown_action_is_answered_with_similar_actions(server: Server, tmp_path: Path) -> None:
    words = ("access", "explain", "ann", "runs.read", "--server", server.url)

    code, _, complaint = trackside(*words, cwd=tmp_path)

    assert code == 2
    assert "ACTION is 'runs.read'; it must be an action or its unambiguous ending, such as " in complaint
    assert "Microsoft.MachineLearningServices/workspaces/experiments/runs/read, " in complaint
    assert len(complaint) < 500


def test_zero_is_a_valid_number_of_days(tmp_path: Path) -> None:
    with closing(Receiver()) as server:
        for words in (["preview", "--keep-last", "0"], ["traces", "--preview"]):
            trackside("retention", *words, "--older-than", "0", "--server", server.url, cwd=tmp_path)

    assert [each.json for each in server.received] == [{"older_than_days": 0, "keep_last": 0}, {"older_than_days": 0}]


def test_the_log_of_a_link_is_one_document_of_json(server: Server, tmp_path: Path) -> None:
    url = {"TRACKSIDE_URL": server.url}
    server.api.new_workspace("south")
    server.api.post("/api/trackside/v1/links", name="l", to=url_of(server, "south"))

    code, said, _ = trackside("link", "log", "l", "--json", cwd=tmp_path, **url)

    assert (code, json.loads(said)) == (0, [])


def test_a_table_that_cannot_be_scored_leaves_no_run(server: Server, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    words = ("score", "models:/none/1", "--input", "in.csv", "--output", "out.csv", "--server", server.url)

    code, _, complaint = trackside(*words, cwd=tmp_path)

    assert (code, "Model Version (name=none, version=1) not found" in complaint) == (2, True)
    assert runs_of(server.api) == []


def runs_of(api: Api) -> list[str]:
    found = api.post("runs/search", experiment_ids=["0"]).get("runs", [])
    return [run["info"]["run_id"] for run in found]


def test_a_role_that_allows_nothing_is_reported(server: Server, tmp_path: Path) -> None:
    (tmp_path / "role.json").write_text('{"Name": "odd", "Actions": ["Other.Provider/things/read"]}')

    code, _, complaint = trackside("role", "create", "role.json", "--server", server.url, cwd=tmp_path)

    assert code == 0
    assert "the role allows nothing: no action of this server is among its Actions" in complaint


def test_patterns_of_a_role_that_match_nothing_are_named(server: Server, tmp_path: Path) -> None:
    prefix = "Microsoft.MachineLearningServices/workspaces"
    role = {
        "Name": "MLOps",
        "IsCustom": True,
        "Actions": [f"{prefix}/*/read", f"{prefix}/services/aci/write", f"{prefix}/metadata/snapshots/write"],
        "NotActions": [f"{prefix}/computes/*/write"],
    }
    (tmp_path / "role.json").write_text(json.dumps(role))

    code, _, complaint = trackside("role", "create", "role.json", "--server", server.url, cwd=tmp_path)

    assert code == 0
    strange = f"{prefix}/metadata/snapshots/write, {prefix}/computes/*/write"
    assert complaint == f"trackside: without effect, because no action of this server matches: {strange}\n"


def test_alert_rules_are_made_shown_and_removed(server: Server, tmp_path: Path) -> None:
    def alert(*words: str) -> tuple[int, str, str]:
        return trackside("alert", *words, "--server", server.url, cwd=tmp_path)

    made = alert("set", "failed runs", "events", "--target", "run.failed", "--above", "2", "--window", "600")
    changed = alert(
        "set", "slow", "endpoint_p95_ms", "--above", "50", "--for", "60", "--severity", "critical", "--disabled"
    )
    listed, shown = alert("list"), alert("show", "failed runs")
    for_programs = json.loads(alert("show", "slow", "--json")[1])
    wrong = alert("set", "x", "events", "--target", "no.event", "--above", "1")
    removed, gone = alert("delete", "slow"), alert("show", "slow")

    assert made == (0, "rule failed runs fires when events of run.failed is above 2 in 600 s\n", "")
    assert changed[1] == "rule slow fires when endpoint_p95_ms is above 50 in 300 s for 60 s\n"
    assert [line.split("  ")[0] for line in listed[1].splitlines()] == ["NAME", "failed runs", "slow"]
    assert "disabled" in listed[1]
    assert (shown[0], "value now   0\n" in shown[1]) == (0, True), shown
    assert (for_programs["severity"], for_programs["is_enabled"], for_programs["value_now"]) == (
        "critical",
        False,
        None,
    )
    assert (wrong[0], "no.event" in wrong[2]) == (2, True)
    assert (removed[:2], gone[0]) == ((0, "removed the rule slow\n"), 2)
