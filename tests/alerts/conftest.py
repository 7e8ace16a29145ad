"""A receiver of webhooks."""

from collections.abc import Iterator

import pytest

from support.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
