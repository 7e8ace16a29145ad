"""Ten thousand endpoints in one workspace."""

from typing import Any

import msgspec
import pytest

from endpoints.conftest import ENDPOINTS
from monitoring.test_overview import many_endpoints
from support.client import Api
from trackside.core.db.tx import Tx
from trackside.endpoints import store
from trackside.endpoints.model import Endpoints, Model, ShownEndpoint, Spec
from trackside.endpoints.work import shown, shown_all, shown_page

COUNT = 10_000


def deployed(tx: Tx, count: int = COUNT) -> None:
    many_endpoints(tx, count)
    tx.run(
        "UPDATE deployments SET model = :model, spec = :spec WHERE workspace_id = :ws",
        model=msgspec.json.encode(Model(uri="m", files_uri="m")).decode(),
        spec=msgspec.json.encode(Spec()).decode(),
    )


@pytest.mark.both
def test_pages_of_a_list_have_each_endpoint_once_as_the_whole_list_has_it(db: Any) -> None:
    db.writer.submit(1, lambda tx: deployed(tx, 7)).result()

    pages: list[list[ShownEndpoint]] = []
    token = ""
    with db.read(1) as tx:
        every = shown_all(tx)
        while not pages or token:
            page = shown_page(tx, token, 3)
            pages.append(page.endpoints)
            token = page.next_page_token or ""
        after_all = shown_page(tx, "z", 3)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in page] == every
    assert after_all == Endpoints([])


def test_a_page_of_a_list_has_the_requested_size(sqlite_api: Api) -> None:
    for number in range(3):
        sqlite_api.ask("POST", ENDPOINTS, {"name": f"endpoint-{number}"})

    first = sqlite_api.get(ENDPOINTS, max_results=2)
    second = sqlite_api.get(ENDPOINTS, page_token=first["next_page_token"])

    assert [each["name"] for each in first["endpoints"]] == ["endpoint-0", "endpoint-1"]
    assert [each["name"] for each in second["endpoints"]] == ["endpoint-2"]
    assert "next_page_token" not in second
    assert len(sqlite_api.get(ENDPOINTS)["endpoints"]) == 3


def test_an_invalid_page_is_refused(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases: list[dict[str, str]] = [
        {"max_results": "0"},
        {"max_results": "1001"},
        {"max_results": "many"},
        {"max_results": "9" * 5000},
        {"max_results": "\u0663"},
        {"page_token": "a b"},
        {"page_token": "-"},
    ]

    for asked in cases:
        with subtests.test(asked=asked):
            reply = sqlite_api.ask("GET", ENDPOINTS, arguments=asked)

            assert reply.status == 400
            assert next(iter(asked)) in reply.body.decode()


@pytest.mark.slow
def test_a_list_of_ten_thousand_endpoints_has_what_each_of_them_shows(application: Any, api: Api) -> None:
    db = application.asgi._database
    db.writer.submit(1, deployed).result()

    listed = api.get(ENDPOINTS)["endpoints"]
    with db.read(1) as tx:
        every = shown_all(tx)
        some = [shown(tx, store.get(tx, f"endpoint-{number}")) for number in (0, 1, COUNT - 1)]

    assert len(listed) == len(every) == COUNT
    assert [next(each for each in every if each.name == one.name) for one in some] == some
    assert listed[0]["deployments"][0]["name"] == "blue"
