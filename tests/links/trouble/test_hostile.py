"""A hostile remote of a pull link cannot access files of other items."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from support.client import Api
from support.faults.answering import Answered, Asked, answering
from support.links import add, get_file, log, put_file, until

LINK = "hostile"
PREFIX = "/api/trackside/v1/sync"


def trackside(run_id: str, path: str, body: bytes) -> Callable[[Asked], Answered]:
    """Another Trackside with one run that has one file."""

    def answer(asked: Asked) -> Answered:
        parts = urlsplit(asked.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        fields = [["name", "", "x"], ["status", "", "FINISHED"], ["user", "", ""], ["start_time", "", "1"]]
        match parts.path.removeprefix(PREFIX), query.get("entity"):
            case "/api/3.0/mlflow/server-info", _:
                return _json({"server": "trackside"})
            case "/about", _:
                return _json({"api": 1, "workspace": "x", "workspace_uid": "far", "last_seq": 1})
            case "/ids", "run" if not query.get("after"):
                return _json({"ids": [run_id]})
            case "/item", "run":
                return _json({"id": run_id, "experiment_id": "7", "fields": fields})
            case "/item", "experiment":
                return _json({"id": "7", "experiment_id": "", "fields": [["name", "", "theirs"]]})
            case "/changes", _:
                return _json({"next": 1, "more": False, "workspace_uid": "far", "oldest": 1, "newest": 1})
            case "/series", _:
                return _json({"series": {}})
            case "/files", _:
                return _json({"files": {path: [len(body), "1"]}})
            case "/file", _:
                return Answered(200, body, {"etag": '"1"'})
        return _json({})

    return answer


def _json(answer: object) -> Answered:
    return Answered(200, json.dumps(answer).encode())


@pytest.fixture
def victim(here: Api) -> tuple[Api, str]:
    run_id = here.new_run()
    put_file(here, run_id, "model.pkl", b"ours")
    return here, run_id


@pytest.mark.parametrize("their_id", ["?", "#", "%3F", "../..", "a?b"])
def test_an_id_that_would_change_a_path_is_refused(victim: tuple[Api, str], their_id: str) -> None:
    api, run_id = victim
    with answering(trackside(their_id, f"{run_id}/artifacts/model.pkl", b"hostile")) as url:
        add(api, LINK, url, mode="pull", kind="trackside")

        until(lambda: any(entry["entity_id"] == their_id for entry in log(api, LINK)), "the item to be refused")

        refused = [entry["message"] for entry in log(api, LINK) if entry["entity_id"] == their_id]
        assert all("letters, digits" in message for message in refused)
        assert get_file(api, run_id, "model.pkl") == b"ours"
        api.ask("DELETE", f"/api/trackside/v1/links/{LINK}")


@pytest.mark.parametrize(
    "path", ["../{0}/artifacts/model.pkl", "/../{0}/artifacts/model.pkl", "..%2f{0}%2fartifacts%2fmodel.pkl"]
)
def test_a_file_in_the_folder_of_another_run_is_skipped(victim: tuple[Api, str], path: str) -> None:
    api, run_id = victim
    with answering(trackside("theirs", path.format(run_id), b"hostile")) as url:
        add(api, LINK, url, mode="pull", kind="trackside")

        until(lambda: any(entry["entity_id"] == "theirs" for entry in log(api, LINK)), "the file to be left out")

        assert get_file(api, run_id, "model.pkl") == b"ours"
        assert api.get("artifacts/list", run_id="theirs").get("files") is None
        api.ask("DELETE", f"/api/trackside/v1/links/{LINK}")
