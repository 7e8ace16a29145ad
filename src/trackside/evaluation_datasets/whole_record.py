"""A record of an evaluation dataset with all of its fields, as links transfer it.  Pure."""

from msgspec import Struct


class Record(Struct, frozen=True, array_like=True):
    """A whole record; its parts are JSON as text."""

    input_hash: str
    record_id: str
    created_time: int  # ms
    last_update_time: int  # ms
    inputs: str
    outputs: str | None
    expectations: str | None
    tags: str
    source: str | None
    source_id: str | None
    source_type: str | None
    created_by: str | None
    last_updated_by: str | None

    @property
    def size(self) -> int:
        """Return the approximate size in characters."""
        parts = (self.inputs, self.outputs, self.expectations, self.tags, self.source)
        return sum(len(part) for part in parts if part)
