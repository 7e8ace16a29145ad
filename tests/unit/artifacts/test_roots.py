"""The store of a URL, and the artifact roots that the server opens."""

import itertools
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from support.workspaces import named
from trackside.artifacts.blobs import get, put
from trackside.artifacts.cloud import CloudBlobs
from trackside.artifacts.local import LocalBlobs
from trackside.artifacts.roots import Roots, make_blobs
from trackside.artifacts.store import Root
from trackside.core.errors import Denied, Fault, Invalid
from trackside.core.locations import LocationError
from trackside.core.places import RootPolicy


def test_a_path_or_a_file_url_names_a_folder(tmp_path: Path) -> None:
    for url in (str(tmp_path / "a"), (tmp_path / "b").as_uri()):
        assert isinstance(make_blobs(url), LocalBlobs)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "gs://bucket", "abfss://box@account.dfs.core.windows.net/x"])
def test_a_buckets_url_names_a_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")

    assert isinstance(make_blobs(url), CloudBlobs)


def test_any_other_root_is_refused() -> None:
    with pytest.raises(LocationError):
        make_blobs("ftp://host/folder")


def test_a_bucket_without_the_extra_is_refused_with_the_extras_name() -> None:
    program = """
import sys
sys.modules["obstore"] = None
from trackside.artifacts.roots import make_blobs
try:
    make_blobs("s3://bucket")
except ValueError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "a bucket needs the extra for clouds: pip install 'trackside[cloud]'\n"


def test_a_server_without_buckets_does_not_load_the_library() -> None:
    program = "import sys, trackside.artifacts.routes; print('obstore' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    served = ["mlflow-artifacts:/", (tmp_path / "served").as_uri(), "s3://bucket/served"]
    policy = RootPolicy([str(tmp_path / "own")], [str(tmp_path / "store"), str(tmp_path / "served")])
    return Roots(str(tmp_path / "store"), served=served, policy=policy)


def test_a_root_below_a_served_one_is_opened(roots: Roots, tmp_path: Path, subtests: pytest.Subtests) -> None:
    forms = ["file://{}/served/{}1/r", "{}/served/./{}1/r", "file://localhost{}/served//{}1/r"]
    for form, workspace in itertools.product(forms, ["default", "north"]):
        with subtests.test(form=form, workspace=workspace):
            part = "" if workspace == "default" else f"workspaces/{workspace}/"

            spot = roots.of(Root(form.format(tmp_path, part), None), "folder/file", named(workspace))

            assert spot.key == f"{part}1/r/folder/file"
            assert isinstance(spot.blobs, LocalBlobs)


def test_the_proxys_own_folder_is_one_store_by_either_name(roots: Roots, tmp_path: Path) -> None:
    spot = roots.of(Root(f"{tmp_path}/store/1/r", None), "file", named("default"))

    assert spot.blobs is roots.store
    assert spot.key == "1/r/file"


def test_a_root_elsewhere_is_denied(roots: Roots, tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases = [
        "{}",
        "{}/served2/1",
        "{}/serve",
        "/",
        "/etc",
        "file:///etc",
        "s3://bucket",
        "s3://bucket/served2",
        "s3://other/served",
        "gs://bucket/served",
        "hdfs://x/y",
    ]
    for uri in cases:
        with subtests.test(uri=uri), pytest.raises(Denied):
            roots.of(Root(uri.format(tmp_path), None), "file", named("default"))


def test_an_invalid_root_is_refused(roots: Roots, tmp_path: Path, subtests: pytest.Subtests) -> None:
    cases = ["{}/served/../x", "file://host/served/1", "served/1", "file:///a%2f..%2f..", ""]
    for uri in cases:
        with subtests.test(uri=uri), pytest.raises(Invalid):
            roots.of(Root(uri.format(tmp_path), None), "file", named("default"))


def test_a_shared_root_is_open_only_to_the_workspace_whose_part_it_is(
    roots: Roots, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    cases = ["{}/served/1", "{}/store/1", "{}/served/workspaces/south/1", "{}/served/workspaces"]
    for uri in cases:
        with subtests.test(uri=uri), pytest.raises(Invalid):
            roots.of(Root(uri.format(tmp_path), None), "file", named("north"))


def test_the_path_decides_for_a_root_above_several_workspaces(tmp_path: Path) -> None:
    roots = Roots(str(tmp_path / "store"), served=["/"])

    for path in ("store/workspaces/north/file", "store/workspaces"):
        with pytest.raises(Fault):
            roots.of(Root(str(tmp_path), None), path, named("default"))
    assert roots.of(Root(str(tmp_path), None), "elsewhere/file", named("default")).key.endswith("/elsewhere/file")


def test_a_workspace_may_have_a_root_of_its_own_but_not_in_anothers_part(roots: Roots, tmp_path: Path) -> None:
    own = f"{tmp_path}/own"

    assert roots.of(Root(f"{own}/1/r", own), "file", named("north")).key == "1/r/file"
    with pytest.raises(Denied):
        roots.of(Root(f"{own}/1/r", None), "file", named("south"))
    with pytest.raises(Invalid):
        roots.of(
            Root(f"{tmp_path}/store/workspaces/south/1", f"{tmp_path}/store/workspaces/south"), "x", named("north")
        )


def test_a_moved_folder_is_open_only_to_its_workspace(roots: Roots, tmp_path: Path) -> None:
    default = named("default", folders=("north",), roots=(f"{tmp_path}/own",))

    for uri in ("mlflow-artifacts:/workspaces/north/1/r", f"{tmp_path}/store/workspaces/north/1/r"):
        assert roots.of(Root(uri, None), "file", default).key == "workspaces/north/1/r/file"
        with pytest.raises(Invalid):
            roots.of(Root(uri, None), "file", named("default"))
    assert roots.of(Root(f"{tmp_path}/own/1/r", None), "file", default).key == "1/r/file"
    with pytest.raises(Denied):
        roots.of(Root(f"{tmp_path}/own/1/r", None), "file", named("south"))
    with pytest.raises(Invalid):
        roots.of(Root("mlflow-artifacts:/workspaces/south/1/r", None), "file", default)


def test_a_root_that_is_replaced_by_a_link_reveals_no_file(tmp_path: Path) -> None:
    """Another user of a shared disk repeatedly replaces the folder by a link between check and use."""
    folder, aside, secret = tmp_path / "own" / "north", tmp_path / "own" / "aside", tmp_path / "secret"
    for place, text in ((folder, "fine"), (secret, "secret")):
        (place / "0").mkdir(parents=True)
        (place / "0" / "file").write_text(text)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            for step in (
                lambda: folder.rename(aside),
                lambda: folder.symlink_to(secret),
                folder.unlink,
                lambda: aside.rename(folder),
            ):
                with suppress(OSError):  # the server has made the folder, which was missing for a moment
                    step()
            if aside.exists():
                shutil.rmtree(folder, ignore_errors=True)

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen = set()
    try:
        for _ in range(50):
            roots = Roots(str(tmp_path / "store"), durable=False, policy=RootPolicy([str(tmp_path / "own")]))
            for work in (
                lambda spot: seen.add(get(spot.blobs, spot.key)),
                lambda spot: put(spot.blobs, f"{spot.key}-new", [[b"x"]]),
            ):
                with suppress(Fault):
                    work(roots.of(Root(f"{folder}/0", str(folder)), "file", named("north")))
            roots.close()
    finally:
        over.set()
        swapping.join()

    assert seen <= {b"fine"}
    assert [path.name for path in (secret / "0").iterdir()] == ["file"]
