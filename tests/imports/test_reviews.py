"""Scorers, questions, review queues and issues of a stock server: by its database and by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imports.conftest import Importer, tally
from support.client import Api, Socket
from support.processes.servers import Server
from support.stock.server import stock_server
from support.traces import Sent, export, trace_id

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
KINDS = ("scorers", "label_schemas", "review_queues", "issues")
JUDGE = {
    "name": "tone",
    "instructions_judge_pydantic_data": {"instructions": "Is {{ outputs }} polite?", "model": "openai:/m"},
}


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("stock")
    with stock_server(folder) as url:
        yield folder, url


class Seen:
    """What clients see beside the traces of an experiment."""

    def __init__(self, api: Api, name: str) -> None:
        self.api = api
        self.id = api.get("experiments/get-by-name", experiment_name=name)["experiment"]["experiment_id"]

    def all(self) -> dict[str, Any]:
        here = {"experiment_id": self.id}
        schemas = self._get("label-schemas/list", **here)["label_schemas"]
        default = next((each["schema_id"] for each in schemas if each.get("is_default")), None)
        queues = self._get("review-queues/list", **here)["review_queues"]
        return {
            "scorers": [
                self._plain(each)
                for each in self._get("scorers/versions", **here, name="tone")["scorers"]
            ],
            "schemas": [self._plain(each) for each in schemas if not each.get("is_default")],
            "queues": [
                self._plain(each) | {"schema_ids": sorted("default" if one == default else one for one in each["schema_ids"])}
                for each in queues
            ],
            "items": [
                self._get("review-queues/items/list", queue_id=each["queue_id"])["items"] for each in queues
            ],
            "issues": [
                self._plain(each)
                for each in self.api.post("issues/search", version="3.0", **here)["issues"]
            ],
        }  # fmt: skip

    def _get(self, path: str, **arguments: Any) -> Any:
        return self.api.get(path, version="3.0", **arguments)

    def _plain(self, given: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in given.items() if key != "experiment_id" and value not in (None, False, [])}


@pytest.mark.parametrize("kind", ["database", "server"])
def test_scorers_questions_queues_and_issues_are_imported_with_their_ids(
    server: Server, bring: Importer, stock: tuple[Path, str], kind: str
) -> None:
    folder, url = stock
    transport = Socket(int(url.rpartition(":")[2]))
    api = Api(transport)
    name, number = f"reviews of {kind}", 1 if kind == "database" else 2
    here = {"experiment_id": api.new_experiment(name)}
    export(api, Sent(1, trace=number), experiment_id=here["experiment_id"])
    for text in ("polite?", "very polite?"):
        api.post(
            "scorers/register", version="3.0", **here, name="tone", serialized_scorer=json.dumps({**JUDGE, "v": text})
        )
    schemas = [
        api.post(
            "label-schemas/create", version="3.0", **here, name=each, type="FEEDBACK", input=asked, instruction="ü"
        )["label_schema"]["schema_id"]
        for each, asked in {
            "right": {"pass_fail": {"positive_label": "Yes", "negative_label": "No"}},
            "tone": {"categorical": {"options": ["kind", "rude"], "multi_select": True}},
            "score": {"numeric": {"min_value": 0.5}},
        }.items()
    ]
    listed = api.get("label-schemas/list", version="3.0", **here)["label_schemas"]
    default = next(each["schema_id"] for each in listed if each.get("is_default"))
    queue = api.post(
        "review-queues/create", version="3.0", **here, name="Week 48", queue_type="CUSTOM", created_by="ann",
        users=["ada", "grace"], schema_ids=[schemas[0], default],
    )["review_queue"]["queue_id"]  # fmt: skip
    api.post("review-queues/items/add", version="3.0", queue_id=queue, item_type="TRACE", item_ids=[trace_id(number)])
    api.post(
        "review-queues/items/set-status", version="3.0", queue_id=queue, item_id=trace_id(number), status="COMPLETE",
        completed_by="ada",
    )  # fmt: skip
    issue = api.post(
        "issues", version="3.0", **here, name="slow", description="takes long", status="pending", severity="high",
        root_causes=["one lock"], categories=["speed"],
    )["issue"]["issue_id"]  # fmt: skip
    source = url if kind == "server" else f"sqlite:///{folder}/mlflow.db"
    there = Seen(api, name)

    tried, first, second = bring(source, "--dry-run"), bring(source), bring(source)
    came, was = Seen(server.api, name).all(), there.all()
    changes = {"issue_id": issue, "status": "resolved"}  # MLflow's server wants the id in the body too
    assert api.ask("PATCH", f"issues/{issue}", changes, version="3.0").status == 200
    api.post("review-queues/update", version="3.0", queue_id=queue, update_users=True, users=["ada"], name="Week 49")
    third = bring(source)

    assert came == was
    assert (first.code, first.report["left_out"]) == (0, [])
    for each in KINDS:
        new, changed, same, failed = tally(first.report, each)
        assert (new > 0, changed, failed) == (True, 0, 0), each
        assert tally(tried.report, each)[0] == new, each
        assert tally(second.report, each) == (0, 0, new + same, 0), each
    assert tally(third.report, "issues")[1] == 1
    assert tally(third.report, "review_queues")[1] == 1
    assert Seen(server.api, name).all() == there.all()
    transport.close()
