"""A server of the tests' own in the shape of a Databricks workspace: a token, absolute experiment paths whose folders must
exist, its own run ids and users, artifacts by signed URLs only, and a limit of calls a second."""

import base64
import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from support.databricks.models import ModelCalls
from support.databricks.registry import MAX_PARAM_BYTES, Refusal, RegistryCalls, sized
from support.databricks.store import Answer, Store

TOKEN = "dapi-of-the-tests"
CLIENT_ID, CLIENT_SECRET = "0a1b-of-the-tests", "dose-of-the-tests"
USER = "robot@example.com"
API = "/api/2.0/mlflow/"
SLOW = ("runs/search", "experiments/search", "experiments/update", "experiments/delete", "experiments/restore")
SLOW_CALLS_A_SECOND = 7


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # which whoever goes in the middle leaves
            super().handle_error(request, client_address)


class Databricks:
    def __init__(self, calls_a_second: float = 0.0) -> None:
        self.folders = {"/", "/Shared", "/Users"}
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.histories: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.store = Store()
        self.files = self.store.files
        self.registry = RegistryCalls(self.store, self._owner_of)
        self.models = ModelCalls(self.histories)
        self.closed_folders: tuple[str, ...] = ()
        self.tokens = {TOKEN}
        self.takes_parts = True
        self.throttled = 0
        self.refused_metrics: set[str] = set()  # keys of which no point is taken
        self.refused = 0  # calls for that
        self.asked: list[str] = []
        self._limit = calls_a_second
        self._recent: list[tuple[float, bool]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def experiment(self, path: str) -> dict[str, Any]:
        (found,) = [each for each in self.experiments.values() if each["name"] == path]
        return found

    def run_of(self, source: str) -> dict[str, Any]:
        (found,) = [run for run in self.runs.values() if run["tags"].get("trackside.source_run_id") == source]
        return found

    def sources(self) -> list[str | None]:
        """Return the source runs of the copies here."""
        return [run["tags"].get("trackside.source_run_id") for run in list(self.runs.values())]

    def answer(self, method: str, path: str, headers: dict[str, str], query: dict[str, str], body: bytes) -> Answer:
        if path.startswith("/signed/"):
            with self._lock:
                return self.store.answer(method, path, query, headers, body)
        if path == "/.well-known/databricks-config":
            return 200, {"content-type": "application/json"}, b'{"workspace_id":"42"}'
        if (method, path) == ("POST", "/oidc/v1/token"):
            return self._give_token(headers, body)
        token = headers.get("authorization", "")
        with self._lock:
            self.asked.append(path)
            if token.removeprefix("Bearer ") not in self.tokens:
                if token:
                    return _fault(Refusal(403, "403", "Invalid access token."))
                return _fault(Refusal(401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type"))
            if path.startswith(
                "/api/2.0/fs/"
            ):  # then clients take the calls for signed URLs, as they do from clusters' jobs
                return _fault(Refusal(501, "NOT_IMPLEMENTED", "No files API"))
            now = time.monotonic()
            name = path.removeprefix(API) if path.startswith(API) else path
            self._recent = [(at, is_slow) for at, is_slow in self._recent if now - at < 1.0]
            slow = sum(is_slow for _, is_slow in self._recent) if name in SLOW else 0
            if self._limit and (len(self._recent) >= self._limit or slow >= SLOW_CALLS_A_SECOND):
                self.throttled += 1
                return 429, {"retry-after": "1"}, b'{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many"}'
            self._recent.append((now, name in SLOW))
            try:
                given: dict[str, Any] = {**query, **(json.loads(body) if body else {})}
                handler = self._calls().get((method, name)) or self._call_of_models(method, name)
                if self.registry.is_disabled and re.match("(databricks/)?(registered-models|model-versions)/", name):
                    raise Refusal(403, "FEATURE_DISABLED", "The legacy workspace model registry is disabled")
                if handler is None:
                    raise Refusal(404, "ENDPOINT_NOT_FOUND", f"No API found for '{method} {path}'")
                return 200, {"content-type": "application/json"}, json.dumps(handler(given) or {}).encode()
            except Refusal as refusal:
                return _fault(refusal)

    def _give_token(self, headers: dict[str, str], body: bytes) -> Answer:
        given = headers.get("authorization", "").removeprefix("Basic ")
        if base64.b64decode(given).decode() != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return 401, {}, b'{"error":"invalid_client","error_description":"Client authentication failed"}'
        if parse_qs(body.decode()) != {"grant_type": ["client_credentials"], "scope": ["all-apis"]}:
            return 400, {}, b'{"error":"invalid_request"}'
        token = f"oauth-{uuid.uuid4().hex}"
        self.tokens.add(token)
        answer = {"access_token": token, "token_type": "Bearer", "scope": "all-apis", "expires_in": 3600}
        return 200, {"content-type": "application/json"}, json.dumps(answer).encode()

    def _calls(self) -> dict[tuple[str, str], Callable[[dict[str, Any]], Any]]:
        return {
            ("POST", "/api/2.0/workspace/mkdirs"): self._mkdirs,
            ("POST", "experiments/create"): self._create_experiment,
            ("GET", "experiments/get"): lambda c: {"experiment": self._experiment(c["experiment_id"])},
            ("GET", "experiments/get-by-name"): self._by_name,
            ("POST", "experiments/search"): lambda c: {"experiments": list(self.experiments.values())},
            ("POST", "experiments/update"): self._rename_experiment,
            ("POST", "experiments/set-experiment-tag"): self._tag_experiment,
            ("POST", "experiments/delete"): lambda c: self._experiment(c["experiment_id"]).update(
                lifecycle_stage="deleted"
            ),
            ("POST", "experiments/restore"): lambda c: self._experiment(c["experiment_id"]).update(
                lifecycle_stage="active"
            ),
            ("POST", "runs/create"): self._create_run,
            ("GET", "runs/get"): lambda c: {"run": self._shown(self._run(c["run_id"]))},
            ("POST", "runs/update"): self._update_run,
            ("POST", "runs/search"): self._search,
            ("POST", "runs/log-batch"): self._log,
            ("POST", "runs/log-metric"): lambda c: self._log({"run_id": c["run_id"], "metrics": [_without_run(c)]}),
            ("POST", "runs/log-parameter"): lambda c: self._log({"run_id": c["run_id"], "params": [_without_run(c)]}),
            ("POST", "runs/set-tag"): lambda c: self._log({"run_id": c["run_id"], "tags": [_without_run(c)]}),
            ("POST", "runs/delete-tag"): lambda c: self._run(c["run_id"])["tags"].pop(c["key"], None) and None,
            ("POST", "runs/delete"): lambda c: self._run(c["run_id"])["info"].update(lifecycle_stage="deleted"),
            ("POST", "runs/restore"): lambda c: self._run(c["run_id"])["info"].update(lifecycle_stage="active"),
            ("POST", "runs/log-inputs"): self._log_inputs,
            ("POST", "runs/outputs"): lambda c: self._run(c["run_id"])["outputs"].extend(c["models"]),
            ("GET", "metrics/get-history"): self._history,
            ("GET", "artifacts/list"): lambda c: self._list(c["run_id"], c.get("path", "")),
            ("POST", "artifacts/credentials-for-write"): lambda c: self._credentials(c, "write"),
            ("POST", "artifacts/credentials-for-read"): lambda c: self._credentials(c, "read"),
            ("POST", "artifacts/create-multipart-upload"): self._begin_upload,
            ("GET", "artifacts/get-presigned-upload-part-url"): lambda c: {
                "upload_credential_info": self._part_url(c, c["upload_id"], int(c["part_number"]))
            },
            ("POST", "artifacts/complete-multipart-upload"): self._finish_upload,
            ("GET", "model-versions/list-artifacts"): lambda c: self._list(
                f"v/{c['name']}/{c['version']}", c.get("path", "")
            ),
            ("GET", "model-versions/get-signed-download-uri"): lambda c: self.store.signed(
                self.url, "read", f"v/{c['name']}/{c['version']}", c["path"]
            ),
            **self.registry.calls(),
        }

    def _call_of_models(self, method: str, name: str) -> Callable[[dict[str, Any]], Any] | None:
        found = re.fullmatch("logged-models/([^/]+)/artifacts/(.*)", name)
        match found and found[2]:
            case None:
                return self.models.answer(method, name)
            case "directories":
                return lambda c: self._list(str(found and found[1]), c.get("artifact_directory_path", ""))
            case verb:
                way = {"credentials-for-upload": "write", "credentials-for-download": "read"}[str(verb)]
                return lambda c: {
                    "credentials": [
                        {"credential_info": self.store.signed(self.url, way, str(found and found[1]), path)}
                        for path in c["paths"]
                    ]
                }

    def _begin_upload(self, call: dict[str, Any]) -> Any:
        if not self.takes_parts:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", "Multipart uploads are not supported for this store")
        if call["run_id"] not in self.models.models:
            self._run(call["run_id"])
        upload_id = self.store.uploads.begin((call["run_id"], call["path"]))
        return {
            "upload_id": upload_id,
            "upload_credential_infos": [
                self._part_url(call, upload_id, number) for number in range(1, int(call["num_parts"]) + 1)
            ],
            "abort_credential_info": self._url_of_upload(call, f"&uploadId={upload_id}"),
        }

    def _part_url(self, call: dict[str, Any], upload_id: str, number: int) -> Any:
        return self._url_of_upload(call, f"&uploadId={upload_id}&partNumber={number}")

    def _url_of_upload(self, call: dict[str, Any], more: str) -> Any:
        return {**self.store.signed(self.url, "write", call["run_id"], call["path"], more), "run_id": call["run_id"]}

    def _finish_upload(self, call: dict[str, Any]) -> None:
        fault = self.store.finish((call["run_id"], call["path"]), call["upload_id"], call["part_etags"])
        if fault is not None:
            raise Refusal(400, "INVALID_PARAMETER_VALUE", fault)

    def _owner_of(self, source: str) -> tuple[str, str] | None:
        found = re.fullmatch(
            "dbfs:/databricks/mlflow-tracking/[^/]+/(?:logged_models/)?([^/]+)/artifacts/?(.*)", source
        )
        if found is None or found[1] not in {*self.runs, *self.models.models}:
            return None
        return found[1], f"{found[2]}/" if found[2] else ""

    def _mkdirs(self, call: dict[str, Any]) -> None:
        if any(call["path"].startswith(folder) for folder in self.closed_folders):
            raise Refusal(403, "PERMISSION_DENIED", f"{USER} does not have permission in {call['path']}")
        parts = call["path"].strip("/").split("/")
        self.folders |= {"/" + "/".join(parts[: i + 1]) for i in range(len(parts))}

    def _create_experiment(self, call: dict[str, Any]) -> Any:
        name = self._free(call["name"])
        found = str(10_000 + len(self.experiments))
        self.experiments[found] = {"experiment_id": found, "name": name, "lifecycle_stage": "active"}
        self.experiments[found]["tags"] = list(call.get("tags", []))
        return {"experiment_id": found}

    def _free(self, name: str) -> str:
        if not name.startswith("/"):
            raise Refusal(
                400, "INVALID_PARAMETER_VALUE", f"Got an invalid experiment name '{name}'. Use an absolute path"
            )
        if (name.rpartition("/")[0] or "/") not in self.folders:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Parent directory {name.rpartition('/')[0]} does not exist.")
        if any(each["name"] == name for each in self.experiments.values()):
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{name}' already exists")
        return name

    def _rename_experiment(self, call: dict[str, Any]) -> None:
        found = self._experiment(call["experiment_id"])
        if call["new_name"] != found["name"]:
            found["name"] = self._free(call["new_name"])

    def _experiment(self, experiment_id: str) -> dict[str, Any]:
        if experiment_id not in self.experiments:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Node ID {experiment_id} does not exist.")
        return self.experiments[experiment_id]

    def _by_name(self, call: dict[str, Any]) -> Any:
        for each in self.experiments.values():
            if each["name"] == call["experiment_name"]:
                return {"experiment": each}
        raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Node {call['experiment_name']} does not exist.")

    def _tag_experiment(self, call: dict[str, Any]) -> None:
        found = self._experiment(call["experiment_id"])
        others = [each for each in found["tags"] if each["key"] != call["key"]]
        sized([call])
        found["tags"] = [*others, {"key": call["key"], "value": call["value"]}]

    def _create_run(self, call: dict[str, Any]) -> Any:
        self._experiment(call["experiment_id"])
        run_id = uuid.uuid4().hex
        info = {
            "run_id": run_id,
            "experiment_id": call["experiment_id"],
            "status": "RUNNING",
            "start_time": call.get("start_time", 0),
            "user_id": USER,
            "run_name": call.get("run_name", ""),
            "lifecycle_stage": "active",
            "artifact_uri": f"dbfs:/databricks/mlflow-tracking/{call['experiment_id']}/{run_id}/artifacts",
        }
        tags = {each["key"]: each["value"] for each in call.get("tags", [])}
        if info["run_name"]:
            tags["mlflow.runName"] = info["run_name"]
        self.runs[run_id] = {"info": info, "params": {}, "tags": {**tags, "mlflow.user": USER}, **_edges()}
        return {"run": self._shown(self.runs[run_id])}

    def _run(self, run_id: str) -> dict[str, Any]:
        if run_id not in self.runs:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Run '{run_id}' not found.")
        return self.runs[run_id]

    def _active(self, run_id: str) -> dict[str, Any]:
        run = self._run(run_id)
        if run["info"]["lifecycle_stage"] != "active":
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"The run {run_id} must be in the 'active' state.")
        return run

    def _shown(self, run: dict[str, Any]) -> Any:
        metrics = [
            max(points, key=lambda p: (p["step"], p["timestamp"]))
            for (run_id, _), points in self.histories.items()
            if run_id == run["info"]["run_id"]
        ]
        data = {
            "params": [{"key": k, "value": v} for k, v in run["params"].items()],
            "tags": [{"key": k, "value": v} for k, v in run["tags"].items()],
            "metrics": metrics,
        }
        return {
            "info": run["info"],
            "data": data,
            "inputs": {"dataset_inputs": run["inputs"], "model_inputs": run["models"]},
            "outputs": {"model_outputs": run["outputs"]},
        }

    def _log_inputs(self, call: dict[str, Any]) -> None:
        run = self._run(call["run_id"])
        run["inputs"].extend(call.get("datasets", []))
        run["models"].extend(call.get("models", []))

    def _update_run(self, call: dict[str, Any]) -> Any:
        run = self._active(call["run_id"])
        run["info"].update({k: v for k, v in call.items() if k in ("status", "end_time", "run_name")})
        return {"run_info": run["info"]}

    def _search(self, call: dict[str, Any]) -> Any:
        found = [run for run in self.runs.values() if run["info"]["experiment_id"] in call["experiment_ids"]]
        text = call.get("filter", "")
        if "trackside.source_run_id" in text:
            wanted = text.split("'")[1]
            found = [run for run in found if run["tags"].get("trackside.source_run_id") == wanted]
        elif "trackside.source_uid" in text:
            found = [run for run in found if run["tags"].get("trackside.source_uid") == text.split("'")[1]]
        elif "status" in text:
            found = [run for run in found if run["info"]["status"] == text.split("'")[1]]
        elif text:
            time_of, _, least = text.removeprefix("attributes.").partition(" >= ")
            found = [run for run in found if run["info"].get(time_of, 0) >= int(least)]
        return {"runs": [self._shown(run) for run in found]}

    def _log(self, call: dict[str, Any]) -> None:
        for what, most in (("metrics", 1000), ("params", 100), ("tags", 100)):
            if len(call.get(what, [])) > most:
                raise Refusal(400, "INVALID_PARAMETER_VALUE", f"too many {what}")
        run = self._active(call["run_id"])
        tags = sized(call.get("tags", []))
        sized(call.get("params", []), MAX_PARAM_BYTES)
        for each in call.get("params", []):
            if run["params"].setdefault(each["key"], each["value"]) != each["value"]:
                raise Refusal(400, "INVALID_PARAMETER_VALUE", f"Parameter with key {each['key']} was already logged")
        run["tags"].update(tags)
        for each in call.get("metrics", []):
            if each["key"] in self.refused_metrics:
                self.refused += 1
                message = f"The run has too many steps of {each['key']}"
                raise Refusal(400, "RESOURCE_LIMIT_EXCEEDED", message)
        for each in call.get("metrics", []):
            self.histories.setdefault((call["run_id"], each["key"]), []).append(each)

    def _history(self, call: dict[str, Any]) -> Any:
        points = self.histories.get((call["run_id"], call["metric_key"]), [])
        start = int(call.get("page_token") or 0)
        page = points[start : start + 500]
        more = start + 500 < len(points)
        return {"metrics": page, **({"next_page_token": str(start + 500)} if more else {})}

    def _list(self, owner: str, folder: str) -> Any:
        folder = folder.strip("/")
        below = f"{folder}/" if folder else ""
        found: dict[str, Any] = {}
        for (whose, path), content in self.files.items():
            if whose == owner and path.startswith(below):
                first, slash, _ = path.removeprefix(below).partition("/")
                name = below + first
                found[name] = (
                    {"path": name, "is_dir": True}
                    if slash
                    else {"path": name, "is_dir": False, "file_size": len(content)}
                )
        return {"root_uri": "dbfs:/", "files": list(found.values())}

    def _credentials(self, call: dict[str, Any], verb: str) -> Any:
        self._run(call["run_id"])
        infos = [
            {**self.store.signed(self.url, verb, call["run_id"], path), "run_id": call["run_id"]}
            for path in call["path"]
        ]
        return {"credential_infos": infos}


def _fault(refusal: Refusal) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"error_code": refusal.code, "message": str(refusal)}).encode()
    return refusal.status, {"content-type": "application/json"}, body


def _without_run(call: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in call.items() if key not in ("run_id", "run_uuid")}


def _edges() -> dict[str, list[Any]]:
    return {"inputs": [], "models": [], "outputs": []}


def _handler(workspace: Databricks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("content-length") or 0)
            is_signed = parts.path.startswith("/signed/")
            path = parts.path if is_signed else unquote(parts.path)
            if is_signed and length and workspace.store.cuts(query):
                self.rfile.read(length // 2)
                self.close_connection = True
                return
            body = self.rfile.read(length)
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, answer = workspace.answer(self.command, path, given, query, body)
            self.send_response_only(status)
            for name, value in {**headers, "content-length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            if is_signed and answer and workspace.store.cut_out:
                workspace.store.cut_out -= 1
                answer = answer[: len(answer) // 2]
                self.close_connection = True
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            return

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815

    return Handler
