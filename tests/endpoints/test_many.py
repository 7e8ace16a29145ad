"""Ten thousand endpoints in one workspace."""

from typing import Any

import msgspec
import pytest

from endpoints.conftest import ENDPOINTS
from monitoring.test_overview import many_endpoints
from support.client import Api
from trackside.core.db.tx import Tx
from trackside.endpoints import store
from trackside.endpoints.model import Model, Spec
from trackside.endpoints.work import shown, shown_all

COUNT = 10_000


def deployed(tx: Tx) -> None:
    many_endpoints(tx, COUNT)
    tx.run(
        "UPDATE deployments SET model = :model, spec = :spec WHERE workspace_id = :ws",
        model=msgspec.json.encode(Model(uri="m", files_uri="m")).decode(),
        spec=msgspec.json.encode(Spec()).decode(),
    )


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
