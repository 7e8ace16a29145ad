"""The loop of a server that runs its jobs: what wakes it."""

from collections.abc import Iterator

import pytest

from jobs.conftest import ADD, KINDS, LIMITS, Add, Office
from support.links import until
from trackside.core.db.tx import OnChange
from trackside.jobs import loops
from trackside.jobs.executors.process import ProcessExecutor
from trackside.jobs.kinds import Kinds
from trackside.jobs.model import State

NEVER_S = 3600.0


@pytest.fixture
def wakers(office: Office) -> Iterator[list[OnChange]]:
    """Of a loop that looks for jobs only when it is woken."""
    found: list[OnChange] = []
    kinds, executor = Kinds(KINDS), ProcessExecutor({})
    ends = loops.start(office.db, kinds, LIMITS, office.folder, executor, "", found, lambda *_: None, every_s=NEVER_S)
    yield found
    for end in reversed(ends):
        end()


def test_a_job_starts_after_its_commit_and_its_end_is_noticed_at_once(office: Office, wakers: list[OnChange]) -> None:
    job_id = office.submit(ADD, Add(2, 3))

    for wake in wakers:
        wake(None)

    until(lambda: office.job(job_id).state is State.SUCCEEDED, "the job to end")
