"""A process that runs jobs from a store: for tests that kill it.  `worker_process.py DATA STORE FOLDER`."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import make_settings
from jobs.conftest import KINDS, LIMITS
from trackside import opening
from trackside.jobs.executors.process import ProcessExecutor
from trackside.jobs.kinds import Kinds
from trackside.jobs.worker import Worker

if __name__ == "__main__":
    data, store, folder = sys.argv[1:]
    db = opening.open_database(make_settings(Path(data), store, durability="relaxed"))
    worker = Worker(db, Kinds(KINDS), LIMITS, Path(folder), ProcessExecutor({}))
    while True:
        worker.step()
        time.sleep(0.01)
