"""A bug of ours is not reported as the remote's fault, and an answer of another shape is not reported as a bug."""

from typing import Any

import pytest

from support.faults.answering import Answered, answering
from trackside.core.http_client.client import Http
from trackside.core.http_client.credentials import Secret
from trackside.links.reconcile.attempt import attempt
from trackside.sync.entities import Entity
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.mlflow.client import MlflowPeer
from trackside.sync.remote.trackside.client import TracksidePeer

PEERS: list[Any] = [TracksidePeer, lambda http: MlflowPeer(http, "", lambda _: True)]


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"run": 1}', b'{"fields": [1]}', b'{"run": {"info": {"experiment_id": []}}}']
)
@pytest.mark.parametrize("connect", PEERS)
def test_an_answer_of_another_shape_is_the_remotes_fault(connect: Any, body: bytes) -> None:
    with answering(lambda _: Answered(body=body)) as url:
        peer = connect(Http(url, Secret()))

        with pytest.raises(InvalidRemoteResponse, match=r"cannot be read|does not answer as MLflow does"):
            attempt(lambda: peer.read(Entity.RUN, "r"), _none_is_left_out)
        peer.close()


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), ValueError("x")])
def test_the_same_error_elsewhere_is_a_bug_of_ours(error: Exception) -> None:
    def work() -> str:
        raise error

    said = attempt(work, _none_is_left_out)

    assert said is not None
    assert "a bug of Trackside" in said


def _none_is_left_out(words: str) -> None:
    raise AssertionError(words)
