"""Commands with --json print one JSON document and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.test_cli import COMMANDS
from support.links import put_file, url_of
from support.processes.servers import Server, trackside

# Those of a store, in their order: a line without --json makes what the others show.
OF_A_STORE = """
db upgrade
user create ann --admin --no-password
user create bot --service
user list --json
user identities ann --json
user trusts bot --json
group create vision
group list --json
token create notebook --user ann
token list --user ann --json
role list --json
access grant ann Reader
access list --json
access explain ann runs/read --json
audit list --json
doctor --port 0 --json
backup create --to kept --json
backup list kept --json
backup verify kept --json
backup export default --to archives --json
backup import archives --as brought --json
backup restore kept --data restored --json
"""

# Those of a server that nobody signs in to.
OF_A_SERVER = """
workspace create team --json
workspace list --json
link add twin --to SOUTH
link list --json
link show twin --json
link check twin --json
link log twin --json
link remove twin
endpoint create served --model models:/empty/1
endpoint list --json
endpoint show served --json
endpoint logs served --json
endpoint keys served --json
endpoint request-log served --json
endpoint request-log served --rows 1 --json
job list --json
storage --count --json
storage --by workspace --json
job show JOB --json
schedule create nightly storage-count --interval 3600
schedule list --json
schedule show nightly --json
monitor list --json
monitor incidents --json
hold add run RUN --reason x --json
hold list --json
hold remove run RUN
retention preview --older-than 30000 --json
retention run --older-than 30000 --json
retention schedule old --older-than 30000 --json
retention traces --older-than 30000 --json
retention traces --older-than 30000 --preview --json
orphans find --json
orphans list --json
orphans quarantine --preview --json
orphans quarantine --yes --json
orphans quarantined --json
orphans purge --older-than 0 --preview --json
orphans purge --older-than 0 --yes --json
alert set slow endpoint_p95_ms --above 50
alert list --json
alert show slow --json
webhook list --json
quota set runs 1000
quota list --json
quota show --json
delete run RUN --preview --json
delete run RUN --yes --json
trash list --json
trash purge --older-than 0 --preview --json
trash purge --older-than 0 --yes --json
delete workspace team --preview --json
delete workspace team --yes --json
import SOURCE --dry-run --json
"""

ELSEWHERE = {  # proved by tests of their own
    *("drift compare", "monitor show", "monitor run", "orphans restore", "profile"),
    *(f"webhook {verb}" for verb in ("show", "deliveries", "delivery")),
    *(words for words in COMMANDS if words.startswith("delete ")),  # all are `delete run`
}


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def check(words: list[str], cwd: Path, **variables: str) -> None:
    code, said, complaint = trackside(*words, cwd=cwd, **variables)
    assert code == 0, (words, said, complaint)
    if "--json" in words:
        json.loads(said)


def test_these_tests_cover_every_command_with_json_output() -> None:
    tried = {
        " ".join(words[:count]) for words in lines(OF_A_STORE + OF_A_SERVER) for count in (1, 2) if "--json" in words
    }
    has_json = {
        words
        for words, parser in COMMANDS.items()
        if any("--json" in action.option_strings for action in parser._actions)
    }

    assert has_json - tried - ELSEWHERE == set()


def test_commands_of_a_store_print_json(tmp_path: Path) -> None:
    for words in lines(OF_A_STORE):
        check(words, tmp_path)


@pytest.mark.slow
def test_commands_of_a_server_print_json(server: Server, start: Callable[..., Server], tmp_path: Path) -> None:
    api = server.api
    api.new_workspace("south")
    run_id = api.new_run()
    job = api.post("/api/trackside/v1/jobs", kind="storage-count")["job"]["job_id"]
    of_model = api.new_run()
    source = f"{api.run(of_model)['info']['artifact_uri']}/model"
    put_file(api, of_model, "model/MLmodel", b"flavors: {}")
    api.post("registered-models/create", name="empty")
    api.post("model-versions/create", name="empty", source=source, run_id=of_model)
    named = {"SOUTH": url_of(server, "south"), "RUN": run_id, "JOB": job, "SOURCE": start().url}

    for words in lines(OF_A_SERVER):
        check([named.get(word, word) for word in words], tmp_path, TRACKSIDE_URL=server.url)
