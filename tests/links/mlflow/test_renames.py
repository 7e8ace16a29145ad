"""Registered models that are renamed while a server that identifies models only by name is unavailable."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, check, link, log, settle, sync, until
from support.registry import Registry

LINK = "stock"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy


def begin(here: Api, flaky: Flaky, *names: str) -> None:
    for name in names:
        Registry(here).new_model(name)
        Registry(here).new_version(name, description=name)
    add(here, LINK, f"{flaky.url}/ws/stock", mode="both", registry=True)
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")


def rename(api: Api, name: str, new_name: str) -> None:
    Registry(api).call("POST", "registered-models/rename", name=name, new_name=new_name)


def end(here: Api) -> None:
    here.post(f"{LINKS}/{LINK}/resume")
    sync(here, LINK)
    until(
        lambda: link(here, LINK)["lag_items"] == 0 and check(here, LINK) == [],
        "both to be the same:",
        said=here_says(here),
    )


def here_says(here: Api) -> Any:
    return lambda: (check(here, LINK), log(here, LINK))


def models(api: Api) -> dict[str, list[str]]:
    """The descriptions of the versions of each model."""
    found = api.get("registered-models/search", max_results=100).get("registered_models", [])
    versions = {
        each["name"]: api.get("model-versions/search", filter=f"name = '{each['name']}'").get("model_versions", [])
        for each in found
    }
    return {name: sorted(each["description"] for each in listed) for name, listed in versions.items()}


@pytest.mark.parametrize(("ours", "theirs"), [("b", "c"), pytest.param("c", "b", marks=pytest.mark.slow)])
def test_a_model_that_both_sides_rename_stays_one(here: Api, stock: Api, flaky: Flaky, ours: str, theirs: str) -> None:
    begin(here, flaky, "a")

    rename(here, "a", ours)
    rename(stock, "a", theirs)
    Registry(stock).new_version(theirs, description="new")
    end(here)

    assert models(here) == models(stock) == {"c": ["a", "new"]}
    (conflict,) = [line["message"] for line in log(here, LINK) if line["kind"] == "conflict"]
    assert (
        conflict
        == f"model {ours}: both sides changed name: '{ours}' in this workspace, '{theirs}' on the remote; kept 'c'"
    )


@pytest.mark.slow
def test_names_of_models_swapped_locally_are_swapped_remotely(here: Api, stock: Api, flaky: Flaky) -> None:
    begin(here, flaky, "a", "b")

    for name, new_name in (("a", "t"), ("b", "a"), ("t", "b")):
        rename(here, name, new_name)
    end(here)

    assert models(here) == models(stock) == {"a": ["b"], "b": ["a"]}
