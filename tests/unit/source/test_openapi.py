"""The OpenAPI document is valid, and has every route with its arguments."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from trackside import app
from trackside.core.http import openapi
from trackside.core.http.codec import Call, fields_of
from trackside.core.http.routes import Route
from trackside.core.settings import Settings


@pytest.fixture
def routes(sqlite_settings: Settings) -> Iterator[list[Route]]:
    application = app.build(sqlite_settings)
    yield list(application.asgi._table.routes)
    application.close()


@pytest.fixture
def document(routes: list[Route]) -> Any:
    return json.loads(msgspec.json.encode(openapi.document(routes, "Trackside", "1")))


def validate(document: Any) -> None:
    from openapi_spec_validator import validate  # takes a quarter of a second: for the process that asks

    validate(document)


def _operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


@pytest.mark.slow
def test_it_is_valid_openapi(document: Any) -> None:
    validate(document)


def test_paths_of_several_shapes_are_valid_openapi(document: Any) -> None:
    """One path of every fourth shape: all paths take forty times as long."""
    of_shape = {shape_of(methods): (path, methods) for path, methods in reversed(document["paths"].items())}
    paths = dict(list(of_shape.values())[::4])

    assert len(paths) > 10
    validate({**document, "paths": paths, "components": {**document["components"], "schemas": needed(document, paths)}})


def shape_of(methods: Mapping[str, Any]) -> str:
    """How a path is described, without the names and the words that are its own."""
    return str(
        [
            (
                method,
                sorted(operation),
                sorted({(each.get("in"), *sorted(each)) for each in operation.get("parameters", [])}, key=str),
                sorted(operation.get("requestBody", {}).get("content", {})),
                [(status, sorted(answer)) for status, answer in operation["responses"].items()],
            )
            for method, operation in methods.items()
        ]
    )


def needed(document: Any, paths: Mapping[str, Any]) -> dict[str, Any]:
    """The schemas that paths and the other components refer to, and those that these refer to."""
    schemas = document["components"]["schemas"]
    others = {name: part for name, part in document["components"].items() if name != "schemas"}
    found: dict[str, Any] = {}
    waiting = [json.dumps([paths, others])]
    while waiting:
        for name in set(re.findall(r"#/components/schemas/([^\"]+)", waiting.pop())) - set(found):
            found[name] = schemas[name]
            waiting.append(json.dumps(schemas[name]))
    return found


def test_the_document_has_every_route_with_its_arguments(routes: list[Route], document: Any) -> None:
    shown = {(method, path): operation for method, path, operation in _operations(document)}

    for route in routes:
        for path in route.paths:
            operation = shown.pop((route.method, re.sub(r":path\}", "}", path)))
            named = {each["name"] for each in operation.get("parameters", []) if "name" in each}
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                named |= set(document["components"]["schemas"][name]["properties"])
            assert {*route.call.__struct_encode_fields__, *fields_of(route.arguments)} <= named, path
            assert operation["summary"]
            assert operation["tags"]
    # /openapi.json is described in the document of the running server, which has been asked for by then.
    assert not shown


def test_required_fields_of_a_call_are_marked(document: Any) -> None:
    schemas = document["components"]["schemas"]
    search = {
        each["name"]: each
        for each in document["paths"]["/api/2.0/mlflow/registered-models/get"]["get"]["parameters"][:1]
    }

    assert schemas["CreateExperiment"]["required"] == ["name"]
    assert schemas["LogMetric"]["required"] == ["key", "value", "timestamp"]
    assert schemas["LogMetric"]["anyOf"] == [{"required": ["run_id"]}, {"required": ["run_uuid"]}]
    assert search["name"]["required"] is True


def test_a_repeated_argument_is_an_array(document: Any) -> None:
    parameters = document["paths"]["/ajax-api/2.0/mlflow/metrics/get-history-bulk"]["get"]["parameters"]

    assert parameters[0] == {
        "name": "run_id",
        "in": "query",
        "required": False,
        "schema": {"type": "array", "items": {"type": "string"}},
    }


def test_streams_say_what_they_read_from_the_query_string(routes: list[Route]) -> None:
    """Of those that read nothing from it, this is the list."""
    silent = {
        f"{route.method} {route.paths[0]}"
        for route in routes
        if route.kind == "stream"
        and route.call is Call
        and route.arguments is Call
        and "{path:path}" not in route.paths[0]
        and not route.paths[0].startswith("/subscriptions")  # Azure Resource Manager's, with its own reference
        and not route.paths[0].startswith("/scim/v2/")  # its bodies are SCIM's own, in its own media type
    }

    assert silent <= {
        "GET /",
        "GET /assets/{name}",
        "GET /discovery",
        "GET /metadata/endpoints",
        "POST /v1/traces",  # its body is OTLP's own
        "GET /tenants",
        "GET /api/2.0/preview/scim/v2/Me",
        "GET /azure/artifact/artifacts/{origin}/{container}",
        "GET /azure/onlineEndpoints",
        "GET /azure/modelmanagement/services",
        "POST /azure/modelmanagement/services",
        "GET /azure/modelmanagement/services/{service}",
        "GET /azure/history/experimentids/{experiment}/runs/{run_id}/artifacts",
        "GET /azure/history/experimentids/{experiment}/runs/{run_id}/token",
        "GET /azure/history/experiments/{experiment}/runs/{run_id}/artifacts",
        "GET /azure/history/experiments/{experiment}/runs/{run_id}/token",
        "GET /health",
        "GET /livez",
        "GET /metrics",
        "GET /version",
        "GET /signup",
        "POST /api/2.0/mlflow/users/create-ui",
        "GET /openapi.json",
        "GET /api/trackside/v1/sync/about",
        "GET /api/trackside/v1/imports",
        "POST /ajax-api/2.0/mlflow/runs/create-promptlab-run",
        "POST /graphql",
        "POST /api/trackside/v1/sync/bundle",
        "POST /api/trackside/v1/logout",
        "POST /api/trackside/v1/sign-in/{provider}/device",
        "POST /api/trackside/v1/sign-in/{provider}/sign-out",
        "POST /api/trackside/v1/sync/points",
        "GET /api/trackside/v1/endpoints",
        "GET /api/trackside/v1/server-overview",
        "GET /api/v1/replica-files/{name}",
        "GET /api/v1/service/{name}",
        "GET /api/v1/service/{name}/openapi.json",
        "GET /api/v1/service/{name}/swagger.json",
        "POST /api/v1/service/{name}/invocations",
        "POST /api/v1/service/{name}/score",
    }
