"""A remote that hangs or sends invalid answers affects only its link, which reports the problem and recovers."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from support.client import Api, Unanswered
from support.faults.flaky import Flaky
from support.links import LINKS, add, all_runs, check, everything, link, log, settle, until, url_of
from support.processes.servers import Server

ILL, WELL = "ill", "well"


@pytest.fixture
def remote(flaky: Flaky, there: Api) -> str:
    return f"{flaky.url}/ws/{there.workspace}"


def test_a_hanging_remote_blocks_neither_requests_nor_shutdown(
    start: Callable[..., Server], flaky: Flaky, remote: str
) -> None:
    server = start()
    here, twin = server.api.new_workspace("near"), server.api.new_workspace("twin")
    add(here, ILL, remote, mode="both")
    add(here, WELL, url_of(server, "twin"))
    flaky.faults = lambda method, path: "hang"
    run = here.new_run()
    until(lambda: any(fault == "hang" for _, _, fault in flaky.seen), "the link to ask")
    asked = len(flaky.seen)
    answers: list[int] = []
    caller = threading.Thread(target=_add_in_vain, args=(server, remote, answers))
    caller.start()
    until(lambda: len(flaky.seen) > asked, "somebody to ask for another link")

    here.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1, step=1)
    settle(here, WELL)
    same = everything(twin, run) == everything(here, run)
    server.stop()  # while the remote hangs
    caller.join()

    assert same
    assert answers == [503]  # and not cut off after the grace for answers


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("login", "Is it a sign-in page?"),
        pytest.param("redirect", "to https://login.example/ (302)", marks=pytest.mark.slow),
        pytest.param("no-json", "bytes that are not JSON", marks=pytest.mark.slow),
        pytest.param("other-json", "cannot be read", marks=pytest.mark.slow),
    ],
)
def test_an_invalid_answer_is_reported_until_calls_succeed(
    here: Api, flaky: Flaky, remote: str, fault: str, said: str
) -> None:
    add(here, ILL, remote, mode="both")
    settle(here, ILL)
    flaky.faults = lambda method, path: fault

    run = here.new_run()
    until(lambda: said in str(link(here, ILL).get("last_error")), "the error:", said=lambda: link(here, ILL))
    ill = link(here, ILL)
    flaky.faults = lambda method, path: None
    here.post(f"{LINKS}/{ILL}/resume")  # at once, not in a minute
    well = settle(here, ILL)
    until(lambda: "last_error" not in link(here, ILL), "the error to be over")

    assert ill["lag_items"] >= 1
    assert (well["lag_items"], well["lag_s"]) == (0, 0)
    assert check(here, ILL) == []
    assert [each["info"]["run_id"] for each in all_runs(here)] == [run]
    until(lambda: {entry["kind"] for entry in log(here, ILL)} >= {"error", "state"}, "the end of the error to be told")
    changes = here.get("/api/trackside/v1/changes", entity="link")["changes"]  # the newest first
    assert [each["action"] for each in changes if each["action"] != "active"] == ["recover", "error", "create"]


def _add_in_vain(server: Server, url: str, answers: list[int]) -> None:
    with suppress(Unanswered):
        answers.append(server.api.within("near").ask("POST", LINKS, {"name": "third", "to": url}).status)
