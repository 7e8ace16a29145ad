"""A link's memory of an item that both sides have.  Pure."""

from msgspec import Struct

from trackside.links.model import CreatedBy
from trackside.sync.document import Doc


class ItemState(Struct, frozen=True):
    local_id: str
    remote_id: str  # empty: it was about to be made there
    made_by: CreatedBy
    base: Doc | None  # the state that both sides agreed on last
    store_generation: int = 0  # of `state.generations`, in which it was found there last
