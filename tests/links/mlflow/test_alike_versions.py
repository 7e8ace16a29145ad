"""Versions of two models that a server without ids shows alike."""

from typing import Any

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, check, link, log, put_file, settle, until
from support.registry import CLOUD, OWN, Registry

LINK = "stock"
pytestmark = pytest.mark.usefixtures("as_stock")  # the proxy


def versions(api: Api) -> dict[str, list[str]]:
    """The descriptions of the versions of each model."""
    found: dict[str, list[str]] = {}
    for model in api.get("registered-models/search", max_results=100).get("registered_models", []):
        text = f"name = '{model['name']}'"
        listed = api.get("model-versions/search", filter=text).get("model_versions", [])
        found[model["name"]] = sorted(each.get("description", "") for each in listed)
    return found


def end(here: Api, stock: Api, expected: dict[str, list[str]]) -> None:
    until(
        lambda: versions(here) == versions(stock) == expected and link(here, LINK)["lag_items"] == 0,
        "both to be the same:",
        said=lambda: (versions(here), versions(stock), check(here, LINK), log(here, LINK)),
        limit_s=40,
    )
    assert check(here, LINK) == []


@pytest.mark.slow
def test_a_version_copied_remotely_to_another_model_with_its_tags_is_a_new_version(
    here: Api, stock: Api, flaky: Flaky
) -> None:
    Registry(here).new_model("dev")
    Registry(here).new_version("dev", description="first")
    add(here, LINK, f"{flaky.url}/ws/stock", mode="both", registry=True)
    until(lambda: versions(stock) == {"dev": ["first"]}, "the version to arrive")
    settle(here, LINK)

    copied = Registry(stock).version(1, "dev")
    Registry(stock).new_model("prod")
    Registry(stock).new_version("prod", source="models:/dev/1", tags=copied["tags"], description="promoted")
    end(here, stock, {"dev": ["first"], "prod": ["promoted"]})
    Registry(stock).call("PATCH", "model-versions/update", name="prod", version="1", description="in use")
    end(here, stock, {"dev": ["first"], "prod": ["in use"]})
    Registry(stock).delete_version(1, "prod")
    end(here, stock, {"dev": ["first"], "prod": []})


@pytest.mark.slow
@pytest.mark.parametrize("mode", [pytest.param("pull", marks=pytest.mark.slow), "both"])
def test_versions_of_two_models_that_were_created_at_the_same_time_are_distinct(
    here: Api, stock: Api, flaky: Flaky, mode: str
) -> None:
    for name in ("a", "b"):
        put(stock, "registered_model", name, [["name", "", name], ["created", "", "1000"]])
        born = [["number", "", "1"], ["created", "", "2000"], ["source", "", CLOUD]]
        put(stock, "model_version", f"{name}/v{name}", [*born, ["description", "", f"of {name}"]])
    add(here, LINK, f"{flaky.url}/ws/stock", mode=mode, registry=True)

    end(here, stock, {"a": ["of a"], "b": ["of b"]})
    Registry(stock).call("PATCH", "model-versions/update", name="b", version="1", description="new")
    end(here, stock, {"a": ["of a"], "b": ["new"]})


def put(api: Api, entity: str, item_id: str, fields: list[Any]) -> None:
    api.post(f"{OWN}/sync/item", entity=entity, id=item_id, put=fields, drop=[])


@pytest.mark.slow
def test_the_deletion_of_a_promoted_copy_leaves_the_files_of_the_first_version(
    here: Api, stock: Api, flaky: Flaky
) -> None:
    run = here.new_run(here.new_experiment("private"))
    put_file(here, run, "model/MLmodel", b"flavors: {}")
    Registry(here).new_model("dev")
    source = f"{here.run(run)['info']['artifact_uri']}/model"
    Registry(here).new_version("dev", source=source, run_id=run, description="first")
    add(here, LINK, f"{flaky.url}/ws/stock", mode="both", experiments=["nothing"], registry=True)
    until(lambda: versions(stock) == {"dev": ["first"]}, "the version to arrive")
    settle(here, LINK)
    first = Registry(stock).version(1, "dev")
    Registry(stock).new_model("prod")
    copied = {"source": first["source"], "run_id": first["run_id"], "tags": first["tags"]}
    Registry(stock).new_version("prod", description="promoted", **copied)
    end(here, stock, {"dev": ["first"], "prod": ["promoted"]})

    Registry(here).delete_version(1, "prod")
    end(here, stock, {"dev": ["first"], "prod": []})
    kept = stock.run(first["run_id"])["info"]["lifecycle_stage"]
    Registry(here).delete_version(1, "dev")
    end(here, stock, {"dev": [], "prod": []})

    assert (kept, stock.run(first["run_id"])["info"]["lifecycle_stage"]) == ("active", "deleted")
