"""Invalid values for every field of every route."""

import time

import pytest

from fuzz.faults import OURS, fault_of
from fuzz.invariants import problems
from fuzz.raw import Ask
from fuzz.values import dumped, raw
from fuzz.world import EVENTS, ODD, World, takes_away
from support.runner.examples import varies

MOST_S = 10.0  # of the processor; they take milliseconds
SHARE = 16  # so many fields are asked until each odd value was tried,
RARELY = 12  # times as many where tests do not vary


def _wrong(world: World, *, share: int) -> list[str]:
    """Each field gets one of `share` parts of the odd values, the next field the next part."""
    found = []
    world.renew()
    for i, route in enumerate(world.routes):
        has_succeeded = False
        for j, (label, make) in enumerate(world.asks_of(route)):
            if (i + j) % share:
                continue
            ask = make()
            began = time.process_time()
            told = world.direct.ask(ask)
            fault = fault_of(ask, told)
            has_succeeded |= told.status < 300
            took_s = time.process_time() - began
            if fault is None and took_s > MOST_S:
                fault = f"took {took_s:.1f} s of the processor"
            if fault is not None:
                found.append(f"{route.method} {route.paths[0]} {label}: {fault}")
        if has_succeeded and takes_away(route):
            world.renew()
    return found


def _share(of_all: int) -> int:
    return of_all if varies() else RARELY * of_all


def _told(wrong: list[str]) -> str:
    return "\n".join([f"{len(wrong)} in all", *wrong[:40]])


@pytest.mark.slow  # of the tests themselves: each call is made in a store of its own
def test_most_valid_calls_of_the_fuzzer_succeed(world: World) -> None:
    statuses = []
    world.renew()
    for route in world.routes:
        told = world.direct.ask(world.ask(route, world.plain(route), world.target(route)))
        statuses.append(told.status)
        if told.status < 300 and takes_away(route):
            world.renew()

    assert sum(status < 300 for status in statuses) > 0.7 * len(statuses)


def test_no_value_of_a_field_breaks_a_call_or_the_store(world: World) -> None:
    wrong = _wrong(world, share=_share(SHARE))

    assert not wrong, _told(wrong)
    assert problems(world.database) == []


@pytest.mark.slow
def test_no_value_of_a_field_breaks_a_call_or_the_store_on_postgresql(pg_world: World) -> None:
    wrong = _wrong(pg_world, share=_share(4 * SHARE))

    assert not wrong, _told(wrong)
    assert problems(pg_world.database) == []


ADDRESSES = [
    *("http://[x", "http://h:port/", "http://h:99999/", "http://h:-1/", "http://a b/", "http://a..b/", "http://./"),
    *(
        f"http://{'a' * 70}.invalid/",
        "http://",
        "http:x",
        "//h",
        "http://\ud800/",
        "http://\u20ac.invalid/",
        "http://a\\b/",
    ),
    *(
        "http://u:p@/",
        "http://127.0.0.1:0/",
        "http://%zz/",
        "databricks://[x",
        "databricks://a b",
        "HTTP://[::1",
        "\u0000",
    ),
]


def test_no_address_breaks_a_call(world: World) -> None:
    world.renew()

    wrong = []
    for i, address in enumerate(ADDRESSES):
        for path, more in (
            (f"{OURS}/links", {"to": address, "name": f"l{i}"}),
            (f"{OURS}/webhooks", {"url": address, "name": "w", "events": EVENTS}),
            ("/api/2.0/mlflow/model-versions/create", {"name": world.name, "source": address}),
            ("/api/2.0/mlflow/experiments/create", {"name": f"at{i}", "artifact_location": address}),
            ("/api/3.0/mlflow/workspaces", {"name": f"at{i}", "default_artifact_root": address}),
        ):
            ask = Ask("POST", path.encode(), pieces=[dumped(more).encode()])
            fault = fault_of(ask, world.direct.ask(ask))
            # A link's remote is asked while the caller waits, and there is none of these names.
            if fault is not None and "503: " + address.rstrip("/").lower() not in fault:
                wrong.append(f"{path} {address}: {fault}")

    assert not wrong, _told(wrong)


def test_no_source_of_a_version_breaks_a_call(world: World) -> None:
    world.renew()

    for odd in ODD:
        fields = {"name": world.name, "source": raw(odd), "run_id": world.run_id}
        ask = Ask("POST", b"/api/2.0/mlflow/model-versions/create", pieces=[dumped(fields).encode()])
        assert fault_of(ask, world.direct.ask(ask)) is None, odd[:60]


def test_no_text_in_a_tag_breaks_the_calls_that_read_it(world: World) -> None:
    world.renew()
    model = world.plausible(world.routes[0])["model_json"]
    version = {"name": world.name, "source": f"models:/{world.model_id}", "model_id": world.model_id}

    wrong = []
    for odd in ODD:
        tag = {"key": raw('"mlflow.log-model.history"'), "value": raw(odd)}
        tags = [{"key": "mlflow.modelVersions", "value": raw(odd)}]
        for method, path, fields in (
            ("POST", "runs/set-tag", {"run_id": world.run_id, **tag}),
            ("POST", "runs/log-model", {"run_id": world.run_id, "model_json": model}),
            ("PATCH", f"logged-models/{world.model_id}/tags", {"tags": tags}),
            ("POST", "model-versions/create", version),
        ):
            ask = Ask(method, f"/api/2.0/mlflow/{path}".encode(), pieces=[dumped(fields).encode()])
            told = world.direct.ask(ask)
            fault = fault_of(ask, told)
            if fault is not None or ("-tag" not in path and "/tags" not in path and told.status != 200):
                wrong.append(f"{path} after {odd[:60]}: {fault or told.body[:200]!r}")

    assert not wrong, _told(wrong)
    assert problems(world.database) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["world", "pg_world"])
def test_no_value_of_any_field_breaks_anything(request: pytest.FixtureRequest, name: str) -> None:
    world: World = request.getfixturevalue(name)

    wrong = _wrong(world, share=1)

    assert not wrong, _told(wrong)
    assert problems(world.database) == []
