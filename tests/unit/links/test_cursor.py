"""Positions in the lists and the change log of another Trackside, as text and back."""

import pytest

from trackside.sync.entities import Entity
from trackside.sync.remote.trackside.cursor import ListCursor, LogCursor, is_of_list

LOG = LogCursor("0f", 12, 1_700_000_000_000)


def test_a_position_in_the_log_is_read_back_from_its_text() -> None:
    assert LOG.encode() == "0f/12/1700000000000"
    assert LogCursor.decode(LOG.encode()) == LOG
    assert not is_of_list(LOG.encode())


def test_a_position_in_a_list_is_read_back_from_its_text(subtests: pytest.Subtests) -> None:
    for after in ["", "r1", "a model/1a", "x  y"]:
        with subtests.test(after=after):
            place = ListCursor(LOG, Entity.MODEL_VERSION, after)

            assert is_of_list(place.encode())
            assert ListCursor.decode(place.encode()) == place
