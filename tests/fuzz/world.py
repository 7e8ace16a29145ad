"""A store with an object of each kind, and valid and invalid values for calls about it.  Uses wire names, and no routes.

The routes come from the application's table, so a new one is fuzzed without a word here.  A field whose name is not known
gets a value of its type.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from fuzz.faults import OURS
from fuzz.raw import Ask, Direct
from fuzz.values import argument, dumped, each_of, example, fits, raw, said, wire
from support.people import ADMIN, PASSWORD, basic
from trackside import app
from trackside.core.http.codec import fields_of
from trackside.core.http.routes import Route
from trackside.core.settings import Settings

NOWHERE = "http://127.0.0.1:1/"  # refuses connections
USER = "bo"
ACTION = "Microsoft.MachineLearningServices/workspaces/experiments/read"
EVENTS = ["run.created", "registered_model.created"]
PAIRS = [{"key": "t", "value": "1"}]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"  # of the default workspace
DATASETS = [{"dataset": {"name": "n", "digest": "d", "source_type": "s", "source": "s"}, "tags": []}]

ASSESSMENT = {
    "assessment_name": "good",
    "feedback": {"value": True},
    "source": {"source_type": "HUMAN", "source_id": "bo"},
}
TEXT: dict[str, Any] = {"text": {}}
RECORDS = json.dumps([{"inputs": {"q": "?"}, "expectations": {"a": 1}, "tags": {"t": "1"}}])

# Any field of any call may hold these, whatever it wants.  JSON as it stands on the wire.
ODD = [
    "null", "true", "1", "-1", "0", "1.5", "-0.0", "1e400", "-1e400", "1e-400", "9" * 19, "9" * 5000,
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "NaN", "Infinity", "-Infinity", '"NaN"', '"Infinity"', '"-Infinity"', '"1e999"', '"9223372036854775808"', '"-0"',
    '""', '"a"', '" "', '"."', '".."', '"../../x"', '"/etc/passwd"', '"%00"', '"%2e%2e%2f"', '"a\\\\b"', '"\'"', '"\\""',
    '"\\u0000"', '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"a\\nb\\r\\n\\tc"', '"\\u202e\\ufeff"', '"\u0130\u00df"',
    '"' + "a" * 100_000 + '"', '"' + "\\u00e9" * 3000 + '"', '"' + "1" * 4400 + '"', '"\u0663"', '" 1 "', '"1_0"', '"0x1"',
    "[]", "[[]]", "[null]", "[1]", '["a"]', '["a","a"]', '["\\ud800"]', '["\\u0000"]', "[{}]", "[{},null,1]", "{}", '{"a":1}',
    '[{"key":"\\ud800","value":"\\u0000"}]', '[{"key":"a","value":NaN}]', '[{"key":"a","value":"b"},{"key":"a","value":"c"}]',
    '"file://host/x"', '"[1,"',
    '{"\\ud800":"\\udfff"}', '{"a":"\\u0000"}', '{"a":{"b":[{}]}}', "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300,
]  # fmt: skip


def takes_away(route: Route) -> bool:
    """Return whether what later calls are about may be gone after a call."""
    return route.method == "DELETE" or re.search("delete|rename|restore|import", route.paths[0]) is not None


class World:
    """An application with a little of everything: a run, a model, a view, an endpoint, a group, roles, a second workspace.

    It has an administrator, in whose name every call is made."""

    def __init__(self, settings: Settings) -> None:
        self.application = app.build(settings)
        self.direct = Direct(self.application.asgi)
        self.database: Any = self.application.asgi._database
        self.routes: list[Route] = list(self.application.asgi._table.routes)
        self._numbers = itertools.count()
        self.call(f"{OURS}/users", name=ADMIN, password=PASSWORD, is_admin=True)  # else some call would close the store
        self.direct.credential = basic(ADMIN)["authorization"].encode()
        self.endpoint_name = "ep"
        self.renew()

    def close(self) -> None:
        self.direct.close()
        self.application.close()

    def call(self, path: str, /, *, api: str = "2.0", **fields: Any) -> Any:
        whole = path if path.startswith("/") else f"/api/{api}/mlflow/{path}"
        told = self.direct.ask(Ask("POST", whole.encode(), pieces=[json.dumps(fields).encode()]))
        assert told.status < 300, (path, told)
        return told.json if told.body else None

    def renew(self) -> None:
        """Other things to call about, since calls may have deleted those before."""
        call, n = self.call, next(self._numbers)
        self.name = f"rm{n}"
        self.experiment_name = f"seen{n}"
        self.experiment_id = call("experiments/create", name=self.experiment_name, tags=PAIRS)["experiment_id"]
        self.run_id = call("runs/create", experiment_id=self.experiment_id, start_time=1)["run"]["info"]["run_id"]
        self.model_id = call(
            "logged-models",
            experiment_id=self.experiment_id,
            name="lm",
            source_run_id=self.run_id,
            params=PAIRS,
            tags=PAIRS,
        )["model"]["info"]["model_id"]
        points = [{"key": "m", "value": i / 7, "timestamp": i, "step": i} for i in range(70)]
        points.append({"key": "n", "value": "NaN", "timestamp": 1, "model_id": self.model_id})
        call("runs/log-batch", run_id=self.run_id, metrics=points, params=PAIRS, tags=PAIRS)
        call("runs/log-inputs", run_id=self.run_id, datasets=DATASETS)
        tags = json.dumps({"t": "1"})
        made = call("datasets/create", api="3.0", name="ev", experiment_ids=[self.experiment_id], tags=tags)
        self.dataset_id = made["dataset"]["dataset_id"]
        call(f"datasets/{self.dataset_id}/records", api="3.0", records=RECORDS)
        call("registered-models/create", name=self.name, tags=PAIRS)
        call("model-versions/create", name=self.name, source="s3://bucket/x", run_id=self.run_id, tags=PAIRS)
        call("registered-models/alias", name=self.name, alias="al", version="1")
        self.webhook_id = call(f"{OURS}/webhooks", name="w", url=NOWHERE, events=EVENTS, status="DISABLED")["webhook"][
            "webhook_id"
        ]
        for place in (f"{self.run_id}/artifacts/a/b.txt", f"models/{self.model_id}/artifacts/a/b.txt"):
            path = f"/api/2.0/mlflow-artifacts/artifacts/{self.experiment_id}/{place}"
            self.direct.ask(Ask("PUT", path.encode(), pieces=[b"some text"]))
        view = call(f"{OURS}/experiments/{self.experiment_id}/views", name="v", state={"a": 1})["view"]
        self.view_id, self.view_version = view["view_id"], view["version"]
        call(f"{OURS}/groups", name=f"g{n}")
        self.role_id = call(f"{OURS}/roles", name=f"r{n}", actions=[ACTION])["role"]["role_id"]
        role = call("roles/create", api="3.0", workspace="default", name=f"r{n}")["role"]
        self.mlflow_role_id = role["id"]
        made = call("roles/permissions/add", api="3.0", **self._permission())["role_permission"]
        self.role_permission_id = made["id"]
        made = call(f"{OURS}/role-assignments", principal=f"g{n}", role="Reader", scope="/ws/default")["assignment"]
        self.assignment_id = made["assignment_id"]
        self._make_user()
        self.group_name = f"g{n}"
        self.direct.ask(Ask("DELETE", f"{OURS}/endpoints/{self.endpoint_name}".encode()))  # each write reads them all
        self.endpoint_name = f"ep{n}"
        call(f"{OURS}/endpoints", name=self.endpoint_name, model_uri=self._model_uri, deployment="blue")
        body = json.dumps({"model_uri": self._model_uri}).encode()
        target = f"{OURS}/endpoints/{self.endpoint_name}/deployments/green".encode()
        assert self.direct.ask(Ask("PUT", target, pieces=[body])).status == 200
        self._make_workspace()
        self._make_link()
        self._make_trace(n)
        self.schedule_name = f"js{n}"
        call(f"{OURS}/job-schedules", name=self.schedule_name, kind="storage-count", interval_s=3600)

    @property
    def _model_uri(self) -> str:
        return f"models:/{self.model_id}"

    def _permission(self) -> dict[str, Any]:
        return {
            "role_id": self.mlflow_role_id,
            "resource_type": "experiment",
            "resource_pattern": "*",
            "permission": "READ",
        }

    def _make_user(self) -> None:
        """A new one only if a call has deleted it, since each hash of a password takes a while."""
        if self.direct.ask(Ask("GET", f"{OURS}/users/{USER}".encode())).status == 404:
            self.call(f"{OURS}/users", name=USER, password=PASSWORD)
        made = self.call(f"{OURS}/users/{USER}/tokens", token_name=f"t{next(self._numbers)}")["token"]
        self.token_id = made["token_id"]

    def _make_workspace(self) -> None:
        body = json.dumps({"name": "north"}).encode()
        told = self.direct.ask(Ask("POST", b"/api/3.0/mlflow/workspaces", pieces=[body]))
        assert told.status == 201 or told.json["error_code"] == "RESOURCE_ALREADY_EXISTS", told

    def _make_link(self) -> None:
        fields = {"name": "link", "to": NOWHERE, "kind": "mlflow", "mode": "push", "backfill": "none"}
        told = self.direct.ask(Ask("POST", f"{OURS}/links".encode(), pieces=[json.dumps(fields).encode()]))
        assert told.status == 201 or told.json["error_code"] == "RESOURCE_ALREADY_EXISTS", told
        self.call(f"{OURS}/links/link/pause")

    def _make_trace(self, number: int) -> None:
        self.trace_id = f"tr-{number:032x}"
        self.call("traces", api="3.0", trace=self._trace(self.trace_id))
        made = self.call(f"traces/{self.trace_id}/assessments", api="3.0", assessment=ASSESSMENT)["assessment"]
        self.assessment_id_of_trace = made["assessment_id"]
        self._make_reviews()

    def _make_reviews(self) -> None:
        here = {"experiment_id": self.experiment_id, "name": self.name}
        scorer = self.call("scorers/register", api="3.0", **here, serialized_scorer="{}")
        schema = self.call("label-schemas/create", api="3.0", **here, type="FEEDBACK", input=TEXT)["label_schema"]
        queue = self.call("review-queues/create", api="3.0", **here, queue_type="CUSTOM")["review_queue"]
        self.call("review-queues/items/add", api="3.0", queue_id=queue["queue_id"], item_ids=[self.trace_id])
        issue = self.call("issues", api="3.0", **here, description="d")["issue"]
        self.reviews = {
            "scorer_ids": [scorer["scorer_id"]],
            "serialized_scorer": "{}",
            "sample_rate": 0.0,
            "schema_id": schema["schema_id"],
            "schema_ids": [schema["schema_id"]],
            "type": "FEEDBACK",
            "input": TEXT,
            "queue_id": queue["queue_id"],
            "queue_type": "CUSTOM",
            "item_id": self.trace_id,
            "item_ids": [self.trace_id],
            "item_type": "TRACE",
            "completed_by": USER,
            "user": USER,
            "users": [USER],
            "new_owner": USER,
            "issue_id": issue["issue_id"],
            "description": "d",
            "severity": "high",
            "filter_string": "",
        }

    def _trace(self, trace_id: str) -> dict[str, Any]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment_id}}
        info = {"trace_id": trace_id, "trace_location": place, "request_time": "2026-11-29T10:00:00Z", "state": "OK"}
        return {"trace_info": info}

    def plausible(self, route: Route) -> dict[str, Any]:
        """Values that the route takes, by the names of fields."""
        path = route.paths[0]
        known: dict[str, Any] = {
            "run_id": self.run_id,
            "run_uuid": self.run_id,
            "run_ids": [self.run_id],
            "artifact_file_path": "a/b.txt",
            "experiment_id": self.experiment_id,
            "experiment_ids": [self.experiment_id],
            "experiment_name": self.experiment_name,
            "model_id": self.model_id,
            "webhook_id": self.webhook_id,
            "dataset_id": self.dataset_id,
            "trace_id": self.trace_id,
            "trace_ids": [self.trace_id],
            "request_id": self.trace_id,
            "assessment_id": self.assessment_id_of_trace,
            "assessment": ASSESSMENT,
            "update_mask": "feedback",
            "trace": self._trace(self.trace_id),
            "records": RECORDS,
            "dataset_record_ids": ["dr-1"],
            "name": self.name,
            "new_name": self.name + "b",
            "key": "t",
            "tag_key": "t",
            "metric_key": "m",
            "value": "1",
            "timestamp": 1,
            "step": 1,
            "version": "1",
            "alias": "al",
            "stage": "Staging",
            "source": "s3://bucket/y",
            "url": NOWHERE,
            "to": NOWHERE,
            "events": EVENTS,
            "event": "run.created",
            "status": "FINISHED",
            "view_type": "ALL",
            "max_results": 5,
            "limit": 5,
            "path": "a/b.txt",
            "entity": "run",
            "id": self.run_id,
            "expected": "1",
            "username": USER,
            "member": USER,
            "password": PASSWORD,
            "token_id": str(self.token_id),
            "resource_type": "experiment",
            "resource_id": self.experiment_id,
            "permission": "READ",
            "series": [{"run_id": self.run_id, "key": "m"}],
            "view_id": self.view_id,
            "assignment_id": str(self.assignment_id),
            "role_id": self.role_id,
            "principal": self.group_name,
            "role": "Contributor",
            "scope": "/ws/default",
            "actions": [ACTION],
            "action": ACTION,
            "deployment": "green",
            "model_uri": self._model_uri,
            "models": [{"model_id": self.model_id, "step": 1}],
            "metrics": [{"key": "m", "value": 1.0, "timestamp": 1, "step": 0}],
            "params": PAIRS,
            "tags": PAIRS,
            "datasets": DATASETS,
            "model_json": json.dumps(
                {"artifact_path": "a", "flavors": {}, "utc_time_created": "x", "run_id": self.run_id}
            ),
        }
        if any(each in path for each in ("/scorers/", "/label-schemas/", "/review-queues/", "/issues")):
            known |= self.reviews
            known |= {"status": "pending" if "/issues" in path else "COMPLETE"}
            if path.endswith("/create"):
                known |= {"name": f"new{next(self._numbers)}"}
        elif "/workspaces" in path:
            known |= {
                "name": "north" if "{" in path else f"w{next(self._numbers)}",
                "description": "d",
                "mode": "RESTRICT",
            }
        elif "/links" in path:
            known |= {"name": "link"}
        elif "/holds" in path:
            known |= {"kind": "run"}
        elif "/quotas" in path:
            known |= {"scope": "workspace"}
        elif "/job-schedule" in path:
            known |= {"name": self.schedule_name if "{" in path else f"js-{next(self._numbers)}"}
            known |= {"kind": "storage-count", "interval_s": 3600}
        elif path.endswith("/v1/jobs"):
            known |= {"kind": "storage-count", "params": {}}
        elif path.startswith("/subscriptions"):
            known |= {"subscription_id": SUBSCRIPTION, "resource_group": "default", "name": "default"}
        elif "/views" in path:
            known |= {"version": self.view_version}
        elif "trackside/v1/users" in path:
            known |= {"name": USER if "{" in path else f"u-{next(self._numbers)}", "scope": "read"}
        elif path.endswith("/me/tokens"):
            known |= {"scope": "read"}
        elif path.endswith("/users/create"):
            known |= {"username": f"u-{next(self._numbers)}"}
        elif path.endswith("/login"):
            known |= {"username": USER}
        elif "trackside/v1/groups" in path:
            known |= {"name": self.group_name if "{" in path else f"g-{next(self._numbers)}"}
        elif any(part in path for part in ("/endpoints", "/onlineEndpoints", "/api/v1/service/")):
            known |= {"name": self.endpoint_name if "{" in path else f"ep-{next(self._numbers)}", "key": "primary"}
        elif "trackside/v1/roles" in path:
            known |= {"name": f"r-{next(self._numbers)}"}
        elif "/3.0/mlflow/roles" in path:
            known |= self._permission() | {"resource_type": "registered_model"}
            known |= {"workspace": "default", "name": f"r-{next(self._numbers)}"}
            known |= {"role_permission_id": self.role_permission_id}
        elif path.endswith("/runs/bulk"):
            known |= {"action": "set-tag"}
        elif path.endswith("/runs/groups"):
            known |= {"by": ["tags.t"]}
        elif "/webhooks" in path:
            known |= {"status": "DISABLED"}
            if "trackside" not in path:
                known |= {"events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]}
        elif "stage-requests" in path:
            known |= {"status": "PENDING"}
        elif "/sync/" in path:
            known |= {"put": [["tag", "k", "v"], ["param", "q", "1"], ["status", "", "FAILED"]], "key": "m"}
        elif "/logged-models" in path:
            known |= {"status": "READY"}
        elif "/datasets/" in path:
            known |= {"tags": json.dumps({"t": "1"})}
        elif path.endswith("/create"):
            known |= {"name": f"new{next(self._numbers)}" if "model-versions" not in path else self.name}
        return known

    def fields(self, route: Route) -> dict[str, Any]:
        """The names that a call of the route may hold, with their types."""
        return {**fields_of(route.call), **fields_of(route.arguments)}

    def plain(self, route: Route) -> dict[str, Any]:
        """A call of the route that says what it should, but for what this module does not know."""
        known = self.plausible(route)
        fields = self.fields(route)
        required = route.call.required
        return {
            name: known.get(name) if name in known and fits(known[name], kind) else example(kind)
            for name, kind in fields.items()
            if (name in known and fits(known[name], kind)) or name in required
        }

    def places(self, route: Route) -> list[str]:
        return re.findall(r"\{(\w+)(?::path)?\}", route.paths[0])

    def target(self, route: Route, odd: Mapping[str, str] = {}, path: str = "") -> bytes:
        """The path of the route, filled in; `odd` has texts that go in as they are."""
        text = path or route.paths[0]
        known = self.plausible(route)
        for place in self.places(route):
            value = odd.get(place)
            if value is None:
                value = quote(str(known.get(place, "x")), safe="")
            text = text.replace(f"{{{place}}}", value).replace(f"{{{place}:path}}", value)
        return text.encode()

    def asks_of(self, route: Route) -> Iterator[tuple[str, Callable[[], Ask]]]:
        """Every odd value in every place of a call, one at a time: a label for each, and what makes the call.  Most are not
        asked, and to make a call takes longer than to answer it."""
        plain = self.plain(route)
        places = self.places(route)
        for name in self.fields(route):
            for odd in ODD:
                yield f"{name}={odd[:60]}", partial(self._ask_odd, route, plain, name, odd, is_place=name in places)
        if route.method not in ("GET", "HEAD"):
            for odd in ODD:
                yield f"body={odd[:60]}", partial(self._ask_body, route, odd)

    def _ask_odd(self, route: Route, plain: Mapping[str, Any], name: str, odd: str, *, is_place: bool) -> Ask:
        if is_place:
            text = quote(said(odd)[:2000].encode("utf-8", "replace"), safe="")
            return self.ask(route, plain, self.target(route, {name: text or "%20"}))
        return self.ask(route, {**plain, name: raw(odd)}, self.target(route))

    def _ask_body(self, route: Route, odd: str) -> Ask:
        return Ask(route.method, self.target(route), pieces=[wire(odd)])

    def ask(self, route: Route, fields: Mapping[str, Any], target: bytes) -> Ask:
        fields = {name: value for name, value in fields.items() if name not in self.places(route)}
        if route.method in ("GET", "DELETE") or (route.kind == "stream" and not fields_of(route.call)):
            query = "&".join(f"{name}={argument(item)}" for name, value in fields.items() for item in each_of(value))
            body = b"" if route.method in ("GET", "DELETE") else b"some bytes"
            return Ask(route.method, target, query.encode(), pieces=[body])
        return Ask(route.method, target, pieces=[wire(dumped(fields))])
