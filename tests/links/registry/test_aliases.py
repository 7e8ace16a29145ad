"""Aliases that one side gives to a version while the other side deletes it."""

import pytest

from support.client import Api
from support.links import LINKS, add, link, log, registry_of, settle, until, url_of
from support.processes.servers import Server
from support.registry import Registry

LINK = "twin"


@pytest.mark.parametrize("is_deleted_here", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_deleted_version_that_got_an_alias_is_restored(
    server: Server, here: Api, there: Api, is_deleted_here: bool
) -> None:
    registry = Registry(here)
    registry.new_model()
    for _ in range(2):
        registry.new_version()
    registry.alias("best", 1)
    add(here, LINK, url_of(server, "south"), mode="both", registry=True)
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")
    keeps, deletes = (there, here) if is_deleted_here else (here, there)

    Registry(keeps).alias("best", 2)
    Registry(deletes).delete_version(2)
    here.post(f"{LINKS}/{LINK}/resume")

    until(lambda: registry_of(here) == registry_of(there) and is_quiet(here), "both to be the same")
    assert Registry(here).model()["aliases"] == [{"alias": "best", "version": "2"}]
    assert sorted(registry_of(here)["iris"]["versions"]) == ["1", "2"]
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] != []


def test_a_deleted_version_with_an_agreed_alias_is_deleted(server: Server, here: Api, there: Api) -> None:
    registry = Registry(here)
    registry.new_model()
    for _ in range(2):
        registry.new_version()
    registry.alias("best", 2)
    add(here, LINK, url_of(server, "south"), mode="both", registry=True)
    settle(here, LINK)

    Registry(there).delete_version(2)

    until(lambda: registry_of(here) == registry_of(there) and is_quiet(here), "the version to go")
    assert list(registry_of(here)["iris"]["versions"]) == ["1"]
    assert "aliases" not in Registry(here).model()
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] == []


def is_quiet(api: Api) -> bool:
    return bool(link(api, LINK)["lag_items"] == 0)
