"""Endless listings of remotes are distinguished from long ones."""

import itertools
import json
from collections.abc import Callable
from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import pytest

from support.faults.answering import Answered, Asked, answering
from trackside.core.http_client.client import HttpClient
from trackside.core.http_client.credentials import Secret
from trackside.core.http_client.errors import RemoteUnavailable
from trackside.sync.entities import Entity
from trackside.sync.remote.mlflow.client import MlflowRemote
from trackside.sync.remote.paging import MAX_EMPTY_PAGES, Folders, Pages, check_progress
from trackside.sync.remote.trackside.client import TracksideRemote


def said(answer: Callable[[Asked], object], use: Callable[[MlflowRemote], object]) -> str:
    """What a link hears of a remote that answers so."""
    with (
        answering(lambda asked: Answered(body=json.dumps(answer(asked)).encode())) as url,
        closing(HttpClient(url, Secret())) as http,
        pytest.raises(RemoteUnavailable) as caught,
    ):
        use(MlflowRemote(http, "here"))
    return str(caught.value)


def test_a_folder_that_lists_itself_is_refused() -> None:
    words = said(lambda asked: {"files": [{"path": "a", "is_dir": True}]}, lambda peer: peer.files(Entity.RUN, "r"))

    assert words == "the remote lists 'a' in the folder 'a', which does not contain it"


def test_endless_folders_are_given_up() -> None:
    depths = itertools.count(1)

    words = said(
        lambda asked: {"files": [{"path": "/".join("a" * next(depths)), "is_dir": True}]},
        lambda peer: peer.files(Entity.RUN, "r"),
    )

    assert "100 folders deep" in words


def test_a_repeated_page_token_is_an_error() -> None:
    tokens = itertools.cycle("ab")

    words = said(
        lambda asked: {"metrics": [{"value": 1, "step": 1, "timestamp": 1}], "next_page_token": next(tokens)},
        lambda peer: list(peer.points("r", "m", -1)),
    )

    assert words == "the remote's pages of metrics/get-history are cyclic: a page token was repeated"


@pytest.mark.slow
def test_endless_empty_pages_are_given_up() -> None:
    numbers = itertools.count()

    words = said(lambda asked: {"next_page_token": f"t{next(numbers)}"}, lambda peer: peer.changes(""))

    assert words == f"the remote's pages of experiments/search have no end: {MAX_EMPTY_PAGES + 1} in a row are empty"


def test_a_cycle_of_pages_is_detected_over_several_steps() -> None:
    def answer(asked: Asked) -> object:
        if "experiments/search" in asked.path:
            return {"experiments": [{"experiment_id": "1", "name": "e", "lifecycle_stage": "active"}]}
        return {"runs": [], "next_page_token": "again"}

    def look(peer: MlflowRemote) -> None:
        cursor, more = "", True
        while more:
            page = peer.changes(cursor)
            cursor, more = page.cursor, page.more

    assert "runs/search are cyclic" in said(answer, look)


def test_a_remote_that_lists_the_same_ids_again_is_an_error() -> None:
    with (
        answering(lambda asked: Answered(body=b'{"ids": ["a"], "newest": 1, "next": 1, "more": false}')) as url,
        closing(HttpClient(url, Secret())) as http,
    ):
        peer = TracksideRemote(http, "here", with_registry=False)
        _, following = peer.everything("")
        with pytest.raises(RemoteUnavailable, match="ids are cyclic"):
            peer.everything(following)


@pytest.mark.parametrize(
    ("entity", "pages"),
    [
        (Entity.EXPERIMENT, ["999", "1000", "1500"]),
        (Entity.MODEL_VERSION, ["c0/1a", "b0/1b", "c0/2a"]),  # MODEL/VERSION, in the order of the versions' uids
    ],
)
def test_a_trackside_lists_experiments_by_number_and_versions_by_their_own_uid(
    entity: Entity, pages: list[str]
) -> None:
    def answer(asked: Asked) -> Answered:
        query = dict(parse_qsl(urlsplit(asked.path).query))
        at = pages.index(query["after"]) + 1 if "after" in query else 0
        found = pages[at : at + 1] if query.get("entity") == entity else []
        return Answered(body=json.dumps({"ids": found, "workspace_uid": "u"}).encode())

    with answering(answer) as url, closing(HttpClient(url, Secret())) as http:
        peer, cursor, listed = TracksideRemote(http, "here", with_registry=True), "", []
        while True:
            seen, cursor = peer.everything(cursor)
            listed += [each.remote_id for each in seen]
            if not cursor:
                break

    assert listed == pages


def test_long_listings_are_read_to_their_end() -> None:
    pages = Pages("x")
    folders = Folders()

    tokens = [pages.next(f"t{number}", "xx") for number in range(5000)]
    folders.add("", "a", is_folder=True)
    folders.add("a", "a/b", is_folder=False)
    check_progress("x", ("a", 1), ("a", 2))

    assert tokens == [f"t{number}" for number in range(5000)]
    assert pages.next("", "") is None
    assert [folders.take(), folders.take(), folders.take()] == ["a", "", None]
