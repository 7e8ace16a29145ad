"""Decides which webhooks are served next, so that no workspace and no host takes all threads.  Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from msgspec import Struct


class Share(Struct, frozen=True):
    """The workspace and the host of a webhook."""

    ws: int
    host: str


def share_of(ws: int, url: str) -> Share:
    parts = urlsplit(url)
    return Share(ws, f"{parts.hostname}:{parts.port or parts.scheme}")


def chosen(
    due: Iterable[tuple[int, Share]], busy: Mapping[int, Share], *, most: int, each_workspace: int, each_host: int
) -> list[tuple[int, Share]]:
    """Return the webhooks of `due`, in order, that fit within the limits beside the `busy` ones."""
    workspaces = Counter(share.ws for share in busy.values())
    hosts = Counter(share.host for share in busy.values())
    taken: list[tuple[int, Share]] = []
    for webhook_seq, share in due:
        if len(busy) + len(taken) >= most:
            break
        has_room = workspaces[share.ws] < each_workspace and hosts[share.host] < each_host
        if webhook_seq in busy or not has_room:
            continue
        workspaces[share.ws] += 1
        hosts[share.host] += 1
        taken.append((webhook_seq, share))
    return taken
