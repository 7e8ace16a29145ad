"""Locates the objects that calls name, for callers with rights on some experiments only.

Slices that load after the start are imported when one of their objects is first located.
"""

from trackside.app import span_files
from trackside.core.db.tx import Tx
from trackside.core.http.admission import Found
from trackside.experiments import store as experiments
from trackside.runs import store as runs


def _logged_model(tx: Tx, model_id: str) -> Found:
    from trackside.logged_models import store  # noqa: PLC0415  # see above

    return store.locate(tx, model_id)


def _artifact(tx: Tx, path: str) -> Found:
    from trackside.logged_models import owners  # noqa: PLC0415  # see above

    return owners.locate(tx, path)


def _view(tx: Tx, view_id: str) -> Found:
    from trackside.views import store  # noqa: PLC0415  # see above

    return store.locate(tx, view_id)


def _evaluation_dataset(tx: Tx, dataset_id: str) -> Found:
    from trackside.evaluation_datasets import store  # noqa: PLC0415  # see above

    return store.locate(tx, dataset_id)


LOCATE = {
    "experiment_name": experiments.locate_named,
    "run": runs.locate,
    "logged_model": _logged_model,
    "artifact": _artifact,
    "view": _view,
    "evaluation_dataset": _evaluation_dataset,
    "trace": span_files.locate_trace,
    "label_schema": span_files.locate_label_schema,
    "review_queue": span_files.locate_review_queue,
    "issue": span_files.locate_issue,
}
