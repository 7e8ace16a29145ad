"""Imports and links between servers with users: each call is made as a user, with the rights of this user."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from imports.test_jobs import IMPORTS, begin, ended
from support.client import Api
from support.links import LINKS, add, all_runs, link, until, url_of
from support.people import OURS, PASSWORD, People, basic, bearer, signed
from support.processes.servers import Server


@pytest.fixture
def people(start: Callable[..., Server]) -> People:
    """Of a server with the workspaces north and south; Ann may do everything in north, Bo reads it."""
    found = People(start("--default-role", "none").api).begin().by_tokens()
    for name in ("north", "south"):
        found.admin.new_workspace(name)
    found.add("ann", "Contributor", "/ws/north", password=PASSWORD)
    found.add("bo", "Reader", "/ws/north")
    return found


class Far(NamedTuple):
    """A workspace of another server, and a user there who may read and write as a link's other side."""

    admin: Api
    url: str
    peer: str
    token: str


@pytest.fixture(scope="module")
def far_server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Server, People]]:
    data = tmp_path_factory.mktemp("far")
    shutil.copy(sqlite_template, data / "trackside.db")
    server = Server(data, ("--durability", "relaxed", "--default-role", "none")).start()
    yield server, People(server.api).begin().by_tokens()
    server.kill9()


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def far(far_server: tuple[Server, People], numbers: Iterator[int]) -> Far:
    """With a run."""
    server, people = far_server
    number = next(numbers)
    name, peer = f"far-{number}", f"peer-{number}"
    admin = people.admin.new_workspace(name)
    run_id = admin.new_run(run_name="far")
    admin.post("runs/log-metric", run_id=run_id, key="loss", value=1, timestamp=1, step=1)
    admin.post("runs/update", run_id=run_id, status="FINISHED")
    people.add(peer, "Link Peer", f"/ws/{name}")
    return Far(admin, url_of(server, name), peer, people.token(peer))


def by_token(people: People, name: str) -> Api:
    return signed(people.open, bearer(people.token(name)))


def by_session(people: People, name: str) -> Api:
    reply = people.open.ask("POST", f"{OURS}/login", {"username": name, "password": PASSWORD})
    return signed(
        people.open, {"cookie": reply.headers["set-cookie"].partition(";")[0], "sec-fetch-site": "same-origin"}
    )


def by_password(people: People, name: str) -> Api:
    return signed(people.open, basic(name))


@pytest.mark.parametrize(
    "sign_in", [by_token, *(pytest.param(way, marks=pytest.mark.slow) for way in (by_session, by_password))]
)
def test_an_import_writes_as_its_signed_in_caller(
    people: People, far: Far, sign_in: Callable[[People, str], Api]
) -> None:
    ann = sign_in(people, "ann").within("north")

    done = ended(ann, begin(ann, far.url, token=far.token))

    assert (done["state"], done["user"], done["points"]) == ("done", "ann", 1)
    assert [run["info"]["run_name"] for run in all_runs(ann)] == ["far"]
    told = people.admin.within("north").get(f"{OURS}/changes", entity="run", limit=1000)["changes"]
    named = {each["action"]: each.get("user") for each in told if each["action"] != "log"}  # logging names nobody
    assert set(named.values()) == {"ann"}


@pytest.mark.parametrize(("name", "workspace"), [("bo", "north"), ("ann", "south")])
def test_an_import_requires_the_right_to_write_to_the_workspace(
    people: People, far: Far, name: str, workspace: str
) -> None:
    status, code, _ = by_token(people, name).within(workspace).fault(IMPORTS, source=far.url, token=far.token)

    assert (status, code) == (403, "PERMISSION_DENIED")
    assert people.admin.within(workspace).get(IMPORTS).get("imports", []) == []


def test_an_import_with_a_wrong_token_of_the_source_fails_and_does_not_show_it(people: People, far: Far) -> None:
    ann = by_token(people, "ann").within("north")

    done = ended(ann, begin(ann, far.url, token="wr0ng"))

    assert done["state"] == "failed"
    assert "wr0ng" not in done["error"]
    assert all_runs(people.admin.within("north")) == []


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_a_link_signs_in_at_the_other_side(people: People, far: Far, mode: str) -> None:
    ann = by_token(people, "ann").within("north")
    ann.new_run(run_name="near")

    add(ann, "far", far.url, mode=mode, token=far.token)

    side = ann if mode == "pull" else far.admin
    until(lambda: {run["info"]["run_name"] for run in all_runs(side)} == {"near", "far"}, "the run to come")
    assert far.token not in str(link(ann, "far"))


def test_a_link_whose_token_is_revoked_stops_and_says_why(people: People, far: Far) -> None:
    ann = by_token(people, "ann").within("north")
    add(ann, "far", far.url, mode="pull", token=far.token)
    until(lambda: len(all_runs(ann)) == 1, "the run to come")

    far.admin.ask("PATCH", f"{OURS}/users/{far.peer}", {"is_disabled": True})
    far.admin.new_run(run_name="later")
    until(lambda: link(ann, "far").get("last_error"), "the link to say what is wrong")

    assert far.token not in link(ann, "far")["last_error"]
    assert len(all_runs(ann)) == 1


def test_a_link_acts_as_its_maker_and_pauses_when_the_maker_loses_the_right(people: People, far: Far) -> None:
    ann = by_token(people, "ann").within("north")
    add(ann, "far", far.url, mode="pull", token=far.token)
    until(lambda: len(all_runs(ann)) == 1, "the run to come")

    denial = people.deny("ann", "MLflow EDIT", "/ws/north")
    found = people.admin.within("north")
    until(lambda: link(found, "far")["state"] == "paused", "the link to pause")
    far.admin.new_run(run_name="later")

    assert link(found, "far")["last_error"].startswith(
        "paused: ann, who created it, does not have Microsoft.MachineLearning"
    )
    assert by_token(people, "ann").within("north").ask("POST", f"{LINKS}/far/resume", {}).status == 403
    people.admin.ask("DELETE", f"{OURS}/role-assignments/{denial}")
    ann.post(f"{LINKS}/far/resume")
    until(lambda: len(all_runs(ann)) == 2, "the later run to come")


def test_a_link_does_no_more_than_its_maker_may(people: People, far: Far) -> None:
    secret = people.admin.within("north").new_experiment("secret")
    people.deny("ann", "MLflow READ", f"/ws/north/experiments/{secret}")

    reply = by_token(people, "ann").within("north").ask(
        "POST", LINKS, {"name": "far", "to": far.url, "mode": "push", "token": far.token}
    )  # fmt: skip

    assert (reply.status, reply.json["error_code"]) == (403, "PERMISSION_DENIED")
    assert "a link acts with your rights" in reply.json["message"]
