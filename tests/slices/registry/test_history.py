"""The history of a model: changes of its name, versions, stages and aliases, and the state at a time.  On both databases."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.client import Api
from support.registry import OWN, Registry
from trackside.registry import aliases, history, models, moments, transitions, versions
from trackside.registry.files.origins import Origin
from trackside.registry.history import Held

CLOUD = Origin("s3://b/a", "s3://b/a")


@pytest.fixture
def registry(api: Api) -> Registry:
    return Registry(api)


def events(registry: Registry, name: str = "iris", **asked: Any) -> list[dict[str, Any]]:
    """Return the events without values that differ in each test."""
    found = registry.call("GET", f"{OWN}/registered-models/{name}/history", **asked).get("events", [])
    return [{key: value for key, value in event.items() if key not in ("id", "time")} for event in found]


def at(registry: Registry, name: str = "iris", **asked: Any) -> list[str]:
    found = registry.call("GET", f"{OWN}/registered-models/{name}/at", **asked)["versions"]
    return [held["version"] for held in found]


def test_the_history_has_every_change_with_its_user(registry: Registry) -> None:
    registry.by("ana").new_model()
    registry.by("bo").new_version()
    registry.by("cy").move(1, "production")
    registry.by("cy").alias("best", 1)
    registry.by("di").call("POST", "registered-models/rename", name="iris", new_name="lily")
    registry.delete_version(1, "lily")
    registry.by("ed").delete_model("lily")

    assert (
        list(reversed(events(registry, "lily")))
        == [
            {"kind": "model", "name": "iris", "user": "ana", "after": "iris"},
            {"kind": "version", "name": "iris", "user": "bo", "version": "1", "after": "None"},
            {"kind": "stage", "name": "iris", "user": "cy", "version": "1", "before": "None", "after": "Production"},
            {"kind": "alias", "name": "iris", "user": "cy", "version": "1", "alias": "best", "after": "1"},
            {"kind": "model", "name": "lily", "user": "di", "before": "iris", "after": "lily"},
            {"kind": "alias", "name": "lily", "user": "", "version": "1", "alias": "best", "before": "1"},
            {"kind": "version", "name": "lily", "user": "", "version": "1", "before": "Production"},
            {"kind": "model", "name": "lily", "user": "ed", "before": "lily"},
        ][4:]
    )


def test_the_history_has_the_name_of_a_basic_sign_in(registry: Registry, subtests: pytest.Subtests) -> None:
    """Clients without Trackside's header send MLFLOW_TRACKING_USERNAME."""
    cases: list[tuple[dict[str, str], str]] = [
        ({"authorization": "Basic YW5hOnNlY3JldDp4"}, "ana"),  # ana:secret:x
        ({"authorization": "basic w6RuYTo="}, "äna"),
        ({"authorization": "Basic YW5hOngK", "x-trackside-user": "bo"}, "bo"),
        ({"authorization": "Basic YW5h"}, ""),
        ({"authorization": "Basic ???"}, ""),
        ({"authorization": "Bearer YW5hOngK"}, ""),
    ]

    for at, (headers, user) in enumerate(cases):
        with subtests.test(headers=headers):
            registry.api.ask("POST", "registered-models/create", {"name": f"iris{at}"}, headers=headers)

            assert [event["user"] for event in events(registry, f"iris{at}")] == [user]


@pytest.mark.both
def test_a_model_has_its_history_from_before_a_rename(registry: Registry) -> None:
    registry.new_model()
    registry.call("POST", "registered-models/rename", name="iris", new_name="lily")
    registry.new_model()

    assert [event["name"] for event in events(registry, "lily")] == ["lily", "iris"]
    assert [(event["name"], event.get("before")) for event in events(registry)] == [
        ("iris", None),
        ("lily", "iris"),
        ("iris", None),
    ]


