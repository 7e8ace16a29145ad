"""A bug is not reported as an error of the remote, and an invalid answer is not reported as a bug."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import msgspec
import pytest

from support.faults.answering import Answered, Asked, answering
from trackside.core.errors import Fault
from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable, RequestRejected
from trackside.evaluation_datasets.whole_record import Record
from trackside.links.reconcile.attempt import attempt
from trackside.sync import fields
from trackside.sync.document import Patch
from trackside.sync.entities import Entity
from trackside.sync.remote.databricks.client import DatabricksRemote
from trackside.sync.remote.databricks.files import PartCalls
from trackside.sync.remote.databricks.oauth import MachineToken
from trackside.sync.remote.databricks.store_requests import Credential
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.mlflow.client import MlflowRemote
from trackside.sync.remote.mlflow.shapes import decoded
from trackside.sync.remote.port import Unmirrored
from trackside.sync.remote.trackside.client import TracksideRemote

PEERS: dict[str, Callable[[HttpClient], Any]] = {
    "trackside": TracksideRemote,
    "mlflow": lambda http: MlflowRemote(http, ""),
    "databricks": lambda http: DatabricksRemote(http, ""),
}
WORDS = (
    RemoteUnavailable,
    RequestRejected,
    Unmirrored,
    Fault,
    NotImplementedError,
)  # what a caller of an adapter expects
ITEM = Patch({fields.NAME: "n", fields.START_TIME: "1"})
CALLS: dict[str, Callable[[Any], Any]] = {
    "experiment": lambda peer: peer.read(Entity.EXPERIMENT, "1"),
    "run": lambda peer: peer.read(Entity.RUN, "r"),
    "logged model": lambda peer: peer.read(Entity.LOGGED_MODEL, "m-1"),
    "store": lambda peer: peer.ask_store(),
    "experiment by name": lambda peer: peer.find_experiment("n"),
    "new experiment": lambda peer: peer.make_experiment("n"),
    "copy of a run": lambda peer: peer.find_copy(Entity.RUN, "r", "1", is_brought=True),
    "copy of a logged model": lambda peer: peer.find_copy(Entity.LOGGED_MODEL, "m-1", "1", is_brought=True),
    "new run": lambda peer: peer.make(Entity.RUN, "r", "1", ITEM),
    "new logged model": lambda peer: peer.make(Entity.LOGGED_MODEL, "m-1", "1", ITEM),
    "changed run": lambda peer: peer.change(Entity.RUN, "r", "1", ITEM),
    "is it empty": lambda peer: peer.is_empty("1"),
    "last points": lambda peer: peer.series("r"),
    "digests": lambda peer: peer.digests("r"),
    "points": lambda peer: list(peer.points("r", "loss", 0)),
    "files of a run": lambda peer: peer.files(Entity.RUN, "r"),
    "files of a version": lambda peer: peer.files(Entity.MODEL_VERSION, "n/1"),
    "changes": lambda peer: peer.changes(""),
    "everything": lambda peer: peer.everything(""),
    "end of changes": lambda peer: peer.end_of_changes(),
    "registered model": lambda peer: peer.registry.read(Entity.REGISTERED_MODEL, "n"),
    "version": lambda peer: peer.registry.read(Entity.MODEL_VERSION, "n/1"),
    "registry": lambda peer: list(peer.registry.everything()),
    "run for files": lambda peer: peer.registry.prepare_files("n", "u", {fields.NUMBER: "1"}),
    "new version": lambda peer: peer.registry.make_version("n", "u", {fields.NUMBER: "1"}, None),
    "versions": lambda peer: peer.registry.versions_of("n"),
    "dataset": lambda peer: peer.datasets.read("d"),
    "datasets": lambda peer: list(peer.datasets.everything()),
    "copy of a dataset": lambda peer: peer.datasets.find_copy("d", is_brought=True),
    "new dataset": lambda peer: peer.datasets.make("d", {fields.NAME: "n"}),
    "records": lambda peer: list(peer.datasets.records("d", ["0"])),
    "trace": lambda peer: peer.traces.read("tr-1"),
    "recent traces": lambda peer: list(peer.traces.recent(0)),
    "fingerprints of spans": lambda peer: peer.traces.fingerprints("tr-1"),
    "spans": lambda peer: list(peer.traces.spans("tr-1", ["00"])),
}
BODIES = [
    b"{}",
    b"[]",
    b"null",
    b'{"run": 1, "experiment": 1, "model": [], "registered_model": "", "model_version": null, "dataset": 0, "trace": []}',
    b'{"runs": [{"info": {}}], "experiments": [1], "models": [{}], "datasets": [[]], "traces": [{}], "files": {"a": 1}}',
    b'{"run": {"info": {"experiment_id": []}}, "model": {"info": {}}, "trace": {"trace_info": {"trace_id": 1}}}',
    b'{"dataset": {"dataset_id": "d", "name": "n", "tags": "{"}, "records": "[{\\"inputs\\": 1}]", "spans": 1}',
    b'{"dataset": {"dataset_id": "d", "name": "n", "profile": "[]"}, "records": "[", "spans": [1]}',
    b'{"runs": 1, "models": 1, "datasets": 1, "traces": 1, "files": [{}], "metrics": [{"value": "x"}], "spans": [{}]}',
    b'{"registered_models": [{}], "model_versions": [{"name": "n", "version": "x"}], "experiment_ids": 1, "fields": [1]}',
    b'{"series": {"loss": [1, 1, "x"]}, "ids": [1], "changes": [{}], "workspace_uid": 1, "fingerprints": [], "buckets": 1}',
    b'{"workspace_uid": "a b/c", "last_seq": 1}',
    b'{"id": "r", "left_out": [["point", "x"]], "made": true, "experiment_id": "1", "fields": []}',
]


class Remote:
    """A remote that gives the same answer to every call."""

    def __init__(self) -> None:
        self.body = b"{}"
        self.url = ""

    def answer(self, _: Asked) -> Answered:
        return Answered(body=self.body)


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    made = Remote()
    with answering(made.answer) as made.url:
        yield made


def test_no_answer_makes_an_adapter_fail_with_an_error_about_a_value(remote: Remote, subtests: pytest.Subtests) -> None:
    for (call, made), (kind, connect) in itertools.product(CALLS.items(), PEERS.items()):
        with subtests.test(call=call, kind=kind):
            for remote.body in BODIES:
                with closing(connect(HttpClient(remote.url, Secret()))) as peer, suppress(*WORDS):
                    made(peer)


def test_an_answer_of_another_form_is_an_error_of_the_remote(remote: Remote, subtests: pytest.Subtests) -> None:
    bodies = [b"{}", b"[]", b'{"run": 1}', b'{"fields": [1]}', b'{"run": {"info": {"experiment_id": []}}}']
    for (kind, connect), remote.body in itertools.product(PEERS.items(), bodies):
        with (
            subtests.test(kind=kind, body=remote.body),
            closing(connect(HttpClient(remote.url, Secret()))) as peer,
            pytest.raises(InvalidRemoteResponse, match="cannot be read"),
        ):
            attempt(lambda: peer.read(Entity.RUN, "r"), _none_is_left_out)


def test_fields_that_are_null_or_numbers_in_texts_are_read(remote: Remote) -> None:
    remote.body = b'{"run": {"info": {"experiment_id": 7, "run_uuid": "r", "start_time": "5", "artifact_uri": null}}}'
    with closing(MlflowRemote(HttpClient(remote.url, Secret()), "")) as peer:
        part = peer.read(Entity.RUN, "r")

        assert part is not None
        assert (part.item_id, part.experiment_id, part.doc[fields.START_TIME]) == ("r", "7", "5")
        assert peer.root(Entity.RUN, "r") == ""

    remote.body = b'{"access_token": "t", "expires_in": "3600"}'
    assert MachineToken(remote.url, Secret(), CancelToken())() == "t"


def test_an_invalid_answer_about_tokens_or_signed_urls_is_an_error_of_the_remote(
    remote: Remote, subtests: pytest.Subtests
) -> None:
    cases = [b"[]", b'{"access_token": 1}', b'{"upload_id": 1}', b'{"credential_infos": [{}]}']
    for remote.body in cases:
        with subtests.test(body=remote.body), closing(HttpClient(remote.url, Secret())) as http:
            for ask in (
                lambda: PartCalls(http, "r", "f").begin(1),
                lambda: PartCalls(http, "r", "f").url("u", 1),
                MachineToken(remote.url, Secret(), CancelToken()),
            ):
                with pytest.raises(InvalidRemoteResponse, match="cannot be read"):
                    ask()


def test_unrequested_records_end_the_reading_of_a_dataset(remote: Remote) -> None:
    record = Record("other", "r", 1, 1, "{}", None, None, "{}", None, None, None, None, None)
    remote.body = msgspec.json.encode({"records": [record]})
    words = "records of d that was not requested"
    with (
        closing(TracksideRemote(HttpClient(remote.url, Secret()))) as peer,
        pytest.raises(InvalidRemoteResponse, match=words),
    ):
        list(peer.datasets.records("d", ["wanted"]))


@pytest.mark.parametrize("uri", ["http://[", "http://store:port/f"])
def test_an_invalid_signed_url_is_an_error_of_the_remote(uri: str) -> None:
    with pytest.raises(InvalidRemoteResponse, match="Credential"):
        decoded(Credential, {"signed_uri": uri})


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), ValueError("x")])
def test_the_same_error_outside_of_an_adapter_is_a_bug(error: Exception) -> None:
    def work() -> str:
        raise error

    _is_bug(work)


def test_a_programming_error_inside_an_adapter_is_a_bug(remote: Remote) -> None:
    remote.body = b"{}"
    with closing(MlflowRemote(HttpClient(remote.url, Secret()), "")) as peer:
        peer.may_be_trackside = False
        _is_bug(lambda: str(peer.make(Entity.RUN, "r", "1", Patch({fields.START_TIME: "no number"}))))


def _is_bug(work: Callable[[], str]) -> None:
    said = attempt(work, _none_is_left_out)

    assert said is not None
    assert "a bug of Trackside" in said


def _none_is_left_out(words: str) -> None:
    raise AssertionError(words)
