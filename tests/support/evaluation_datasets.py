"""Helpers of tests for evaluation datasets, through the client of `client`."""

import json
from typing import Any

from support.client import Api

V3 = "3.0"
USER = "mlflow.user"
Fields = dict[str, Any]


def new(api: Api, name: str = "questions", tags: Fields | None = None, **fields: Any) -> Any:
    if tags is not None:
        fields["tags"] = json.dumps(tags)
    return api.post("datasets/create", name=name, version=V3, **fields)["dataset"]


def new_id(api: Api, name: str = "questions", **fields: Any) -> str:
    dataset_id: str = new(api, name, **fields)["dataset_id"]
    return dataset_id


def get(api: Api, dataset_id: str) -> Any:
    return api.get(f"datasets/{dataset_id}", version=V3)["dataset"]


def tags_of(api: Api, dataset_id: str) -> Any:
    return json.loads(get(api, dataset_id)["tags"])


def upsert(api: Api, dataset_id: str, *given: Any) -> tuple[int, int]:
    counts = api.post(f"datasets/{dataset_id}/records", records=json.dumps(given), version=V3)
    return counts["inserted_count"], counts["updated_count"]


def page(api: Api, dataset_id: str, **arguments: Any) -> tuple[list[Any], str | None]:
    answer = api.get(f"datasets/{dataset_id}/records", version=V3, **arguments)
    return json.loads(answer["records"]), answer.get("next_page_token")


def all_of(api: Api, dataset_id: str) -> list[Any]:
    return page(api, dataset_id)[0]


def delete_records(api: Api, dataset_id: str, ids: list[str]) -> int:
    reply = api.ask("DELETE", f"datasets/{dataset_id}/records", {"dataset_record_ids": ids}, version=V3)
    assert reply.status == 200, reply
    deleted: int = reply.json["deleted_count"]
    return deleted


def search(api: Api, **wanted: Any) -> list[str]:
    found = api.post("datasets/search", wanted, version=V3)
    return [each["name"] for each in found.get("datasets", [])]


def experiments_of(api: Api, dataset_id: str) -> list[str]:
    found: list[str] = api.get(f"datasets/{dataset_id}/experiment-ids", version=V3).get("experiment_ids", [])
    return found


def delete(api: Api, dataset_id: str) -> None:
    assert api.ask("DELETE", f"datasets/{dataset_id}", version=V3).status == 200


def set_tags(api: Api, dataset_id: str, **tags: str) -> None:
    reply = api.ask("PATCH", f"datasets/{dataset_id}/tags", {"tags": json.dumps(tags)}, version=V3)
    assert reply.status == 200, reply


def associate(api: Api, what: str, dataset_id: str, *experiments: str) -> None:
    api.post(f"datasets/{dataset_id}/{what}-experiments", experiment_ids=list(experiments), version=V3)


def everything(api: Api) -> dict[str, Any]:
    """All datasets of a workspace by id, with all of their records, and their experiments by name; without those that are
    deleted meanwhile."""
    found = {}
    for each in ids_of(api):
        try:
            found[each] = whole(api, each)
        except AssertionError:
            assert api.ask("GET", f"datasets/{each}", version=V3).status == 404
    return found


def ids_of(api: Api) -> set[str]:
    found = api.post("datasets/search", {"max_results": 1000}, version=V3).get("datasets", [])
    return {each["dataset_id"] for each in found}


def whole(api: Api, dataset_id: str) -> Any:
    dataset = get(api, dataset_id)
    names = [
        api.get("experiments/get", experiment_id=each)["experiment"]["name"] for each in experiments_of(api, dataset_id)
    ]
    for part in ("tags", "schema", "profile"):
        if part in dataset:
            dataset[part] = json.loads(dataset[part])
    return {**dataset, "experiments": sorted(names), "records": records_of(api, dataset_id)}


def records_of(api: Api, dataset_id: str) -> list[Any]:
    """Return the records in the order in which clients see them."""
    records, token = page(api, dataset_id)
    while token:
        further, token = page(api, dataset_id, page_token=token)
        records += further
    return records
