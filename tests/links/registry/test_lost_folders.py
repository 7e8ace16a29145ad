"""A version with files on an unavailable disk is not created without them, but waits."""

from collections.abc import Callable
from contextlib import closing

import pytest

from support.client import Api
from support.faults.flaky import Flaky
from support.links import add, link, log, put_file, registry_of, sync, until
from support.processes.servers import Server
from support.registry import Registry, files_of
from support.stores.disks import mount, unmount

LINK = "l"


@pytest.mark.parametrize("mode", ["push", pytest.param("pull", marks=pytest.mark.slow)])
def test_a_version_with_unavailable_files_waits_for_them(start: Callable[..., Server], mode: str) -> None:
    """Otherwise the remote version would never get files."""
    here, there = start(), start()
    source, target = (there, here) if mode == "pull" else (here, there)
    _new_version(source.api)
    unmount(source)

    _add(here.api, there.url, mode)
    until(lambda: _said(here.api) != [], "the reason to be said")
    meanwhile = registry_of(target.api)["iris"]["versions"]
    until(lambda: link(here.api, LINK)["postponed_items"] >= 1, "the version to wait")
    mount(source)
    sync(here.api, LINK)
    until(lambda: "1" in registry_of(target.api)["iris"]["versions"], "the version to go over")

    assert meanwhile == {}
    assert "waits for its files" in _said(here.api)[0]
    assert files_of(target.api, "iris", 1) == {"MLmodel": b"precious", "data/weights.bin": b"precious too"}


def test_a_version_of_mlflow_with_unavailable_files_waits_for_them(
    start: Callable[..., Server],
) -> None:
    here, there = start(), start()
    _new_version(there.api)
    unmount(there)

    with closing(Flaky(there.port)) as stock:
        stock.as_stock()
        _add(here.api, stock.url, "pull", kind="mlflow")
        until(lambda: _said(here.api) != [], "the reason to be said")
        meanwhile = registry_of(here.api)["iris"]["versions"]
        mount(there)
        sync(here.api, LINK)
        until(lambda: "1" in registry_of(here.api)["iris"]["versions"], "the version to come")

    assert meanwhile == {}
    assert files_of(here.api, "iris", 1) == {"MLmodel": b"precious", "data/weights.bin": b"precious too"}


def _new_version(api: Api) -> None:
    """Its files lie with a run that no link mirrors."""
    run = api.new_run(api.new_experiment("private"))
    put_file(api, run, "model/MLmodel", b"precious")
    put_file(api, run, "model/data/weights.bin", b"precious too")
    root = api.run(run)["info"]["artifact_uri"]
    Registry(api).new_model("iris")
    Registry(api).new_version("iris", source=f"{root}/model", run_id=run)


def _add(api: Api, to: str, mode: str, **more: str) -> None:
    add(api, LINK, to, mode=mode, exclude=["private"], registry=True, **more)


def _said(api: Api) -> list[str]:
    return [each["message"] for each in log(api, LINK) if each["kind"] == "refused"]
