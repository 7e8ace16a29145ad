"""Errors that are reported to callers.  Defines MLflow's error codes and their HTTP statuses; depends on no slice."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from msgspec import Struct

Because = Literal[
    "taken",
    "missing",
    "bad-name",
    "too-long",
    "admins-only",
    "last-admin",
    "not-retryable",
    "still-live",
    "changed-meanwhile",
    "assigned",
    "imports-running",
    "import-ended",
    "stage-asked",
    "stage-decided",
    "stage-own-request",
    "stage-needs-approval",
    "stage-keeps-others",
    "in-use",
    "preview-outdated",
    "deletion-begun",
    "protected",
    "rule-too-wide",
    "on-hold",
    "default",
    "protected-inside",
    "has-traffic",
    "aliased",
    "has-versions",
    "kept-in-step",
    "not-ended",
    "held-already",
    "output-exists",
    "link-ending",
    "throttled",
    "folder-too-large",
    "experiment-deleted",
    "trace-came-again",
    "filter-syntax",
    "filter-field",
    "filter-function",
    "filter-operator",
    "filter-null-test",
    "filter-not-number",
    "filter-not-quoted",
    "filter-list",
    "cron",
    "cron-never",
    "timezone",
    "job-cancelled",
    "job-cancelled-queued",
    "job-timed-out",
    "job-server-stopped",
    "job-server-ended",
    "job-taken-over",
    "job-killed",
    "job-exit-code",
    "job-process",
    "job-server-fault",
    "job-kind-unknown",
    "environment-failed",
]


class Reason(Struct, frozen=True):
    """The reason of a fault as data, so that the web UI can translate the message.  The message quotes `values`."""

    key: Because
    values: dict[str, str]


class Fault(Exception):
    """An error with a message for the caller.  `code` and `status` are MLflow's."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str = "", headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(*([message] if message else []))
        self.headers = headers  # further headers of the answer
        self.reason: Reason | None = None

    def because(self, key: Because, **values: str) -> Self:
        """Add the reason to a common fault and return the fault."""
        self.reason = Reason(key, values)
        return self

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class Invalid(Fault):
    """A parameter of the call is wrong: its value, its type or its size."""

    code = "INVALID_PARAMETER_VALUE"
    status = 400


class BadRequest(Fault):
    """The request cannot be read as a call."""

    code = "BAD_REQUEST"
    status = 400


class SlowClient(BadRequest):
    status = 408


class UrlTooLong(BadRequest):
    status = 414


class HeadTooLarge(BadRequest):
    status = 431


class AlreadyExists(Fault):
    """The name is taken.  Status 400, never 409: MLflow's clients check for exactly that."""

    code = "RESOURCE_ALREADY_EXISTS"
    status = 400


class BadState(Fault):
    """The object exists but is not in a state that allows the call.  MLflow answers 500, which its clients retry for minutes."""

    code = "INVALID_STATE"
    status = 400


class NotFound(Fault):
    code = "RESOURCE_DOES_NOT_EXIST"
    status = 404


class NoEndpoint(Fault):
    code = "ENDPOINT_NOT_FOUND"
    status = 404


class NotAllowedMethod(Fault):
    code = "ENDPOINT_NOT_FOUND"
    status = 405


class Unauthenticated(Fault):
    """The caller is not authenticated.

    `late_s` delays the answer, against guessing; `retry_after_s` is shown on the sign-in page."""

    code = "UNAUTHENTICATED"
    status = 401

    def __init__(
        self,
        message: str = "",
        headers: Sequence[tuple[bytes, bytes]] = (),
        *,
        late_s: float = 0.0,
        retry_after_s: float = 0.0,
    ) -> None:
        super().__init__(message, headers)
        self.late_s = late_s
        self.retry_after_s = retry_after_s


class Denied(Fault):
    code = "PERMISSION_DENIED"
    status = 403


class Conflict(Fault):
    code = "RESOURCE_CONFLICT"
    status = 409


class TooLarge(Fault):
    code = "INVALID_PARAMETER_VALUE"
    status = 413


class Busy(Fault):
    """The server has too many calls to process now.  MLflow's clients retry by themselves."""

    code = "REQUEST_LIMIT_EXCEEDED"
    status = 429


class Unsupported(Fault):
    code = "NOT_IMPLEMENTED"
    status = 501


class TooSlow(Fault):
    """The call exceeded its time limit.  Status 400: after a 5xx, clients would retry, which takes as long again."""

    code = "DEADLINE_EXCEEDED"
    status = 400


class Unavailable(Fault):
    """The store cannot answer now, for example with a full disk or a database that is down.  A retry may succeed."""

    code = "TEMPORARILY_UNAVAILABLE"
    status = 503


class NoBucket(Unavailable):
    """The bucket of the artifact store does not exist: the operator must create it.

    Status 507: it counts as a server error for the operator's alerts, and no MLflow client retries it."""

    code = "INVALID_STATE"
    status = 507
