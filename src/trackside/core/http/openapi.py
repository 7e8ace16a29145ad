"""The route table as an OpenAPI 3.1 document."""

import inspect
import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from trackside.core.access import Action
from trackside.core.errors import Because
from trackside.core.http.codec import Call, bare, fields_of
from trackside.core.http.routes import Route

Schema = dict[str, Any]

_FAULT = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string"},
        "message": {"type": "string"},
        "reason": {
            "type": "object",
            "description": "The reason as data, for frequent errors",
            "required": ["key", "values"],
            "properties": {
                "key": {"enum": list(get_args(Because))},
                "values": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    },
}
_FAULT_ANSWER = {
    "description": "A fault in MLflow's form",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
}
_WORKSPACE = {
    "name": "X-MLFLOW-WORKSPACE",
    "in": "header",
    "required": False,
    "description": "The workspace; the default one if omitted. The path prefix /ws/NAME selects it too.",
    "schema": {"type": "string"},
}

# A server without users requires none of them.
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of a user or a service principal"},
    "basic": {"type": "http", "scheme": "basic", "description": "A user's name and password, or any name and a token"},
    "session": {"type": "apiKey", "in": "cookie", "name": "trackside_session", "description": "Set by the sign-in"},
}


def document(routes: Iterable[Route], title: str, version: str) -> Schema:
    routes = list(routes)
    types = {route.call for route in routes if _has_call(route)}
    types |= {route.answer for route in routes if route.answer is not None}
    ordered = sorted(types, key=lambda kind: (kind.__module__, kind.__qualname__))
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(ordered, schemas, strict=True))
    for component in components.values():  # docstrings, whose later lines are indented before Python 3.13
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    for route in routes:
        if _has_call(route):
            _require(components, schema_of[route.call], route)
    paths: dict[str, Schema] = {}
    for route in routes:
        for path in route.paths:
            shown = re.sub(r"\{(\w+):path\}", r"{\1}", path)
            paths.setdefault(shown, {})[route.method.lower()] = _operation(route, path, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "tags": [{"name": name} for name in sorted({_tag(route) for route in routes})],
        "paths": dict(sorted(paths.items())),
        "security": [{name: []} for name in _SECURITY],
        "components": {
            "securitySchemes": _SECURITY,
            "schemas": {**components, "Fault": _FAULT},
            "responses": {"Fault": _FAULT_ANSWER},
            "parameters": {"Workspace": _WORKSPACE},
        },
    }


def _operation(route: Route, path: str, schema_of: dict[Any, Schema]) -> Schema:
    in_path = _in_path(path)
    summary, description = _words(route, path)
    operation: Schema = {"operationId": _operation_id(route, path), "tags": [_tag(route)], "summary": summary}
    operation["x-action"] = str(route.needs)
    if route.needs is Action.ANYONE:
        operation["security"] = []
    if description:
        operation["description"] = description
    parameters: list[Schema] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            **({"description": "May contain slashes."} if has_slashes else {}),
        }
        for name, has_slashes in in_path.items()
    ]
    asked = route.call if route.method in ("GET", "DELETE") and route.arguments is Call else route.arguments
    parameters += [_argument(asked, name) for name in fields_of(asked) if name not in in_path]
    if route.has_workspace:
        parameters.append({"$ref": "#/components/parameters/Workspace"})
    if parameters:
        operation["parameters"] = parameters
    if route.method not in ("GET", "DELETE"):
        body = _body(route, in_path, schema_of)
        if body:
            operation["requestBody"] = body
    operation["responses"] = {
        str(route.status): {"description": "Success", **_content(route, schema_of)},
        "400": {"$ref": "#/components/responses/Fault"},
        "404": {"$ref": "#/components/responses/Fault"},
        "default": {"$ref": "#/components/responses/Fault"},
    }
    return operation


def _body(route: Route, in_path: dict[str, bool], schema_of: dict[Any, Schema]) -> Schema:
    if not _has_call(route):
        return {"required": True, "content": {"application/octet-stream": {}}} if route.kind == "stream" else {}
    if not set(fields_of(route.call)) - set(in_path):
        return {}
    is_needed = bool(set(route.call.required) - set(in_path))
    return {"required": is_needed, "content": {"application/json": {"schema": schema_of[route.call]}}}


def _content(route: Route, schema_of: dict[Any, Schema]) -> Schema:
    if route.status == 204 or not route.media:
        return {}
    if route.answer is not None:
        return {"content": {route.media: {"schema": schema_of[route.answer]}}}
    return {"content": {route.media: {"schema": {"type": "object"}} if route.media == "application/json" else {}}}


def _require(components: Schema, schema: Schema, route: Route) -> None:
    """Mark the required fields: every field has a default in the struct, because the error for a missing one is worded by
    hand."""
    component = components[schema["$ref"].rpartition("/")[2]]
    in_path = {name for path in route.paths for name in _in_path(path)}
    needed = [name for name in route.call.required if name not in in_path]
    if "run_uuid" in fields_of(route.call) and "run_id" in needed:  # either name of the run is accepted
        needed.remove("run_id")
        component["anyOf"] = [{"required": ["run_id"]}, {"required": ["run_uuid"]}]
    if needed:
        component["required"] = needed


def _argument(call: type[Call], name: str) -> Schema:
    kind = bare(fields_of(call)[name])
    return {"name": name, "in": "query", "required": name in call.required, "schema": msgspec.json.schema(kind)}


def _has_call(route: Route) -> bool:
    """Return whether the route has a documented body; a stream names the struct that it decodes by itself."""
    return route.kind != "stream" or route.call is not Call


def _in_path(path: str) -> dict[str, bool]:
    """Return the names of the parameters in a path, and whether each matches slashes."""
    return {name: bool(rest) for name, rest in re.findall(r"\{(\w+)(:path)?\}", path)}


def _operation_id(route: Route, path: str) -> str:
    return f"{route.method.lower()}_{re.sub(r'[^A-Za-z0-9]+', '_', path).strip('_')}"


def _tag(route: Route) -> str:
    """Return the slice of the route's handler."""
    return str(route.handler.__module__).removeprefix("trackside.").partition(".")[0]


def _words(route: Route, path: str) -> tuple[str, str]:
    """Return the first line and the rest of the handler's docstring; without one, words of the path."""
    text = route.summary or inspect.getdoc(route.handler) or ""
    first, _, rest = text.partition("\n")
    if not first:
        words = [part for part in path.split("/") if part and not part.startswith("{")][-2:]
        first = f"{route.method} {' '.join(words)}".strip()
    return first.strip(), rest.strip()
