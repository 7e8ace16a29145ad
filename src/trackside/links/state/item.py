"""A link's state of an item that both sides have.  Pure."""

from msgspec import Struct

from trackside.links.model import CreatedBy
from trackside.sync.document import Doc


class ItemState(Struct, frozen=True):
    local_id: str
    remote_id: str  # empty: its creation on the remote was intended
    made_by: CreatedBy
    base: Doc | None  # the agreed state
    store_generation: int = 0  # of `state.generations`, in which it was last found on the remote
