"""The count of the uses of a data folder, by which a server knows that the holders of leases before it have ended."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trackside.cli.lock import Held, Holder, Lock, Place


def used(folder: Path) -> str:
    """Use the folder as a server does that is killed: the file stays."""
    lock = Lock([Place(folder, folder / "server.lock")])
    lock.release()
    return lock.start_id


def test_each_use_of_a_folder_is_a_further_start_of_it(tmp_path: Path) -> None:
    first, second = used(tmp_path), used(tmp_path)

    assert first.endswith(".1")
    assert second == f"{first.removesuffix('.1')}.2"


def test_a_folder_that_is_in_use_has_no_further_start(tmp_path: Path) -> None:
    lock = Lock([Place(tmp_path, tmp_path / "server.lock")])

    with pytest.raises(Held):
        used(tmp_path)
    lock.release()

    assert used(tmp_path).endswith(".2")


def test_a_copy_of_a_folder_is_another_folder(tmp_path: Path) -> None:
    first = used(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")

    assert used(tmp_path / "b").partition(".")[0] != first.partition(".")[0]


@pytest.mark.parametrize("elsewhere", [{"boot": "earlier"}, {"device": 1}, {"inode": 1}])
def test_a_folder_is_another_one_after_a_boot_or_in_a_copy_of_its_file_system(
    tmp_path: Path, elsewhere: dict[str, Any]
) -> None:
    first = used(tmp_path)
    file = tmp_path / "server.lock"
    held = msgspec.json.decode(file.read_bytes(), type=Holder)
    assert held.folder is not None
    before = msgspec.structs.replace(held, folder=msgspec.structs.replace(held.folder, **elsewhere))
    file.write_bytes(msgspec.json.encode(before))

    assert used(tmp_path).partition(".")[0] != first.partition(".")[0]