def test_a_call_without_a_change_adds_no_event(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    registry.alias("best", 1)
    before = len(events(registry))

    registry.move(1, "None")
    registry.alias("best", 1)
    registry.call("DELETE", "registered-models/alias", name="iris", alias="never")

    assert len(events(registry)) == before


def test_archived_versions_have_their_own_events(registry: Registry) -> None:
    registry.new_model()
    for _ in range(3):
        registry.new_version()
    registry.move(1, "Production")
    registry.move(2, "Production")

    registry.by("ana").move(3, "Production", archive=True)

    assert [(e["version"], e["before"], e["after"], e["user"]) for e in events(registry, kind="stage")[:3]] == [
        ("3", "None", "Production", "ana"),
        ("2", "Production", "Archived", "ana"),
        ("1", "Production", "Archived", "ana"),
    ]


def test_events_by_kind_version_and_alias_and_in_pages(registry: Registry) -> None:
    registry.new_model()
    for number in range(1, 6):
        registry.new_version()
        registry.alias(f"a{number % 2}", number)

    assert [event["version"] for event in events(registry, kind="alias", alias="a1")] == ["5", "3", "1"]
    assert [event["kind"] for event in events(registry, version="4")] == ["alias", "version"]

    pages, token = [], None
    while True:
        asked = {"max_results": 4, **({"page_token": token} if token else {})}
        page = registry.call("GET", f"{OWN}/registered-models/iris/history", **asked)
        pages.append([event["id"] for event in page["events"]])
        token = page.get("next_page_token")
        if token is None:
            break
    found = [int(event) for page_ids in pages for event in page_ids]
    assert [len(page_ids) for page_ids in pages] == [4, 4, 3]
    assert found == sorted(found, reverse=True)


def test_invalid_queries_of_the_history_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"kind": "x"}, "kind is 'x'; it must be one of model, version, stage, alias"),
        ({"max_results": 0}, "max_results is 0; it must be between 1 and 1000"),
        ({"page_token": "x"}, "'x' is not a page token of this list"),
    ]

    registry.new_model()

    for asked, message in cases:
        with subtests.test(asked=asked):
            fault = registry.fault("GET", f"{OWN}/registered-models/iris/history", **asked)

            assert fault == (400, "INVALID_PARAMETER_VALUE", message)


@pytest.mark.both
def test_which_version_was_in_a_stage_and_had_an_alias_at_a_moment(db: Any) -> None:
    with db.write(1) as tx:
        tx.now = 1000
        models.create(tx, "iris", {}, "")
        for _ in range(2):
            versions.create(tx, "iris", CLOUD, tags={}, run_link="", description="")
        tx.user, tx.now = "ana", 2000
        transitions.move(tx, "iris", "1", "Production", archive_existing=False)
        aliases.put(tx, "iris", "best", "1")
        tx.user, tx.now = "bo", 3000
        transitions.move(tx, "iris", "2", "Production", archive_existing=False)
        aliases.put(tx, "iris", "best", "2")
        tx.now = 4000
        transitions.move(tx, "iris", "1", "Archived", archive_existing=False)
        aliases.delete(tx, "iris", "best")
        tx.now = 5000
        versions.delete(tx, "iris", "2")

        (model,) = history.models_with_name(tx, "iris")
        production = [
            [held.version for held in history.stage_at(tx, model, "Production", time)]
            for time in (1999, 2000, 3000, 4000, 5000)
        ]
        best = [history.alias_at(tx, model, "best", time) for time in (1999, 2500, 3999, 4000)]

    assert production == [[], ["1"], ["2", "1"], ["2"], []]
    assert best == [None, Held(version="1", since=2000, user="ana"), Held(version="2", since=3000, user="bo"), None]


def test_a_name_at_a_time_is_resolved_to_its_owner_then(db: Any) -> None:
    with db.write(1) as tx:
        tx.now = 1000
        models.create(tx, "iris", {}, "")
        tx.now = 2000
        models.rename(tx, "iris", "lily")
        tx.now = 3000
        models.create(tx, "iris", {}, "")
        tx.now = 4000
        models.delete(tx, "iris")
        first, second = history.models_with_name(tx, "iris")

        iris = [history.model_with_name_at(tx, "iris", time) for time in (999, 1000, 2000, 3000, 4000)]
        lily = [history.model_with_name_at(tx, "lily", time) for time in (1999, 2000, 9000)]

    assert iris == [None, first, None, second, None]
    assert lily == [None, first, first]


