"""The outcome of an attempt to deliver.  Pure."""

from msgspec import Struct

MAX_ERROR_CHARS = 500


class Answer(Struct, frozen=True, kw_only=True):
    """`status` is the HTTP status, if there was an answer; otherwise `error` says what failed.  `is_refused`: nothing was sent,
    and nothing will be."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_after_s: float | None = None
    is_refused: bool = False
