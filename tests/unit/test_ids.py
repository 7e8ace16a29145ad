"""Ids of new entities: standard UUIDs of version 7 that sort by the time at which they were made."""

import time
import uuid

from trackside.core.ids import new_id


def test_an_id_is_a_uuid_of_version_7_with_the_time_that_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    parsed = uuid.UUID(made)

    assert made == parsed.hex
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert before <= parsed.int >> 80 <= after


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000
