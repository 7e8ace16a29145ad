"""Rights on several servers of one store, and a server that is killed in the middle of changes of rights."""

import itertools
import threading
from collections.abc import Callable

import pytest

from support.client import Unanswered
from support.links import until
from support.people import OURS, People, bearer, signed
from support.processes.servers import Server

pytestmark = pytest.mark.slow


def test_a_change_on_one_server_holds_on_the_others_without_a_restart(
    start: Callable[..., Server], postgres_url: str
) -> None:
    first, second = (start("--store", postgres_url, "--default-role", "none") for _ in range(2))
    people = People(first.api).begin()
    people.add("bo")
    there = signed(second.api, bearer(people.token("bo")))

    def status() -> int:
        return there.ask("POST", "experiments/search", {"max_results": 1}).status

    until(lambda: status() == 403, "the second server to know the user, who has no right yet")
    granted = people.grant("bo", "Reader", "/ws/default")
    until(lambda: status() == 200, "the right")
    denied = people.deny("bo", "Reader", "/ws/default")
    until(lambda: status() == 403, "the denial")
    people.admin.ask("DELETE", f"{OURS}/role-assignments/{denied}")
    until(lambda: status() == 200, "the end of the denial")
    people.admin.ask("DELETE", f"{OURS}/role-assignments/{granted}")
    until(lambda: status() == 403, "the end of the right")
    people.grant("bo", "Reader", "/ws/default")
    until(lambda: status() == 200, "the right once more")
    people.admin.ask("PATCH", f"{OURS}/users/bo", {"is_disabled": True})
    until(lambda: status() == 401, "the user to be refused")


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_killed_server_keeps_each_change_of_rights_and_its_audit_entry(
    start: Callable[..., Server], postgres: object, request: pytest.FixtureRequest, store: str
) -> None:
    options = ("--store", request.getfixturevalue("postgres_url")) if store == "postgresql" else ()
    server = start(*options, "--default-role", "none")
    people = People(server.api).begin()
    people.add("bo")
    answered = threading.Event()

    def change() -> None:
        try:
            for number in itertools.count():
                made = people.admin.post("experiments/create", name=f"e-{number}")
                people.deny("bo", "Reader", f"/ws/default/experiments/{made['experiment_id']}")
                if number == 20:
                    answered.set()
        except (Unanswered, AssertionError):
            return

    changes = threading.Thread(target=change)
    changes.start()
    assert answered.wait(120)
    server.kill9()
    changes.join(120)
    server.start()
    people = People(server.api)  # at another port

    there = people.admin.get(f"{OURS}/role-assignments", principal="bo", max_results="1000")["assignments"]
    told = people.admin.get(f"{OURS}/audit", action="denial.create", max_results="1000")["entries"]
    assert people.admin.get(f"{OURS}/audit/verify")["is_whole"]
    assert {str(each["assignment_id"]) for each in there} == {each["object_id"] for each in told}
    assert len(there) > 20
