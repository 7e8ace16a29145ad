"""Callers that send the same head repeatedly on one connection: changes on the server apply to the next request, and each caller
gets the answer to its own rows."""

import http.client
import json
import os
import signal
import threading
from contextlib import closing
from typing import Any

import pytest

from endpoints.conftest import COLUMNS, ENDPOINTS, LOCAL, key_of, wait_for, wait_healthy
from endpoints.test_serving import SERVICE, create, put, scorers
from support.processes.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Caller:
    """A client that keeps its connection."""

    def __init__(self, server: Server, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._headers = {"content-type": "application/json", **headers}

    def score(self, first: float = 1.0, second: float = 2.0) -> tuple[int, Any]:
        """Return the status, and the prediction of a row or the whole document of an error."""
        document = {"dataframe_split": {"columns": COLUMNS, "data": [[first, second]]}}
        self._connection.request("POST", f"{SERVICE}/adder/score", json.dumps(document), self._headers)
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        return answer.status, found["predictions"][0] if answer.status == 200 else found

    def close(self) -> None:
        self._connection.close()


def test_changes_of_keys_traffic_and_deletions_apply_to_the_next_request(serving: Server) -> None:
    api = serving.api
    create(api)
    put(api, "adder", "green", model_uri="models:/sum/2", spec=LOCAL)
    wait_healthy(api, "adder")
    wait_for(lambda: all(d["state"] == "Healthy" for d in api.get(f"{ENDPOINTS}/adder")["endpoint"]["deployments"]))
    with closing(Caller(serving, key_of(api, "adder"))) as caller:
        before = [caller.score() for _ in range(5)]
        api.ask("PATCH", f"{ENDPOINTS}/adder", {"traffic": {"blue": 0, "green": 100}})
        moved = [caller.score() for _ in range(5)]
        api.post(f"{ENDPOINTS}/adder/keys", key="primary")
        refused = [caller.score()[0] for _ in range(5)]
    with closing(Caller(serving, key_of(api, "adder"))) as caller:
        renewed = [caller.score() for _ in range(5)]
        api.ask("DELETE", f"{ENDPOINTS}/adder")
        gone = [caller.score()[0] for _ in range(5)]

    assert (before, moved) == ([(200, 3.0)] * 5, [(200, 6.0)] * 5)
    assert (refused, renewed, gone) == ([401] * 5, [(200, 6.0)] * 5, [404] * 5)


def test_concurrent_callers_get_their_own_answers_while_a_replica_is_killed(serving: Server) -> None:
    api = serving.api
    create(api, spec={**LOCAL, "replicas": 2})
    wait_for(lambda: len(scorers(serving)) == 2)
    wait_healthy(api, "adder")
    key = key_of(api, "adder")
    answered: list[int] = []
    wrong: list[Any] = []
    is_over = threading.Event()

    def ask(number: int) -> None:
        with closing(Caller(serving, key)) as caller:
            count = 0
            while not is_over.is_set():
                count += 1
                found = caller.score(float(number * 1_000_000), float(count))
                answered.append(number)
                if found != (200, number * 1_000_000.0 + count):
                    wrong.append(found)

    askers = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for asker in askers:
        asker.start()
    wait_for(lambda: len(answered) > 200)
    os.kill(scorers(serving)[0], signal.SIGKILL)
    seen = len(answered)
    wait_for(lambda: len(answered) > seen + 200)
    is_over.set()
    for asker in askers:
        asker.join()

    assert wrong == []
    assert set(answered) == set(range(16))