def test_times_in_queries_of_the_history(registry: Registry) -> None:
    registry.new_model()
    registry.new_version()
    registry.alias("best", 1)
    registry.move(1, "Production")
    made = registry.version(1)["creation_timestamp"]
    registry.call("POST", "registered-models/rename", name="iris", new_name="lily")

    assert at(registry, "lily", stage="production") == ["1"]
    assert at(registry, "lily", alias="best") == ["1"]
    assert at(registry, "lily", stage="Production", time="2100-01-01T00:00:00+02:00") == ["1"]
    assert at(registry, "lily", stage="Production", time=str(made - 1)) == []
    assert at(registry, "lily", stage="Production", time="2020-01-01") == []
    assert at(registry, "lily", alias="other") == []
    assert at(registry, "lily", stage="Archived") == []
    registry.delete_model("lily")
    assert at(registry, "lily", stage="Production", time="2100-01-01") == []


@pytest.mark.both
def test_invalid_times_are_refused(registry: Registry, subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, dict[str, str], tuple[int, str, str]]] = [
        (
            "none",
            {"stage": "Production"},
            (404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=none not found"),
        ),
        ("iris", {}, (400, "INVALID_PARAMETER_VALUE", "Say either a stage or an alias")),
        (
            "iris",
            {"stage": "Prodution"},
            (
                400,
                "INVALID_PARAMETER_VALUE",
                "stage is 'Prodution', in which this model never was; there are None, Staging, Production and Archived",
            ),
        ),
        ("iris", {"stage": "a", "alias": "b"}, (400, "INVALID_PARAMETER_VALUE", "Say either a stage or an alias")),
        (
            "iris",
            {"stage": "Production", "time": "soon"},
            (
                400,
                "INVALID_PARAMETER_VALUE",
                ("time is 'soon'; it must be milliseconds since 1970 or ISO 8601, such as 2026-03-01T09:30:00Z"),
            ),
        ),
    ]

    registry.new_model()

    for name, asked, fault in cases:
        with subtests.test(name=name, asked=asked):
            assert registry.fault("GET", f"{OWN}/registered-models/{name}/at", **asked) == fault


def test_the_history_knows_removed_stages(registry: Registry) -> None:
    stages = [{"name": name} for name in ("None", "QA", "Staging", "Production", "Archived")]
    registry.call("PUT", f"{OWN}/registry/stages", stages=stages)
    registry.new_model()
    registry.new_version()
    registry.move(1, "QA")
    registry.move(1, "Production")
    registry.call("PUT", f"{OWN}/registry/stages", stages=[stage for stage in stages if stage["name"] != "QA"])

    assert at(registry, stage="QA") == []


def test_a_workspace_does_not_see_anothers_history(api: Api) -> None:
    north, south = (Registry(api.new_workspace(name)) for name in ("north", "south"))
    north.new_model()

    fault = (404, "RESOURCE_DOES_NOT_EXIST", "Registered Model with name=iris not found")
    assert south.fault("GET", f"{OWN}/registered-models/iris/history") == fault
    assert south.fault("GET", f"{OWN}/registered-models/iris/at", stage="None") == fault


def test_times_are_parsed_in_common_forms(subtests: pytest.Subtests) -> None:
    cases = [
        ("0", 0),
        ("1767225600000", 1_767_225_600_000),
        ("2025-12-31", 1_767_225_599_999),  # its end: what came in the morning was in production on that day
        ("2026-01-01T00:00", 1_767_225_600_000),
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T02:00:00+02:00", 1_767_225_600_000),
        ("2026-01-01T02:00:00 02:00", 1_767_225_600_000),  # as a query string has it
        ("2026-01-01 00:00", 1_767_225_600_000),
        ("999999999999999", 999_999_999_999_999),  # a number of more digits is a date without signs: 2026 is a year
        ("20260101T000000", 1_767_225_600_000),
        ("2026-01-01T00:00:00.123", 1_767_225_600_123),
    ]

    for text, moment in cases:
        with subtests.test(text=text):
            assert moments.parse(text) == moment


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["None", "Production", None])), max_size=12))
def test_the_versions_in_a_stage_are_those_that_entered_and_did_not_leave(moves: list[tuple[int, str | None]]) -> None:
    now: dict[int, str | None] = dict(moves)

    held = history.in_stage([(version, stage, time, "") for time, (version, stage) in enumerate(moves)], "Production")

    assert [one.version for one in held] == [str(v) for v in sorted(now, reverse=True) if now[v] == "Production"]


