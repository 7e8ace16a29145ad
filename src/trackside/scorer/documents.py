"""Documents that a scorer serves beside the predictions: health, versions, OpenAPI 3 and Swagger 2 made from the signature.

The Swagger document has the operations and definitions that Azure's services have (ServiceHealthCheck, RunMLService).
"""

import json
from typing import Any, Dict, List

from trackside.scorer import answers
from trackside.scorer.answers import Answer

ARRAY = "numpy.ndarray"
_TYPES: Dict[str, Dict[str, str]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "binary": {"type": "string", "format": "byte"},
    "datetime": {"type": "string", "format": "date-time"},
}


def of_model(name: str, metadata: Any, mlflow_version: str) -> Dict[str, Answer]:
    """Return the answers to GET by path."""
    return {
        "/": Answer(200, answers.TEXT, b"Healthy"),
        "/ping": Answer(200, answers.JSON, b"\n"),
        "/health": Answer(200, answers.JSON, b"\n"),
        "/version": Answer(200, answers.JSON, mlflow_version.encode()),
        "/signature": Answer(200, answers.JSON, json.dumps(signature(metadata)).encode()),
        "/openapi.json": Answer(200, answers.JSON, json.dumps(openapi(name, metadata)).encode()),
        "/swagger.json": Answer(200, answers.JSON, json.dumps(swagger(name, metadata)).encode()),
    }


def signature(metadata: Any) -> Dict[str, Any]:
    """Return the columns of the signature in the form of MLflow's model file; empty lists without a signature."""
    found = getattr(metadata, "signature", None)
    schemas = {"inputs": getattr(found, "inputs", None), "outputs": getattr(found, "outputs", None)}
    return {name: [] if schema is None else schema.to_dict() for name, schema in schemas.items()}


def openapi(name: str, metadata: Any) -> Dict[str, Any]:
    """Return the OpenAPI 3.0 document of the scoring call."""
    row = _schema(metadata.get_input_schema())
    content = {
        "application/json": {
            "schema": {
                "oneOf": [
                    {"type": "object", "required": ["dataframe_split"], "properties": {"dataframe_split": _split()}},
                    {
                        "type": "object",
                        "required": ["dataframe_records"],
                        "properties": {"dataframe_records": {"type": "array", "items": row}},
                    },
                    {"type": "object", "required": ["inputs"], "properties": {"inputs": {}}},
                    {
                        "type": "object",
                        "required": ["instances"],
                        "properties": {"instances": {"type": "array", "items": {}}},
                    },
                    {"type": "object", "required": ["input_data"], "properties": {"input_data": {}}},
                ]
            }
        },
        "text/csv": {"schema": {"type": "string"}},
    }
    output = _schema(metadata.get_output_schema())
    predictions = {"type": "object", "properties": {"predictions": {"type": "array", "items": output}}}
    responses = {
        "200": {"description": "Predictions, one per row.", "content": {"application/json": {"schema": predictions}}},
        "400": {"description": "The input cannot be read or does not fit the signature."},
        "424": {"description": "The model raised an error."},
    }
    operation = {"operationId": "score", "requestBody": {"required": True, "content": content}, "responses": responses}
    # azureml-mlflow reads this format, and returns an array instead of a data frame.
    listed: Dict[str, Any] = {"type": "array", "items": output}
    schemas = {"ServiceOutput": listed if output else {**listed, "format": ARRAY}}
    return {
        "openapi": "3.0.3",
        "components": {"schemas": schemas},
        "info": {"title": name, "version": _version(metadata)},
        "paths": {"/score": {"post": operation}, "/invocations": {"post": {**operation, "operationId": "invocations"}}},
    }


def swagger(name: str, metadata: Any) -> Dict[str, Any]:
    """Return the Swagger 2.0 document, in the form of Azure's web services."""
    row = _schema(metadata.get_input_schema())
    reference = "#/definitions/"
    return {
        "swagger": "2.0",
        "info": {"title": name, "version": _version(metadata)},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {
            "/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "responses": {"200": {"description": "The service is healthy.", "schema": {"type": "string"}}},
                }
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "parameters": [
                        {
                            "name": "serviceInputPayload",
                            "in": "body",
                            "required": True,
                            "schema": {"$ref": f"{reference}ServiceInput"},
                        }
                    ],
                    "responses": {
                        "200": {"description": "Predictions.", "schema": {"$ref": f"{reference}ServiceOutput"}},
                        "default": {"description": "An error.", "schema": {"$ref": f"{reference}ErrorResponse"}},
                    },
                }
            },
        },
        "definitions": {
            "ServiceInput": {
                "type": "object",
                "properties": {"input_data": {"type": "array", "items": row}},
                "example": {"input_data": _example(metadata.get_input_schema())},
            },
            "ServiceOutput": {"type": "array", "items": _schema(metadata.get_output_schema())},
            "ErrorResponse": {
                "type": "object",
                "properties": {"status_code": {"type": "integer"}, "message": {"type": "string"}},
            },
        },
    }


def _split() -> Dict[str, Any]:
    array: Dict[str, Any] = {"type": "array", "items": {}}
    return {
        "type": "object",
        "required": ["data"],
        "properties": {"columns": array, "index": array, "data": {"type": "array", "items": array}},
    }


def _schema(schema: Any) -> Dict[str, Any]:
    """Return the JSON schema of one row of a signature; without one, an empty schema, which allows everything."""
    if schema is None or schema.is_tensor_spec() or not schema.has_input_names():
        return {}
    properties = {spec.name: dict(_TYPES.get(getattr(spec.type, "name", ""), {})) for spec in schema.inputs}
    required = [spec.name for spec in schema.inputs if getattr(spec, "required", True)]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _example(schema: Any) -> Dict[str, List[Any]]:
    names = schema.input_names() if schema is not None and schema.has_input_names() else []
    return {"columns": list(names), "data": [[0] * len(names)]}


def _version(metadata: Any) -> str:
    return str(getattr(metadata, "model_uuid", None) or getattr(metadata, "model_id", None) or "1")
