"""Decodes the answers of a remote into structs.  An answer of another shape raises InvalidRemoteResponse."""

from typing import Any, TypeVar

import msgspec

from trackside.core.http_client.client import Answer, HttpClient
from trackside.sync.remote.faults import InvalidRemoteResponse

T = TypeVar("T")


def read(http: HttpClient, shape: type[T], method: str, path: str, body: Any = None, /, **query: Any) -> T:
    """Make a JSON call, like `HttpClient.json`, and return its answer as the struct."""
    return convert(http, shape, http.json(method, path, body, **query), path)


def decode(http: HttpClient, shape: type[T], answer: Answer, path: str) -> T:
    """Return the whole answer of a call as the struct."""
    return convert(http, shape, answer.json, path)


def convert(http: HttpClient, shape: type[T], found: Any, path: str) -> T:
    """Return a decoded part of an answer's JSON as the struct."""
    try:
        return msgspec.convert(found, shape)
    except msgspec.ValidationError as error:
        where = path.partition("?")[0]
        raise InvalidRemoteResponse(
            f"{http.url} answered {where} with JSON that cannot be read as {shape.__name__}: {error}"
        ) from None
