"""Removals while a link reads an item: the tests force the order of events at calls of the link."""

from collections.abc import Callable

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, link, log, registry_of, settle, until
from support.processes.servers import Server
from support.registry import Registry

LINK = "twin"
ITEM = "/item"


def test_a_model_deleted_locally_before_its_version_is_read_is_deleted_remotely(
    server: Server, here: Api, there: Api, flaky: Flaky
) -> None:
    """Its version is deleted first, and with it the remote alias, which must not count as a change of the model."""
    ours = _linked(here, flaky)
    removed = _once(flaky, "POST", ITEM, lambda: Registry(server.api.within("north")).delete_model())

    here.post(f"{LINKS}/{LINK}/pause")
    ours.call("PATCH", "registered-models/update", name="iris", description="d")  # the model is told first
    ours.call("POST", "model-versions/set-tag", name="iris", version="1", key="k", value="v")
    here.post(f"{LINKS}/{LINK}/resume")

    _has_gone_from_both(here, there, removed)


@pytest.mark.slow
def test_a_model_deleted_remotely_before_its_version_is_read_is_deleted_locally(
    server: Server, here: Api, there: Api, flaky: Flaky
) -> None:
    _linked(here, flaky)
    remove = Registry(server.api.within("south")).delete_model
    removed = _once(flaky, "GET", f"{ITEM}?entity=model_version", remove)

    Registry(there).call("POST", "model-versions/set-tag", name="iris", version="1", key="k", value="v")

    _has_gone_from_both(here, there, removed)


def _linked(here: Api, flaky: Flaky) -> Registry:
    """A model with an alias of its version, alike on both sides."""
    ours = Registry(here)
    ours.new_model()
    ours.new_version()
    ours.alias("best", 1)
    add(here, LINK, f"{flaky.url}/ws/south", mode="both", registry=True)
    until(lambda: link(here, LINK)["mirrored"].get("model_version") == 1, "the version to be there")
    settle(here, LINK)
    return ours


def _once(flaky: Flaky, method: str, path: str, work: Callable[[], None]) -> list[str]:
    """Does something just before the first such call is passed on; lists it."""
    done: list[str] = []

    def fault(its_method: str, its_path: str) -> None:
        if not done and its_method == method and path in its_path:
            done.append(its_path)
            work()

    flaky.faults = fault
    return done


def _has_gone_from_both(here: Api, there: Api, removed: list[str]) -> None:
    until(lambda: removed != [], "the call of the link")
    until(lambda: registry_of(here) == registry_of(there) == {}, "the model to go from both sides")
    settle(here, LINK)
    assert registry_of(here) == registry_of(there) == {}
    assert [entry for entry in log(here, LINK) if entry["kind"] == "conflict"] == []
