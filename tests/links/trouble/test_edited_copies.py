"""A server is killed after its link made a copy and before the copy was compared: an edit of the copy in between stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from links.items.test_traces import everything, set_tag, trace
from support.client import Api
from support.faults.flaky import Fault, Flaky
from support.links import add, log, settle, until
from support.processes.servers import Server
from support.registry import Registry
from support.traces import trace_id

LINK = "twin"
VERSION = "/item?entity=model_version"


class Pair:
    """`near` has a link to `far`, and is killed at the `at`-th call whose path ends in, or contains, `path`.  After that, `far`
    answers nothing until `resume`."""

    def __init__(self, start: Callable[..., Server]) -> None:
        self.near, self.far = start(), start()
        self._proxy = Flaky(self.far.port)
        self._is_closed = False

    @property
    def url(self) -> str:
        return self._proxy.url

    def kill_near(self, method: str, path: str, at: int = 1) -> None:
        seen: list[str] = []

        def fault(its_method: str, its_path: str) -> Fault | None:
            if self._is_closed:
                return "503"
            if its_method == method and path in its_path:
                seen.append(its_path)
                if len(seen) == at:
                    self._is_closed = True
                    self.near.kill9()
            return None

        self._proxy.faults = fault

    def wait(self) -> None:
        """Return when `near` is up again."""
        until(lambda: self._is_closed and self.near.process is None, "the kill")
        self.near.start()

    def resume(self) -> None:
        self._proxy.faults = lambda *_: None
        settle(self.near.api, LINK)

    def close(self) -> None:
        self._proxy.close()


@pytest.fixture
def pair(start: Callable[..., Server]) -> Iterator[Pair]:
    made = Pair(start)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize(  # when the call that made it was answered, and when that was saved
    "at", [2, 3]
)
def test_changes_of_a_version_that_was_created_remotely(pair: Pair, at: int) -> None:
    a_version(pair.near.api)
    pair.kill_near("GET", VERSION, at)
    add(pair.near.api, LINK, pair.url, mode="both", registry=True)

    pair.wait()
    describe(pair.far.api, "by hand")
    pair.resume()

    both_have(pair, lambda api: (version(api)["description"], version(api)["current_stage"]), ("by hand", "Archived"))
    assert conflicts(pair) == []


@pytest.mark.slow
@pytest.mark.parametrize("at", [2, 3])
def test_changes_of_a_version_that_both_sides_edited(pair: Pair, at: int) -> None:
    a_version(pair.near.api)
    pair.kill_near("GET", VERSION, at)
    add(pair.near.api, LINK, pair.url, mode="both", registry=True)

    pair.wait()
    describe(pair.far.api, "by hand")
    Registry(pair.far.api).move(1, "Production")
    describe(pair.near.api, "another")
    pair.resume()

    both_have(pair, lambda api: (version(api)["description"], version(api)["current_stage"]), ("by hand", "Production"))
    assert conflicts(pair) == [
        (
            "model iris version 1: both sides changed description: 'another' in this workspace, 'by hand' on the remote; "
            "kept 'by hand'"
        ),
        (
            "model iris version 1: both sides changed stage: 'Archived' in this workspace, 'Production' on the remote; "
            "kept 'Production'"
        ),
    ]


@pytest.mark.slow
def test_changes_of_a_version_that_was_created_locally(pair: Pair) -> None:
    a_version(pair.far.api)
    pair.kill_near("GET", VERSION, 2)
    add(pair.near.api, LINK, pair.url, mode="both", registry=True)

    pair.wait()
    describe(pair.near.api, "by hand")
    pair.resume()

    both_have(pair, lambda api: (version(api)["description"], version(api)["current_stage"]), ("by hand", "Archived"))
    assert conflicts(pair) == []


@pytest.mark.slow
def test_changes_of_traces_that_were_created_remotely(pair: Pair) -> None:
    numbers = (1, 2, 3)
    for number in numbers:
        trace(pair.near.api, number, tags={"edited": "no", "here": "no"})
    pair.kill_near("POST", "/sync/traces/get", 2)
    add(pair.near.api, LINK, pair.url, mode="both")

    pair.wait()
    set_tag(pair.far.api, 1, "edited", "by hand")
    set_tag(pair.near.api, 1, "here", "later")
    pair.resume()

    both_have(pair, tags, {"edited": "by hand", "here": "later"})
    assert everything(pair.near.api) == everything(pair.far.api)
    assert conflicts(pair) == []


@pytest.mark.slow
def test_changes_of_a_trace_that_was_created_remotely(pair: Pair) -> None:
    trace(pair.near.api, tags={"edited": "no", "here": "no"})
    pair.kill_near("GET", "/item?entity=trace", 2)
    add(pair.near.api, LINK, pair.url, mode="both")

    pair.wait()
    set_tag(pair.far.api, 1, "edited", "by hand")
    set_tag(pair.near.api, 1, "here", "later")
    pair.resume()

    both_have(pair, tags, {"edited": "by hand", "here": "later"})
    assert conflicts(pair) == []


@pytest.mark.slow
def test_changes_of_a_trace_that_was_created_locally(pair: Pair) -> None:
    trace(pair.far.api, tags={"edited": "no", "there": "no"})
    pair.kill_near("GET", "/traces/fingerprints")
    add(pair.near.api, LINK, pair.url, mode="both")

    pair.wait()
    set_tag(pair.near.api, 1, "edited", "by hand")
    set_tag(pair.far.api, 1, "there", "later")
    pair.resume()

    both_have(pair, tags, {"edited": "by hand", "there": "later"})
    assert everything(pair.near.api) == everything(pair.far.api)
    assert conflicts(pair) == []


def a_version(api: Api) -> None:
    registry = Registry(api)
    registry.new_model()
    registry.new_version(description="as made")
    registry.move(1, "Archived")


def version(api: Api) -> Any:
    return Registry(api).version(1)


def describe(api: Api, text: str) -> None:
    Registry(api).call("PATCH", "model-versions/update", name="iris", version="1", description=text)


def tags(api: Api) -> dict[str, str]:
    found = everything(api)[trace_id(1)]["tags"]
    return {key: value for key, value in found.items() if key in ("edited", "here", "there")}


def both_have(pair: Pair, shown: Callable[[Api], Any], wanted: Any) -> None:
    def are_alike() -> bool:
        return all(shown(side.api) == wanted for side in (pair.near, pair.far))

    until(are_alike, "both sides to have it:", said=lambda: (shown(pair.near.api), shown(pair.far.api)))


def conflicts(pair: Pair) -> list[str]:
    return sorted(line["message"] for line in log(pair.near.api, LINK) if line["kind"] == "conflict")
