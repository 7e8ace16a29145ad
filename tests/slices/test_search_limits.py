"""Searches are ended after a time limit and when the client disconnects, and refused if they would take too long."""

import itertools
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace

from support.client import Api
from trackside import opening
from trackside.core.db.limits import Limit
from trackside.core.errors import TooSlow
from trackside.core.settings import Settings

ENDLESS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000000)
SELECT COUNT(*) FROM numbers WHERE :ws = 1
"""


class Client:
    """Waits for an answer, until it leaves or the database has asked so often whether it waits."""

    def __init__(self, patience: int = 10**9) -> None:
        self.asked = threading.Event()
        self.has_left = threading.Event()
        self._patience = patience

    def is_gone(self) -> bool:
        self.asked.set()
        self._patience -= 1
        return self.has_left.is_set() or self._patience < 0


def test_a_read_is_interrupted_when_its_client_is_gone(db: Any) -> None:
    with pytest.raises(TooSlow), db.read(1, Limit(3600, Client(patience=2).is_gone)) as tx:
        tx.all(ENDLESS)

    with db.read(1) as tx:
        assert tx.all("SELECT 1") == [(1,)]


def test_a_read_is_interrupted_after_its_time(db: Any) -> None:
    seconds = itertools.count()

    with (
        pytest.raises(TooSlow, match="took longer than 3 s and was interrupted"),
        db.read(1, Limit(3, clock=lambda: float(next(seconds)))) as tx,
    ):
        tx.all(ENDLESS)


@pytest.mark.parametrize("chosen", ["postgresql"], indirect=True)
def test_postgresql_itself_interrupts_a_read_after_its_time(db: Any) -> None:
    with pytest.raises(TooSlow), db.read(1, Limit(0.05, clock=lambda: 0.0)) as tx:
        tx.all(ENDLESS)


def test_a_read_within_its_time_is_left_alone(db: Any) -> None:
    with db.read(1, Limit(3600)) as tx:
        assert tx.all("SELECT 1 WHERE :ws = 1") == [(1,)]


@pytest.fixture
def impatient(chosen: Settings, make_api: Callable[..., Api]) -> Api:
    return make_api(replace(chosen, search_timeout_s=0))


def test_a_search_that_takes_too_long_is_an_error_that_clients_do_not_retry(impatient: Api) -> None:
    status, code, message = impatient.fault("runs/search", experiment_ids=["0"])

    assert (status, code) == (400, "DEADLINE_EXCEEDED")
    assert "took longer than 0 s and was interrupted" in message
    assert "--search-timeout" in message


def test_a_pattern_is_bounded_by_its_length_times_its_wildcards(sqlite_api: Api, subtests: pytest.Subtests) -> None:
    cases = [
        ("%" + "a" * 1997 + "%", True),
        ("%" + "a" * 2000 + "%", False),
        ("a" * 8000, True),
        ("%a" * 44, True),
        ("%a" * 45, False),
        ("%" * 4000, True),  # one wildcard, however often it is written
    ]

    for pattern, is_allowed in cases:
        with subtests.test(start=pattern[:10], length=len(pattern)):
            wanted = {"experiment_ids": ["0"], "filter": f"tags.a LIKE '{pattern}'"}
            reply = sqlite_api.ask("POST", "runs/search", wanted)

            assert reply.status == (200 if is_allowed else 400)
            if not is_allowed:
                assert "wildcards %; the product of both is" in reply.json["message"]


def test_the_patterns_of_a_filter_are_bounded_together(sqlite_api: Api) -> None:
    pattern = "%" + "a" * 1500 + "%"
    text = " OR ".join(f"tags.a LIKE '{pattern}'" for _ in range(10))

    status, code, message = sqlite_api.fault("runs/search", experiment_ids=["0"], filter=text)

    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message.startswith("The LIKE patterns of the filter cost 30040 together")


def test_a_search_by_costly_patterns_is_interrupted_between_two_of_them(sqlite_settings: Settings) -> None:
    """A LIKE is one step of SQLite's virtual machine, which cannot be interrupted."""
    client = Client(patience=1)
    text, pattern = "a" * 7999, "%" + "a" * 1990 + "b%"
    with closing(opening.open_database(sqlite_settings)) as database:
        with pytest.raises(TooSlow), database.read(1, Limit(3600, client.is_gone)) as tx:
            tx.all(
                """
                WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
                SELECT COUNT(*) FROM numbers WHERE :ws = 1 AND n || :text LIKE :pattern
                """,
                text=text,
                pattern=pattern,
            )
        with database.read(1) as tx:
            assert tx.all("SELECT 1") == [(1,)]
