"""Registered models whose names are reused while a server that identifies models only by name is unavailable."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import LINKS, add, check, link, log, settle, sync, until
from support.registry import CLOUD, Registry

LINK = "stock"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy
MODES = pytest.mark.parametrize(
    "mode", ["both", *(pytest.param(each, marks=pytest.mark.slow) for each in ("pull", "both-ours"))]
)


def begin(source: Api, here: Api, flaky: Flaky, mode: str, *names: str) -> None:
    for name in names:
        Registry(source).new_model(name, description=name)
        for number in (1, 2):
            new_version(source, name, f"{name}{number}")
        Registry(source).alias("best", 2, name)
    add(here, LINK, f"{flaky.url}/ws/stock", mode=mode, registry=True)
    until(lambda: set(models(here)) >= set(names), "the models to arrive")
    settle(here, LINK)
    here.post(f"{LINKS}/{LINK}/pause")


def new_version(api: Api, name: str, description: str) -> None:
    """A version of its own place: versions are told apart by that, too."""
    Registry(api).new_version(name, source=f"{CLOUD}/{description}", description=description)


def rename(api: Api, name: str, new_name: str) -> None:
    Registry(api).call("POST", "registered-models/rename", name=name, new_name=new_name)


def swap(api: Api) -> None:
    for name, new_name in (("a", "t"), ("b", "a"), ("t", "b")):
        rename(api, name, new_name)


def end(here: Api, stock: Api) -> None:
    here.post(f"{LINKS}/{LINK}/resume")
    until(
        lambda: link(here, LINK)["lag_items"] == 0 and models(here) == models(stock) and check(here, LINK) == [],
        "both to be the same:",
        said=lambda: (models(here), models(stock), check(here, LINK), log(here, LINK)),
        limit_s=40,
    )


def models(api: Api) -> dict[str, Any]:
    """The description, the descriptions of the versions and the aliases of each model."""
    found = api.get("registered-models/search", max_results=100).get("registered_models", [])
    shown = {}
    for each in found:
        name = each["name"]
        versions = api.get("model-versions/search", filter=f"name = '{name}'").get("model_versions", [])
        aliases = {alias["alias"]: alias["version"] for alias in each.get("aliases", [])}
        shown[name] = (each.get("description"), sorted(v.get("description", "") for v in versions), aliases)
    return shown


def of(name: str, *more: str) -> Any:
    return name, [f"{name}1", f"{name}2", *more], {"best": "2"}


@MODES
def test_a_name_that_another_remote_model_takes_belongs_to_that_model(
    here: Api, stock: Api, flaky: Flaky, mode: str
) -> None:
    begin(here if mode == "both-ours" else stock, here, flaky, mode.partition("-")[0], "a", "b")

    rename(stock, "a", "c")
    rename(stock, "b", "a")
    new_version(stock, "a", "b3")
    end(here, stock)

    assert models(here) == {"c": of("a"), "a": of("b", "b3")}
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] == []


@pytest.mark.slow
@MODES
def test_remote_models_that_swap_names_stay_distinct(here: Api, stock: Api, flaky: Flaky, mode: str) -> None:
    begin(here if mode == "both-ours" else stock, here, flaky, mode.partition("-")[0], "a", "b")

    swap(stock)
    new_version(stock, "a", "b3")
    new_version(stock, "b", "a3")
    end(here, stock)

    assert models(here) == {"a": of("b", "b3"), "b": of("a", "a3")}
    assert [line for line in log(here, LINK) if line["kind"] == "conflict"] == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["pull", "both"])
def test_remote_models_that_rotate_names_stay_distinct(here: Api, stock: Api, flaky: Flaky, mode: str) -> None:
    begin(stock, here, flaky, mode, "a", "b", "c")

    rename(stock, "a", "t")
    rename(stock, "c", "a")
    rename(stock, "b", "c")
    rename(stock, "t", "b")
    end(here, stock)

    assert models(here) == {"a": of("c"), "b": of("a"), "c": of("b")}


@pytest.mark.slow
@MODES
def test_the_name_of_a_deleted_model_belongs_to_the_remote_model_that_takes_it(
    here: Api, stock: Api, flaky: Flaky, mode: str
) -> None:
    begin(here if mode == "both-ours" else stock, here, flaky, mode.partition("-")[0], "a", "b")

    Registry(stock).delete_model("a")
    rename(stock, "b", "a")
    end(here, stock)

    assert models(here) == {"a": of("b")}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["pull", "both"])
def test_a_deleted_model_recreated_remotely_is_recreated_locally(
    here: Api, stock: Api, flaky: Flaky, mode: str
) -> None:
    begin(stock, here, flaky, mode, "a", "b")

    Registry(stock).delete_model("a")
    Registry(stock).new_model("a", description="new")
    new_version(stock, "a", "new1")
    end(here, stock)

    assert models(here) == {"a": ("new", ["new1"], {}), "b": of("b")}


@pytest.mark.slow
def test_models_of_both_sides_stay_distinct_when_they_swap_names_remotely(here: Api, stock: Api, flaky: Flaky) -> None:
    for name in ("a", "b"):
        Registry(here).new_model(name, description=name)
        new_version(here, name, f"{name}1")
    begin(stock, here, flaky, "both", "a", "b")
    before = models(here)

    swap(stock)
    end(here, stock)

    assert models(here) == {"a": before["b"], "b": before["a"]}


@pytest.mark.slow
def test_pushes_go_to_the_model_and_not_to_the_one_that_took_its_name(here: Api, stock: Api, flaky: Flaky) -> None:
    begin(here, here, flaky, "push", "a", "b")

    swap(stock)
    new_version(here, "a", "a3")
    new_version(here, "b", "b3")
    end(here, stock)

    assert models(stock) == {"a": of("a", "a3"), "b": of("b", "b3")}


@pytest.mark.slow
def test_a_copy_whose_name_another_remote_model_has_differs(here: Api, stock: Api, flaky: Flaky) -> None:
    begin(here, here, flaky, "push", "a", "b")
    here.post(f"{LINKS}/{LINK}/resume")
    settle(here, LINK)

    swap(stock)

    assert [each["what"] for each in check(here, LINK) if each["entity"] == "registered_model"] == [
        ["the registered model there is another one"],
        ["the registered model there is another one"],
    ]
    sync(here, LINK)
    until(lambda: models(stock) == models(here) == {"a": of("a"), "b": of("b")}, "the names to come back")
