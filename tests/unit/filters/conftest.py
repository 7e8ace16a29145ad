"""A transaction for the searches' SQL, on each database in turn, which stays open: a store costs more than its questions."""

from collections.abc import Iterator

import pytest

from trackside import opening
from trackside.core import settings
from trackside.core.db.tx import Tx

WS = 7


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def tx(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tx]:
    flags = {"--data": str(tmp_path_factory.mktemp("filters"))}
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")
        flags["--store"] = postgres.url(postgres.create())
    database = opening.open_database(settings.load(flags, {}))
    with database.write(WS) as found:
        yield found
    database.close()
