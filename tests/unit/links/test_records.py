"""The records of a dataset of an MLflow server, as a link keeps them between two steps."""

from concurrent.futures import ThreadPoolExecutor

from trackside.sync.remote.mlflow.datasets import Records


def test_records_that_one_thread_read_are_used_and_closed_by_another() -> None:
    """A link has a new thread after each longer rest, and is closed by the thread that supervises links."""
    with ThreadPoolExecutor(1) as threads:
        records = threads.submit(Records, "d-1").result()

    buckets = records.buckets()
    records.close()

    assert buckets == {}
