"""The calls about evaluation datasets."""

from trackside.core.access import Action, Reference
from trackside.core.db.tx import EVERYTHING, Condition, Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.http.routes import LISTED, Route, command, query
from trackside.core.http.targets import both, by
from trackside.evaluation_datasets import model as m
from trackside.evaluation_datasets import record_store, records, search_sql, store


def create(tx: Tx, call: m.Create) -> m.Got:
    made = store.create(tx, m.check_name(call.name), m.check_tags(call.tags), call.experiment_ids or [])
    return m.Got(dataset=made)


def get(tx: Tx, call: m.OfDataset) -> m.Got:
    return m.Got(dataset=store.get(tx, call.dataset_id))


def delete(tx: Tx, call: m.OfDataset) -> None:
    store.delete(tx, call.dataset_id)


def find(tx: Tx, call: m.Search) -> m.Found:
    most = m.DEFAULT_RESULTS if call.max_results is None else call.max_results
    if most < 1:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive integer")
    if most > m.MAX_RESULTS:
        raise Invalid(f"Invalid value {most} for parameter 'max_results' supplied. It must be at most {m.MAX_RESULTS}")
    experiment_ids = call.experiment_ids or []
    wanted = search_sql.read(
        call.filter_string, call.order_by or [], experiment_ids, store.experiment_seqs(tx, experiment_ids)
    )
    asked = search_sql.query(wanted, most, call.page_token, tx.dialect, _readable(tx))
    page, token = keyset.cut(tx.all(asked.sql, **asked.params), most, wanted.fingerprint)
    return m.Found(datasets=store.load(tx, page), next_page_token=token)


def _readable(tx: Tx) -> Condition:
    """Return the condition that excludes hidden datasets: those with an experiment that the caller may not read, and, for a
    caller who may read only some experiments, those without one."""
    limit = tx.rights.limit("experiment", Action.DATASETS_READ)
    if limit is None:
        return EVERYTHING
    of_dataset = (
        "FROM evaluation_dataset_experiments AS y JOIN experiments AS e ON e.experiment_seq = y.experiment_seq "
        "WHERE y.workspace_id = :ws AND y.evaluation_dataset_seq = d.evaluation_dataset_seq"
    )
    verb = "NOT IN" if limit.is_only else "IN"
    hidden = f" AND NOT EXISTS (SELECT 1 {of_dataset} AND e.experiment_id {verb} :readable)"
    some = f" AND EXISTS (SELECT 1 {of_dataset})" if limit.is_only else ""
    return Condition(f"{some}{hidden}", {"readable": [int(each) for each in limit.ids]})


def set_tags(tx: Tx, call: m.SetTags) -> None:
    store.set_tags(tx, call.dataset_id, m.check_tags(call.tags))


def delete_tag(tx: Tx, call: m.DeleteTag) -> None:
    store.delete_tag(tx, call.dataset_id, call.key)


def experiment_ids(tx: Tx, call: m.OfDataset) -> m.ExperimentIds:
    return m.ExperimentIds(experiment_ids=store.experiment_ids(tx, call.dataset_id))


def add_experiments(tx: Tx, call: m.OfExperiments) -> m.Got:
    return m.Got(dataset=store.add_experiments(tx, call.dataset_id, call.experiment_ids or []))


def remove_experiments(tx: Tx, call: m.OfExperiments) -> m.Got:
    return m.Got(dataset=store.remove_experiments(tx, call.dataset_id, call.experiment_ids or []))


def upsert_records(tx: Tx, call: records.Upsert) -> records.Upserted:
    return record_store.upsert(tx, call.dataset_id, records.read(call.records or ""))


def get_records(tx: Tx, call: records.GetRecords) -> records.Page:
    return record_store.page(tx, call.dataset_id, call.max_results, call.page_token)


def delete_records(tx: Tx, call: records.DeleteRecords) -> records.Deleted:
    gone = record_store.delete(tx, call.dataset_id, call.dataset_record_ids or [])
    return records.Deleted(deleted_count=gone)


def _created(call: m.Create) -> list[Reference]:
    """The experiments that a new dataset is for; without any it is the workspace's."""
    return [Reference("experiment", each) for each in call.experiment_ids or []] or [Reference("workspace", "")]


def routes() -> list[Route]:
    v3 = "3.0"
    this = by("evaluation_dataset", "dataset_id")
    these = both(this, by("experiment", "experiment_ids"))
    one = "datasets/{dataset_id}"
    return [
        command(
            "POST datasets/create", m.Create, create, needs=Action.DATASETS_WRITE, version=v3, answer=m.Got, on=_created
        ),
        query(
            "POST datasets/search", m.Search, find, needs=Action.DATASETS_READ, version=v3, answer=m.Found, on=LISTED
        ),
        query("GET datasets/search", m.Search, find, needs=Action.DATASETS_READ, version=v3, answer=m.Found, on=LISTED),
        query(
            f"GET {one}", m.OfDataset, get, needs=Action.DATASETS_READ, version=v3, quick=True, answer=m.Got, on=this
        ),
        command(f"DELETE {one}", m.OfDataset, delete, needs=Action.DATASETS_DELETE, version=v3, on=this),
        command(f"PATCH {one}/tags", m.SetTags, set_tags, needs=Action.DATASETS_WRITE, version=v3, on=this),
        command(
            f"DELETE {one}/tags/{{key:path}}", m.DeleteTag, delete_tag, needs=Action.DATASETS_WRITE, version=v3, on=this
        ),
        query(
            f"GET {one}/records",
            records.GetRecords,
            get_records,
            needs=Action.DATASETS_READ,
            version=v3,
            answer=records.Page,
            on=this,
        ),
        command(
            f"POST {one}/records",
            records.Upsert,
            upsert_records,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=records.Upserted,
            max_body_bytes=records.MAX_UPSERT_BYTES,
            on=this,
        ),
        command(
            f"DELETE {one}/records",
            records.DeleteRecords,
            delete_records,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=records.Deleted,
            on=this,
        ),
        query(
            f"GET {one}/experiment-ids",
            m.OfDataset,
            experiment_ids,
            needs=Action.DATASETS_READ,
            version=v3,
            quick=True,
            answer=m.ExperimentIds,
            on=this,
        ),
        command(
            f"POST {one}/add-experiments",
            m.OfExperiments,
            add_experiments,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=m.Got,
            on=these,
        ),
        command(
            f"POST {one}/remove-experiments",
            m.OfExperiments,
            remove_experiments,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=m.Got,
            on=these,
        ),
    ]
