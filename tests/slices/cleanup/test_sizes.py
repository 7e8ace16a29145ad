"""The files of many runs, measured by one listing of the folder above them: as many as by a listing of each."""

from pathlib import Path

import pytest

from slices.cleanup.test_deletions import preview, put
from support.client import Api
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Spot
from trackside.cleanup import sizes
from trackside.cleanup.sizes import Size

IDS = [f"{number:032x}" for number in range(sizes.TOGETHER)]


@pytest.fixture
def folder(tmp_path: Path) -> Spot:
    """Two files for each second run, a file of another run, and one beside the artifacts of a run."""
    for object_id in IDS[::2]:
        _write(tmp_path / "1" / object_id / "artifacts" / "model" / "weights.bin", 300)
        _write(tmp_path / "1" / object_id / "artifacts" / "note.txt", 7)
    _write(tmp_path / "1" / ("f" * 32) / "artifacts" / "other.bin", 50)
    _write(tmp_path / "1" / IDS[0] / "notes" / "beside.txt", 50)
    return Spot(LocalBlobs(tmp_path, durable=False), "1")


def test_one_listing_finds_the_same_files_as_a_listing_of_each_run(folder: Spot) -> None:
    each = [sizes.of_one(Spot(folder.blobs, f"1/{object_id}/artifacts")) for object_id in IDS]

    together = sizes.of_group(folder, IDS)

    assert together == sum(each, Size()) == Size(len(IDS), len(IDS) // 2 * 307)


def test_a_folder_with_mostly_other_files_is_not_listed_to_its_end(folder: Spot) -> None:
    assert sizes.of_group(folder, IDS, most_each=0) is None


def test_few_runs_and_roots_of_other_forms_are_measured_individually() -> None:
    many = [f"mlflow-artifacts:/1/{object_id}/artifacts" for object_id in IDS]
    few = [f"s3://bucket/2/{object_id}/artifacts" for object_id in IDS[1:]]
    strange = [f"s3://bucket/2/{IDS[0]}/files", "file:///elsewhere"]

    by_folder, others = sizes.grouped([*many, *few, *strange])

    assert by_folder == {"mlflow-artifacts:/1": IDS}
    assert sorted(others) == sorted([*few, *strange])


def test_the_preview_of_many_runs_counts_their_files_and_none_of_others(api: Api) -> None:
    experiment_id = api.new_experiment("old")
    runs = [api.new_run(experiment_id) for _ in range(sizes.TOGETHER + 1)]
    for run_id in [*runs[:3], "f" * 32]:
        put(api, experiment_id, f"{run_id}/artifacts/note.txt", b"x" * 100)

    shown = preview(api, "experiment", experiment_id=experiment_id)

    assert (shown["counts"]["runs"], shown["counts"]["files"], shown["file_bytes"]) == (len(runs), 3, 300)


def _write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
