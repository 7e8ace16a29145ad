"""Monitors of users who may not start them any more."""

from collections.abc import Callable

import pytest
from msgspec import structs

from drift.monitors.conftest import MONITORS
from support.client import Api
from support.links import until
from support.people import OURS, People
from trackside import app
from trackside.core.settings import Settings


@pytest.fixture
def application(chosen: Settings, make_application: Callable[..., app.App]) -> app.App:
    return make_application(structs.replace(chosen, default_role=()), interval_factor=0.1)


def test_a_monitor_whose_user_lost_the_right_is_paused_until_another_user_resumes_it(
    api: Api, application: app.App
) -> None:
    people = People(api).begin(application)
    ann = people.add("ann")
    role = people.grant("ann", "Contributor", "/ws/default")
    ann.post(f"{OURS}/endpoints", name="e", auth_mode="none")
    ann.post(MONITORS, {"name": "watch", "target": {"endpoint": "e"}, "baseline": {"past_windows": 7}, "window": "day"})
    people.admin.ask("DELETE", f"{OURS}/role-assignments/{role}")

    def make_due(tx: object) -> None:
        tx.run("UPDATE drift_monitors SET next_at = 1 WHERE workspace_id = :ws")  # type: ignore[attr-defined]

    application.asgi._database.writer.submit(1, make_due).result()
    one = f"{MONITORS}/watch"
    until(lambda: not people.admin.get(one)["monitor"]["is_scheduled"], "the monitor to be paused")
    reason = people.admin.get(one)["monitor"]["pause_reason"]
    resumed = people.admin.ask("PATCH", one, {"is_scheduled": True}).json["monitor"]

    assert reason.startswith("ann, who created it, does not have ")
    assert people.admin.get(f"{OURS}/jobs").get("jobs", []) == []
    assert (resumed["is_scheduled"], resumed["user"], "pause_reason" in resumed) == (True, "root", False)
