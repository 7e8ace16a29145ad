"""The outcome of one try to deliver.  Pure."""

from msgspec import Struct

MAX_ERROR_CHARS = 500


class Answer(Struct, frozen=True, kw_only=True):
    """`status` of HTTP if there was one; else `error` says what went wrong.  `is_refused`: nothing was sent, nor will be."""

    status: int | None = None
    body: str = ""
    error: str = ""
    retry_after_s: float | None = None
    is_refused: bool = False
