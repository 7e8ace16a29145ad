"""Faults that a caller can be told of.  Knows MLflow's error codes and their HTTP statuses; knows no slice."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from msgspec import Struct

Because = Literal["taken", "missing", "bad-name", "too-long", "admins-only"]


class Reason(Struct, frozen=True):
    """The reason of a fault as data, from which a page makes a message in its language.  The message quotes `values`."""

    key: Because
    values: dict[str, str]


class Fault(Exception):
    """A request that cannot be served, in words for the caller.  `code` and `status` are MLflow's."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500

    def __init__(self, message: str = "", headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(*([message] if message else []))
        self.headers = headers  # which the answer has besides
        self.reason: Reason | None = None

    def because(self, key: Because, **values: str) -> Self:
        """Add the reason to a common fault.  Return the fault."""
        self.reason = Reason(key, values)
        return self

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class Invalid(Fault):
    """The call itself is wrong: a value, a type, a limit."""

    code = "INVALID_PARAMETER_VALUE"
    status = 400


class BadRequest(Fault):
    """The request is no call at all."""

    code = "BAD_REQUEST"
    status = 400


class SlowClient(BadRequest):
    status = 408


class UrlTooLong(BadRequest):
    status = 414


class HeadTooLarge(BadRequest):
    status = 431


class AlreadyExists(Fault):
    """The name is taken.  400, never 409: MLflow's clients look for just that."""

    code = "RESOURCE_ALREADY_EXISTS"
    status = 400


class BadState(Fault):
    """The thing exists, but not in a state that allows this.  Stock MLflow answers 500, which clients retry for minutes."""

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
    """Nobody known sent this.  `late_s` holds the answer back, against guessing; `retry_after_s` is for a login page."""

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
    """Too much at once: worth a retry, which MLflow's clients do by themselves."""

    code = "REQUEST_LIMIT_EXCEEDED"
    status = 429


class Unsupported(Fault):
    code = "NOT_IMPLEMENTED"
    status = 501


class TooSlow(Fault):
    """The call asks for more than the server does in one call.  400: a retry, which 5xx would bring, takes as long."""

    code = "DEADLINE_EXCEEDED"
    status = 400


class Unavailable(Fault):
    """The store cannot answer now (disk full, database down): not the caller's mistake, worth a retry."""

    code = "TEMPORARILY_UNAVAILABLE"
    status = 503


class NoBucket(Unavailable):
    """The bucket of the artifact store does not exist: the operator has to create it.

    507: a fault of the server, as its operator's alerts count it, which no client of MLflow repeats by itself."""

    code = "INVALID_STATE"
    status = 507
