"""Paths to keys: for any path of a client, the key is in the store and in its workspace."""

import posixpath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.workspaces import named
from trackside.artifacts import keys
from trackside.core.errors import Invalid

WORKSPACES = ["default", "north", "south"]

# Text made of what paths are made of, and of what is dangerous in them, escaped up to three times.
_PARTS = st.sampled_from(
    [
        "..",
        ".",
        "",
        "a",
        "b.txt",
        "workspaces",
        "Workspaces",
        "north",
        "south",
        "default",
        "C:",
        "file:",
        "~",
        " ",
        "é",
        "%",
    ]
)
_JOINS = st.sampled_from(["/", "//", "\\", "%2f", "%5c", "%252f", "/./", "\0", "\n", "#", "?"])


@st.composite
def _paths(draw: st.DrawFn) -> str:
    path = "".join(
        draw(st.sampled_from([part, quote(part, safe=""), quote(quote(part, safe=""), safe="")])) + draw(_JOINS)
        for part in draw(st.lists(_PARTS, max_size=6))
    )
    return path + draw(_PARTS)


paths = st.one_of(_paths(), st.text(max_size=30))


@given(paths)
def test_no_key_is_outside_of_the_store(path: str) -> None:
    try:
        key = keys.from_path(path)
    except Invalid:
        return

    assert posixpath.normpath(posixpath.join("/store", key)) == ("/store/" + key).rstrip("/")
    assert not {"", ".", ".."} & set(key.split("/")) or key == ""
    assert not set("\\\0#\n") & set(key)


@given(paths)
def test_a_key_is_read_from_a_path_that_is_escaped_or_not(path: str) -> None:
    try:
        key = keys.from_path(path)
    except Invalid:
        return

    assert keys.from_path(key) == key
    assert keys.from_path(quote(key)) == key
    assert keys.checked(key) == key


@given(paths, st.sampled_from(WORKSPACES))
def test_a_key_in_a_workspace_is_in_its_part_of_the_store(path: str, workspace: str) -> None:
    inside = named(workspace)
    try:
        key = keys.in_workspace(keys.from_path(path), inside)
    except Invalid:
        return

    assert _owner(key) == workspace
    assert keys.in_workspace(key, inside) == key
    assert keys.reachable(key, inside) == key


@given(paths, st.sampled_from(WORKSPACES))
def test_a_proxied_uri_is_in_the_workspace(path: str, workspace: str) -> None:
    for uri in (f"mlflow-artifacts:/{path}", f"http://host/api/2.0/mlflow-artifacts/artifacts/{path}"):
        try:
            key = keys.of_proxied(uri)
            assert key is not None
            assert _owner(keys.in_workspace(key, named(workspace))) == workspace
        except (Invalid, ValueError):  # ValueError: no URI at all
            continue


@given(paths, st.sampled_from(WORKSPACES))
def test_a_full_uri_names_the_same_file_from_the_default_workspace(path: str, workspace: str) -> None:
    inside, default = named(workspace), named("default", folders=(workspace,))
    for uri in (f"mlflow-artifacts:/{path}", f"http://host/p/api/2.0/mlflow-artifacts/artifacts/{path}"):
        try:
            key = keys.of_proxied(uri)
            assert key is not None
            wanted = keys.in_workspace(key, inside)
        except (Invalid, ValueError):
            continue

        in_full = keys.of_proxied(keys.in_full(uri, inside))

        assert in_full is not None
        assert keys.in_workspace(in_full, default) == wanted


def test_a_full_uri_has_the_folder_of_its_workspace(subtests: pytest.Subtests) -> None:
    cases = [
        ("mlflow-artifacts:/1/r", "mlflow-artifacts:/workspaces/north/1/r"),
        ("mlflow-artifacts:/workspaces/north/1", "mlflow-artifacts:/workspaces/north/1"),
        ("mlflow-artifacts://host:5000/a%3Fb", "mlflow-artifacts://host:5000/workspaces/north/a%3Fb"),
        (
            "https://host/p/api/2.0/mlflow-artifacts/artifacts/1",
            "https://host/p/api/2.0/mlflow-artifacts/artifacts/workspaces/north/1",
        ),
        ("s3://bucket/1", "s3://bucket/1"),
    ]
    for uri, in_full in cases:
        with subtests.test(uri=uri, in_full=in_full):
            assert keys.in_full(uri, named("north")) == in_full


def test_a_path_is_decoded_and_cleaned(subtests: pytest.Subtests) -> None:
    cases = [
        ("", ""),
        (".", ""),
        ("a/./b//c/", "a/b/c"),
        ("a%2fb", "a/b"),
        ("100%", "100%"),
        ("100%2525", "100%"),
        ("a\nb", "a%0ab"),
        ("a:b", "a:b"),
        ("~/a", "~/a"),
        ("...", "..."),
    ]
    for path, key in cases:
        with subtests.test(path=path, key=key):
            assert keys.from_path(path) == key


def test_a_proxied_uri_names_a_key(subtests: pytest.Subtests) -> None:
    cases: list[tuple[str, str | None]] = [
        ("mlflow-artifacts:/1/run/artifacts", "1/run/artifacts"),
        ("mlflow-artifacts://host:5000/1/run/artifacts", "1/run/artifacts"),
        ("mlflow-artifacts:", ""),
        ("https://host/prefix/api/2.0/mlflow-artifacts/artifacts/1/run", "1/run"),
        ("http://host/api/2.0/mlflow-artifacts/artifacts", ""),
        ("s3://bucket/1/run", None),
        ("file:///1/run", None),
        ("/1/run", None),
        ("http://host/elsewhere", None),
    ]
    for uri, key in cases:
        with subtests.test(uri=uri, key=key):
            assert keys.of_proxied(uri) == key


def _owner(key: str) -> str | None:
    """Return the workspace of a key, computed without the code under test."""
    segments = key.split("/")
    if segments[0].casefold() != "workspaces":
        return "default"
    return segments[1] if segments[0] == "workspaces" and len(segments) > 1 else None
