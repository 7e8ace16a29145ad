"""docs/compatibility.md matches MLflow's own descriptors and the application's answers."""

import re
import tomllib

import pytest

from support.documents import compatibility
from support.documents.compatibility import PAGE, ROOT, Rpc


@pytest.fixture(scope="module")
def found() -> list[Rpc]:
    return compatibility.rpcs()


def test_the_page_lists_every_call_of_mlflow_with_its_status(found: list[Rpc]) -> None:
    page = PAGE.read_text()

    assert compatibility.filled(page, compatibility.tables(found)) == page, "run `make compatibility`"


def test_a_call_is_listed_once_for_each_of_its_paths(found: list[Rpc]) -> None:
    page = PAGE.read_text()

    assert len({(rpc.method, rpc.path) for rpc in found}) == len(found) > 180
    for rpc in found:
        assert page.count(f"| {rpc.service} | {rpc.name} | {rpc.method} | `{rpc.path}` |") == 1


def test_a_page_with_an_unknown_call_is_detected(found: list[Rpc]) -> None:
    missing = next(rpc for rpc in found if rpc.state == "not yet")
    lied = [Rpc(rpc.service, rpc.name, rpc.method, rpc.path, "served") if rpc == missing else rpc for rpc in found]

    assert compatibility.tables(lied)["calls"] != compatibility.tables(found)["calls"]


def test_every_call_of_a_classic_training_is_supported(found: list[Rpc]) -> None:
    classic = re.compile(
        r"/2\.0/mlflow/(experiments|runs|metrics|artifacts|logged-models|registered-models|model-versions|webhooks)\b"
    )

    assert [rpc for rpc in found if classic.match(rpc.path) and rpc.state != "served"] == []


def test_the_tested_clients_are_those_of_the_pins() -> None:
    page = PAGE.read_text()
    pinned = {
        re.findall(r"^mlflow-skinny==(\S+)", file.read_text(), re.MULTILINE)[0]
        for file in (ROOT / "constraints").glob("compat-*.txt")
    }

    assert set(re.findall(r"`mlflow-skinny` ([0-9.]+[0-9])", page)) == pinned
    dev = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    assert f"mlflow=={re.findall(r'whole `mlflow` ([0-9.]+[0-9])', page)[0]}" in dev