@pytest.mark.both
def test_a_change_during_a_day_counts_on_that_day(db: Any) -> None:
    with db.write(1) as tx:
        models.create(tx, "iris", {}, "")
        for _ in range(2):
            versions.create(tx, "iris", CLOUD, tags={}, run_link="", description="")
        for version, hour in ((1, 9), (2, 17)):
            tx.now = moments.parse(f"2030-06-03T{hour:02}:00Z")
            transitions.move(tx, "iris", str(version), "Production", archive_existing=True)
        key = models.key_of(tx, "iris").model_seq

        found = {
            day: [held.version for held in history.stage_at(tx, key, "Production", moments.parse(day))]
            for day in ("2030-06-02", "2030-06-03", "2030-06-03T12:00", "2030-06-04")
        }

    assert found == {"2030-06-02": [], "2030-06-03": ["2"], "2030-06-03T12:00": ["1"], "2030-06-04": ["2"]}


@pytest.mark.both
def test_latest_is_the_highest_version_at_that_time(db: Any) -> None:
    with db.write(1) as tx:
        start = tx.now
        models.create(tx, "iris", {}, "")
        seq = models.key_of(tx, "iris").model_seq
        for at in (1, 2):
            tx.now = start + at
            versions.create(tx, "iris", CLOUD, tags={}, run_link="", description="")
        tx.now = start + 3
        versions.delete(tx.by("ana"), "iris", "2")
        tx.now = start + 4
        models.delete(tx, "iris")

        held = [history.newest_at(tx, seq, start + at) for at in range(5)]

    assert held == [
        None,
        Held(version="1", since=start + 1, user=""),
        Held(version="2", since=start + 2, user=""),
        Held(version="1", since=start + 3, user="ana"),
        None,
    ]


def test_latest_is_answered_as_an_alias_in_any_case(registry: Registry) -> None:
    registry.new_model()
    assert at(registry, alias="latest") == []
    registry.new_version()
    registry.new_version()

    assert at(registry, alias="latest") == at(registry, alias="LATEST") == ["2"]


def test_the_history_of_a_deleted_model_ends_its_aliases_and_stages(registry: Registry) -> None:
    registry.new_model()
    for _ in range(2):
        registry.new_version()
    registry.move(2, "Production")
    registry.alias("champion", 2)
    registry.by("ana").delete_model()

    ends = [event for event in events(registry) if event["user"] == "ana"]

    assert ends == [
        {"kind": "model", "name": "iris", "user": "ana", "before": "iris"},
        {"kind": "version", "name": "iris", "user": "ana", "version": "2", "before": "Production"},
        {"kind": "version", "name": "iris", "user": "ana", "version": "1", "before": "None"},
        {"kind": "alias", "name": "iris", "user": "ana", "version": "2", "alias": "champion", "before": "2"},
    ]
    assert at(registry, alias="champion") == at(registry, stage="Production") == []


@pytest.mark.both
def test_times_follow_the_order_of_changes(db: Any) -> None:
    """A writer may have read the clock before it waited for another."""
    with db.write(1) as tx:
        models.create(tx, "iris", {}, "")
        key = models.key_of(tx, "iris").model_seq
        later = tx.now
        for version, now in ((1, later), (2, later - 5_000)):
            tx.now = now
            versions.create(tx, "iris", CLOUD, tags={}, run_link="", description="")
            aliases.put(tx, "iris", "best", str(version))
        models.delete(tx, "iris")
        tx.now = later - 4_000
        models.create(tx, "iris", {}, "")
        rows = tx.all("SELECT changed_at FROM model_history WHERE workspace_id = :ws ORDER BY history_seq")

        assert {time for (time,) in rows} == {later}
        assert history.alias_at(tx, key, "best", later - 1) is None
        assert history.model_with_name_at(tx, "iris", later) == models.key_of(tx, "iris").model_seq
