"""The id of each request, and what is recorded when it has been answered: a log line and a span.

A harmless X-Request-Id of the client is used and returned in the answer.  Without a log and without traces, other requests
have no id and nothing is recorded.
"""

import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

HEADER = b"x-request-id"
TRACEPARENT = b"traceparent"  # https://www.w3.org/TR/trace-context/
LOGGER = "trackside.requests"
_HARMLESS = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_OURS = 6  # random bytes of the ids of a process

log = logging.getLogger(LOGGER)


class Answered(Struct, frozen=True):
    """An answered request.  `route` is the template of its path, empty for an unknown path.  Body and query are not recorded."""

    request_id: str
    traceparent: str  # as the client sent it
    method: str
    route: str
    status: int
    ended_ns: int  # since 1970
    duration_s: float
    size_bytes: int
    workspace: str
    user: str

    @property
    def begun_ns(self) -> int:
        return self.ended_ns - int(self.duration_s * 1e9)


class Requests:
    """Writes log lines and spans.  `trace` makes the span of a request and returns its trace id; None: no traces."""

    def __init__(self, *, is_logged: bool = False, trace: Callable[[Answered], str] | None = None) -> None:
        self._is_logged = is_logged
        self._trace = trace
        self._prefix = secrets.token_hex(_OURS)
        self._numbers = itertools.count(1)
        self.is_on = is_logged or trace is not None

    def id_of(self, given: bytes | None) -> bytes | None:
        """Return the id of a request; None if it has none."""
        if given is not None and _HARMLESS.fullmatch(given):
            return given
        return f"{self._prefix}-{next(self._numbers):x}".encode() if self.is_on else None

    def note(
        self,
        request_id: bytes,
        headers: Mapping[bytes, bytes],
        method: str,
        route: str,
        status: int,
        duration_s: float,
        size_bytes: int,
        workspace: Any,
        user: str,
    ) -> None:
        """Record an answered request.  Raise nothing: the answer has been sent."""
        if not self.is_on:
            return
        answered = Answered(
            request_id.decode("ascii"),
            headers.get(TRACEPARENT, b"").decode("latin-1"),
            method,
            route,
            status,
            time.time_ns(),
            duration_s,
            size_bytes,
            "" if workspace is None else workspace.name,
            user,
        )
        trace_id = self._trace(answered) if self._trace is not None else ""
        if self._is_logged:
            fields = {
                "request_id": answered.request_id,
                **({"trace_id": trace_id} if trace_id else {}),
                "method": method,
                "route": route,
                "status": status,
                "duration_ms": round(duration_s * 1000, 3),
                "size_bytes": size_bytes,
                "workspace": answered.workspace,
                "user": user,
            }
            log.info("%s %s %d", method, route, status, extra={"fields": fields})


SILENT = Requests()
