"""Imports and links between servers that have users: each call is made in somebody's name, with that one's rights."""

from collections.abc import Callable

import pytest

from imports.test_jobs import IMPORTS, begin, ended
from support.client import Api
from support.links import LINKS, add, all_runs, link, until, url_of
from support.people import ADMIN, OURS, PASSWORD, People, bearer, signed
from support.processes.servers import Server


@pytest.fixture
def people(start: Callable[..., Server]) -> People:
    """Of a server with the workspaces north and south; Ann may do everything in north, Bo reads it."""
    found = People(start("--default-role", "none").api).begin()
    for name in ("north", "south"):
        found.admin.new_workspace(name)
    found.add("ann", "Contributor", "/ws/north")
    found.add("bo", "Reader", "/ws/north")
    return found


@pytest.fixture
def far(start: Callable[..., Server]) -> tuple[Server, str]:
    """Another server that has users, with a run, and a token of a user who may read and write as a link's other side."""
    server = start("--default-role", "none")
    people = People(server.api).begin()
    run_id = people.admin.new_run(run_name="far")
    people.admin.post("runs/log-metric", run_id=run_id, key="loss", value=1, timestamp=1, step=1)
    people.admin.post("runs/update", run_id=run_id, status="FINISHED")
    people.add("peer", "Link Peer", "/ws/default")
    return server, people.token("peer")


def by_token(people: People, name: str) -> Api:
    return signed(people.open, bearer(people.token(name)))


def by_session(people: People, name: str) -> Api:
    reply = people.open.ask("POST", f"{OURS}/login", {"username": name, "password": PASSWORD})
    return signed(
        people.open, {"cookie": reply.headers["set-cookie"].partition(";")[0], "sec-fetch-site": "same-origin"}
    )


@pytest.mark.parametrize("sign_in", [by_token, by_session, People.named])
def test_an_import_writes_as_the_caller_who_signed_in(
    people: People, far: tuple[Server, str], sign_in: Callable[[People, str], Api]
) -> None:
    server, token = far
    ann = sign_in(people, "ann").within("north")

    done = ended(ann, begin(ann, server.url, token=token))

    assert (done["state"], done["user"], done["points"]) == ("done", "ann", 1)
    assert [run["info"]["run_name"] for run in all_runs(ann)] == ["far"]
    told = people.admin.within("north").get(f"{OURS}/changes", entity="run", limit=1000)["changes"]
    named = {each["action"]: each.get("user") for each in told if each["action"] != "log"}  # logging names nobody
    assert set(named.values()) == {"ann"}


@pytest.mark.parametrize(("name", "workspace"), [("bo", "north"), ("ann", "south")])
def test_who_may_not_write_to_a_workspace_imports_nothing_into_it(
    people: People, far: tuple[Server, str], name: str, workspace: str
) -> None:
    server, token = far

    status, code, _ = by_token(people, name).within(workspace).fault(IMPORTS, source=server.url, token=token)

    assert (status, code) == (403, "PERMISSION_DENIED")
    assert people.admin.within(workspace).get(IMPORTS).get("imports", []) == []


def test_an_import_with_a_wrong_token_of_the_source_fails_and_does_not_show_it(
    people: People, far: tuple[Server, str]
) -> None:
    server, _ = far
    ann = by_token(people, "ann").within("north")

    done = ended(ann, begin(ann, server.url, token="wr0ng"))

    assert done["state"] == "failed"
    assert "wr0ng" not in done["error"]
    assert all_runs(people.admin.within("north")) == []


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_a_link_signs_in_at_the_other_side(people: People, far: tuple[Server, str], mode: str) -> None:
    server, token = far
    there = signed(server.api, bearer(token))
    ann = by_token(people, "ann").within("north")
    ann.new_run(run_name="near")

    add(ann, "far", url_of(server, "default"), mode=mode, token=token)

    side = ann if mode == "pull" else there
    until(lambda: {run["info"]["run_name"] for run in all_runs(side)} == {"near", "far"}, "the run to come")
    assert token not in str(link(ann, "far"))


def test_a_link_whose_token_is_revoked_stops_and_says_why(people: People, far: tuple[Server, str]) -> None:
    server, token = far
    ann = by_token(people, "ann").within("north")
    add(ann, "far", url_of(server, "default"), mode="pull", token=token)
    until(lambda: len(all_runs(ann)) == 1, "the run to come")

    admin = People(server.api).named(ADMIN)
    admin.ask("PATCH", f"{OURS}/users/peer", {"is_disabled": True})
    admin.new_run(run_name="later")
    until(lambda: link(ann, "far").get("last_error"), "the link to say what is wrong")

    assert token not in link(ann, "far")["last_error"]
    assert len(all_runs(ann)) == 1


def test_a_link_acts_as_its_maker_and_pauses_when_the_maker_loses_the_right(
    people: People, far: tuple[Server, str]
) -> None:
    server, token = far
    ann = by_token(people, "ann").within("north")
    add(ann, "far", url_of(server, "default"), mode="pull", token=token)
    until(lambda: len(all_runs(ann)) == 1, "the run to come")

    denial = people.deny("ann", "MLflow EDIT", "/ws/north")
    found = people.admin.within("north")
    until(lambda: link(found, "far")["state"] == "paused", "the link to pause")
    People(server.api).named(ADMIN).new_run(run_name="later")

    assert link(found, "far")["last_error"].startswith("paused: ann, who made it, may not do Microsoft.MachineLearning")
    assert by_token(people, "ann").within("north").ask("POST", f"{LINKS}/far/resume", {}).status == 403
    people.admin.ask("DELETE", f"{OURS}/role-assignments/{denial}")
    ann.post(f"{LINKS}/far/resume")
    until(lambda: len(all_runs(ann)) == 2, "the later run to come")


def test_a_link_does_no_more_than_its_maker_may(people: People, far: tuple[Server, str]) -> None:
    server, token = far
    secret = people.admin.within("north").new_experiment("secret")
    people.deny("ann", "MLflow READ", f"/ws/north/experiments/{secret}")

    reply = by_token(people, "ann").within("north").ask(
        "POST", LINKS, {"name": "far", "to": url_of(server, "default"), "mode": "push", "token": token}
    )  # fmt: skip

    assert (reply.status, reply.json["error_code"]) == (403, "PERMISSION_DENIED")
    assert "a link acts in your name" in reply.json["message"]
