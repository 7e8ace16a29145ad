"""The calls about evaluation datasets.  Knows HTTP's side of them only."""

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.http.routes import Route, command, query
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
    asked = search_sql.query(wanted, most, call.page_token, tx.dialect)
    page, token = keyset.cut(tx.all(asked.sql, **asked.params), most, wanted.fingerprint)
    return m.Found(datasets=store.load(tx, page), next_page_token=token)


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


def routes() -> list[Route]:
    v3 = "3.0"
    one = "datasets/{dataset_id}"
    return [
        command("POST datasets/create", m.Create, create, needs=Action.DATASETS_WRITE, version=v3, answer=m.Got),
        query("POST datasets/search", m.Search, find, needs=Action.DATASETS_READ, version=v3, answer=m.Found),
        query("GET datasets/search", m.Search, find, needs=Action.DATASETS_READ, version=v3, answer=m.Found),
        query(f"GET {one}", m.OfDataset, get, needs=Action.DATASETS_READ, version=v3, quick=True, answer=m.Got),
        command(f"DELETE {one}", m.OfDataset, delete, needs=Action.DATASETS_DELETE, version=v3),
        command(f"PATCH {one}/tags", m.SetTags, set_tags, needs=Action.DATASETS_WRITE, version=v3),
        command(f"DELETE {one}/tags/{{key:path}}", m.DeleteTag, delete_tag, needs=Action.DATASETS_WRITE, version=v3),
        query(
            f"GET {one}/records",
            records.GetRecords,
            get_records,
            needs=Action.DATASETS_READ,
            version=v3,
            answer=records.Page,
        ),
        command(
            f"POST {one}/records",
            records.Upsert,
            upsert_records,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=records.Upserted,
            max_body_bytes=records.MAX_UPSERT_BYTES,
        ),
        command(
            f"DELETE {one}/records",
            records.DeleteRecords,
            delete_records,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=records.Deleted,
        ),
        query(
            f"GET {one}/experiment-ids",
            m.OfDataset,
            experiment_ids,
            needs=Action.DATASETS_READ,
            version=v3,
            quick=True,
            answer=m.ExperimentIds,
        ),
        command(
            f"POST {one}/add-experiments",
            m.OfExperiments,
            add_experiments,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=m.Got,
        ),
        command(
            f"POST {one}/remove-experiments",
            m.OfExperiments,
            remove_experiments,
            needs=Action.DATASETS_WRITE,
            version=v3,
            answer=m.Got,
        ),
    ]
