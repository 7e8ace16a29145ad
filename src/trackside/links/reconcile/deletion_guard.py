"""Decides whether a link may carry out its deletions.  Pure.

A step that would delete an item raises `DeletionHeld` instead.  The worker collects these until the queue is empty, so that all
pending deletions are known, and calls `is_too_much`.
"""

from trackside.links.model import Deletion, HeldDeletion, Options

NAMED = 5  # deletions that the message about a pause names


class DeletionHeld(Exception):
    """The item would be deleted, and the deletion was not accepted yet."""

    def __init__(self, deletion: Deletion) -> None:
        super().__init__(f"{deletion.name} would be deleted {deletion.side}")
        self.deletion = deletion


def is_too_much(items: int, synced: int, options: Options) -> bool:
    """Return whether the deletion of `items` of `synced` items exceeds both limits of the link."""
    return items > options.max_deletions and 100 * items > options.max_deletions_percent * synced


def message(name: str, items: int, synced: int, options: Options, held: list[HeldDeletion]) -> str:
    named = ", ".join(f"{each.entity.label} {each.name} {each.side}" for each in held[:NAMED])
    more = ", and more" if len(held) > NAMED else ""
    return (
        f"it would delete {items} of {synced} items, more than {options.max_deletions} and"
        f" {options.max_deletions_percent:g} %: {named}{more}. `trackside link show {name}` lists them;"
        f" `trackside link resume {name} --accept-deletions` deletes them."
    )
