"""Helpers of tests for links: add a link, wait until it is idle, and read a workspace as plain values."""

import time
from collections.abc import Callable
from typing import Any

from support.client import Api
from support.processes.servers import Server

LINKS = "/api/trackside/v1/links"
LIMIT_S = 120.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.32  # of `until`: each check calls a server, which costs processor time


def add(api: Api, name: str, to: str, **fields: Any) -> Any:
    return api.post(LINKS, name=name, to=to, **fields)["link"]


def link(api: Api, name: str) -> Any:
    return api.get(f"{LINKS}/{name}")["link"]


def until(
    condition: Callable[[], bool],
    what: str = "it to happen",
    *,
    said: Callable[[], Any] = str,
    limit_s: float = LIMIT_S,
    pauses: bool = True,
) -> None:
    """Return as soon as the condition is true.  `said` gives more words for the failure, once the time is over.

    Without `pauses` it asks again at once: for what is true for some milliseconds alone.

    The limit ends what never comes, and no test that passes depends on it."""
    end, pause_s = time.monotonic() + limit_s, FIRST_PAUSE_S
    while not condition():
        assert time.monotonic() < end, f"waited {limit_s:.0f} s in vain for {what} {said()}".rstrip()
        time.sleep(pause_s if pauses else 0.0)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def settle(api: Api, name: str) -> Any:
    """Waits until everything was compared, and gives the link."""
    until(lambda: link(api, name)["lag_items"] == 0, f"link {name} to settle:", said=lambda: link(api, name))
    return link(api, name)


def sync(api: Api, name: str, *, verify: bool = False) -> None:
    """Has everything compared, and looks at the other side at once."""
    api.post(f"{LINKS}/{name}/sync", verify=verify)


def check(api: Api, name: str, *, verify: bool = False) -> list[Any]:
    """Return the differences, item by item."""
    found: list[Any] = []
    after = ""
    while True:
        page = api.get(f"{LINKS}/{name}/check", after=after, verify="true" if verify else "false")
        found += page["differences"]
        after = page.get("next") or ""
        if not after:
            return found


def log(api: Api, name: str) -> list[Any]:
    entries: list[Any] = api.get(f"{LINKS}/{name}/log").get("entries", [])
    return entries


def put_file(api: Api, run_id: str, path: str, content: bytes) -> None:
    uri = api.run(run_id)["info"]["artifact_uri"]
    place = uri.removeprefix("mlflow-artifacts:/")
    reply = api.ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/{path}", content)
    assert reply.status == 200, reply


def get_file(api: Api, run_id: str, path: str) -> bytes:
    reply = api.ask("GET", "/get-artifact", arguments={"run_uuid": run_id, "path": path})
    assert reply.status == 200, reply
    return reply.body


def everything(api: Api, run_id: str) -> Any:
    """A run with its history and without what may differ: the experiment's id and the place of its files."""
    run = api.run(run_id)
    info = {key: value for key, value in run["info"].items() if key not in ("experiment_id", "artifact_uri")}
    name = api.get("experiments/get", experiment_id=run["info"]["experiment_id"])["experiment"]["name"]
    keys = [each["key"] for each in run["data"].get("metrics", [])]
    return {
        "experiment": name,
        "info": info,
        "data": run["data"],
        "inputs": run.get("inputs", {}),
        "outputs": run.get("outputs", {}),
        "histories": {key: api.history(run_id, key) for key in keys},
    }


def all_runs(api: Api) -> list[Any]:
    experiments = api.post("experiments/search", max_results=1000, view_type="ALL").get("experiments", [])
    ids = [each["experiment_id"] for each in experiments]
    found: list[Any] = api.post("runs/search", experiment_ids=ids, run_view_type="ALL", max_results=10_000).get(
        "runs", []
    )
    return found


def url_of(server: Server, workspace: str) -> str:
    return f"{server.url}/ws/{workspace}"


def registry_of(api: Api) -> Any:
    """The registered models of a workspace by name, with their versions by number; without where the files lie."""
    models = api.get("registered-models/search", max_results=1000).get("registered_models", [])
    prompts = api.get(
        "registered-models/search", max_results=1000, filter="tags.`mlflow.prompt.is_prompt` = 'true'"
    ).get("registered_models", [])
    found: dict[str, Any] = {}
    for model in [*models, *prompts]:
        versions: list[Any] = []
        for extra in ("", " AND tags.`mlflow.prompt.is_prompt` = 'true'"):
            text = f"name = '{model['name']}'{extra}"
            versions += api.get("model-versions/search", max_results=1000, filter=text).get("model_versions", [])
        found[model["name"]] = {
            **{key: value for key, value in model.items() if key != "latest_versions"},
            "versions": {
                each["version"]: {key: value for key, value in each.items() if key != "source"} for each in versions
            },
        }
    return found
