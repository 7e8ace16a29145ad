"""Writes the tables of docs/compatibility.md: `make compatibility`.  Knows MLflow's descriptors, and asks the application.

MLflow's own package says which calls there are.  Each is sent to the application, whose answer says what becomes of it.
"""

import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from support.client import Api, Inside
from trackside import app
from trackside.core import settings

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "compatibility.md"
BEGIN, END = "<!-- begin: {} (make compatibility) -->\n", "<!-- end: {} -->\n"

State = Literal["served", "refused", "not yet"]


@dataclass(frozen=True)
class Rpc:
    service: str
    name: str
    method: str
    path: str  # without /api or /ajax-api
    state: State = "not yet"


@dataclass(frozen=True)
class Absent:
    """Calls that are not served yet, by the beginning of their path, and what a client sees of that."""

    what: str
    path: str
    seen: str


ABSENT = [
    Absent(
        "other calls about traces",
        r"/[23]\.0/mlflow/(traces|unified-traces|get-online-trace-details)\b",
        "the calls raise; traces themselves are served",
    ),
]
REFUSED = {
    "/mlflow-artifacts/mpu/": "501 in the words at which the client falls back on one plain, streamed PUT",
    "/mlflow-artifacts/presigned/": "501; server-info says not to ask, and the client downloads through the server",
    "/mlflow/gateway/": "501 in MLflow's words for a gateway that is switched off; server-info says that there is none",
    "/mlflow/prompt-optimization/jobs": "501 in MLflow's words for jobs that are switched off",
}


def rpcs() -> list[Rpc]:
    """Every call of the services that MLflow's own server has, asked of ours, in both spellings of its path."""
    from mlflow.protos import databricks_pb2, mlflow_artifacts_pb2, model_registry_pb2, service_pb2, webhooks_pb2

    found = []
    with tempfile.TemporaryDirectory() as folder:
        application = app.build(settings.load({"--data": folder}, {}))
        inside = Inside(application.asgi)
        for module in (service_pb2, model_registry_pb2, mlflow_artifacts_pb2, webhooks_pb2):
            for service in module.DESCRIPTOR.services_by_name.values():
                for rpc in service.methods:
                    for endpoint in rpc.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                        path = f"/{endpoint.since.major}.0/{endpoint.path.lstrip('/')}"
                        state = state_of(Api(inside), endpoint.method, path)
                        found.append(Rpc(service.name, rpc.name, endpoint.method, path, state))
        inside.close()
        application.close()
    return found


def state_of(api: Api, method: str, path: str) -> State:
    states = {_ask(api, method, f"/{prefix}{re.sub(r'[{][^}]*[}]', 'x', path)}") for prefix in ("api", "ajax-api")}
    if len(states) > 1:
        raise AssertionError(f"{method} {path} is answered in one spelling of its path only")
    return states.pop()


def _ask(api: Api, method: str, path: str) -> State:
    reply = api.ask(method, path, {})
    if reply.status == 501:
        return "refused"
    return "not yet" if reply.status >= 400 and reply.json["error_code"] == "ENDPOINT_NOT_FOUND" else "served"


def absent_of(rpc: Rpc) -> Absent:
    for absent in ABSENT:
        if re.match(absent.path, rpc.path):
            return absent
    raise AssertionError(
        f"{rpc.name} ({rpc.path}) is not served: say in {Path(__file__).name} what a client sees of that"
    )


def tables(found: Sequence[Rpc]) -> dict[str, str]:
    """The generated parts of the page by their names."""
    return {"counts": _counts(found), "not yet": _not_yet(found), "calls": _calls(found)}


def filled(page: str, parts: dict[str, str]) -> str:
    """The page with its generated parts replaced."""
    for name, text in parts.items():
        begin, end = BEGIN.format(name), END.format(name)
        if page.count(begin) != 1 or page.count(end) != 1:
            raise AssertionError(f"{PAGE.name} has no place for {name!r}")
        before, rest = page.split(begin)
        page = f"{before}{begin}{text}{end}{rest.split(end)[1]}"
    return page


def _counts(found: Sequence[Rpc]) -> str:
    services = list(dict.fromkeys(rpc.service for rpc in found))
    lines = ["| service | served | refused | not yet |", "|---|---|---|---|"]
    for service in services:
        states = [rpc.state for rpc in _named(found) if rpc.service == service]
        lines.append(f"| {service} | {' | '.join(str(states.count(state)) for state in _STATES)} |")
    return "\n".join(lines) + "\n"


_STATES: tuple[State, ...] = ("served", "refused", "not yet")


def _named(found: Sequence[Rpc]) -> list[Rpc]:
    """Each call once, though it may have two paths."""
    return list({(rpc.service, rpc.name): rpc for rpc in found}.values())


def _not_yet(found: Sequence[Rpc]) -> str:
    lines = ["| what | calls | what a client sees |", "|---|---|---|"]
    missing = [absent_of(rpc) for rpc in _named(found) if rpc.state == "not yet"]
    lines += [f"| {each.what} | {missing.count(each)} | {each.seen} |" for each in ABSENT if each in missing]
    return "\n".join(lines) + "\n"


def _calls(found: Sequence[Rpc]) -> str:
    lines = ["| service | RPC | method | path | state |", "|---|---|---|---|---|"]
    for rpc in sorted(found, key=lambda each: (_STATES.index(each.state), each.service, each.path, each.method)):
        if rpc.state == "not yet":
            word = f"not yet: {absent_of(rpc).what}"
        elif rpc.state == "refused":
            word = "refused: " + next(text for prefix, text in REFUSED.items() if prefix in rpc.path)
        else:
            word = "served"
        lines.append(f"| {rpc.service} | {rpc.name} | {rpc.method} | `{rpc.path}` | {word} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    PAGE.write_text(filled(PAGE.read_text(), tables(rpcs())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
