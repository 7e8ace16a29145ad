"""The writer's record of changes since a snapshot, also while it is emptied."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trackside.core.db.tx import Entity, Memory

KEYS: list[Entity] = [("run", 1, "a"), ("run", 1, "b"), ("run", 2, "a")]


class SmallMemory(Memory):
    LIMIT = 1


class Emptied(dict[Entity, int]):
    """Changes that the writer empties while another thread looks for one."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self._memory = memory

    def get(self, key: Entity, default: Any = None) -> Any:
        self._memory.end_group()
        return super().get(key, default)


def test_a_change_is_known_while_the_memory_of_changes_is_emptied() -> None:
    memory = SmallMemory()
    memory._changed = Emptied(memory)
    for key in KEYS:
        memory.touch(key)

    assert memory.changed_since(KEYS[0], memory.committed)


@given(st.lists(st.sampled_from([*KEYS, "commit", "all"])))
def test_no_change_after_a_snapshot_is_missed(happened: list[Any]) -> None:
    memory = SmallMemory()
    changes: dict[Entity, int] = {}
    for event in happened:
        if event == "commit":
            memory.end_group()
        elif event == "all":
            memory.touch_all()
            changes = dict.fromkeys(KEYS, memory.epoch)
        else:
            memory.touch(event)
            changes[event] = memory.epoch

    for key in KEYS:
        for epoch in range(memory.epoch):
            assert memory.changed_since(key, epoch) or changes.get(key, 0) <= epoch
        assert memory.changed_since(key, memory.committed) == (changes.get(key, 0) > memory.committed)
