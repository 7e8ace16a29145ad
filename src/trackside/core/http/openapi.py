"""The route table as an OpenAPI document.  Knows OpenAPI 3.1; knows no route's meaning."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from trackside.core.http.codec import Call, fields_of
from trackside.core.http.routes import Route

_FAULT = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}


def document(routes: Iterable[Route], title: str, version: str) -> dict[str, Any]:
    routes = list(routes)
    types = {route.call for route in routes if _has_call(route)} | {
        route.answer for route in routes if route.answer is not None
    }
    ordered = sorted(types, key=lambda kind: (kind.__module__, kind.__qualname__))
    schemas, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    schema_of = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        for path in route.paths:
            shown = re.sub(r"\{(\w+):path\}", r"{\1}", path)
            paths.setdefault(shown, {})[route.method.lower()] = _operation(route, shown, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {**components, "Fault": _FAULT}},
    }


def _operation(route: Route, path: str, schema_of: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path
    ]
    operation: dict[str, Any] = {"operationId": _operation_id(route, path)}
    text = route.summary or _first_line(route.handler)
    if text:
        operation["summary"] = text
    if not _has_call(route):
        if route.method == "PUT":
            operation["requestBody"] = {"content": {"application/octet-stream": {}}}
    elif route.method in ("GET", "DELETE"):
        required = set(route.call.required)
        parameters.extend(
            {"name": name, "in": "query", "required": name in required, "schema": _field(route, name)}
            for name in fields_of(route.call)
            if name not in in_path
        )
    elif fields_of(route.call):
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema_of[route.call]}},
        }
    if parameters:
        operation["parameters"] = parameters
    content = {"application/json": {"schema": schema_of[route.answer]}} if route.answer is not None else {}
    operation["responses"] = {
        str(route.status): {"description": "Success", **({"content": content} if content else {})},
        "default": {
            "description": "A fault in MLflow's form",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
        },
    }
    return operation


def _has_call(route: Route) -> bool:
    """A stream may decode its body by itself, and then says as what."""
    return route.kind != "stream" or route.call is not Call


def _field(route: Route, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.schema(fields_of(route.call)[name])
    return schema


def _operation_id(route: Route, path: str) -> str:
    return f"{route.method.lower()}_{re.sub(r'[^A-Za-z0-9]+', '_', path).strip('_')}"


def _first_line(handler: Any) -> str:
    text = (getattr(handler, "__doc__", None) or "").strip()
    return text.splitlines()[0] if text else ""
