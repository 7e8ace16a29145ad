"""The links of a workspace to other workspaces, as methods of `Workspace`."""

from __future__ import annotations

from typing import Any, Mapping

from trackside_mlflow.server import Server


class Links:
    """Methods that create, control and end links; each method is one call to the server."""

    _server: Server

    @property
    def name(self) -> str:
        raise NotImplementedError

    def add_link(
        self,
        name: str,
        to: str,
        *,
        mode: str = "push",
        kind: str | None = None,
        experiments: list[str] | None = None,
        exclude: list[str] | None = None,
        backfill: str = "all",
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        prefix: str | None = None,
        registry: bool = False,
        max_deletions: int | None = None,
        max_deletions_percent: float | None = None,
    ) -> dict[str, Any]:
        """Link this workspace with another one.  The server mirrors the runs in the background.

        `to` is http(s)://HOST[:PORT][/ws/WORKSPACE] (Trackside or any MLflow server) or databricks://PROFILE of the
        server's user.  `mode` is push (from this workspace to the remote), pull (from the remote) or both; `experiments` and
        `exclude` are globs of names;
        `backfill` is all, none, or a date; `registry` also mirrors registered models and their versions.  Databricks
        takes a `token`, or a service principal's id and OAuth secret as `username` and `password`.  The server stores secrets
        encrypted and never shows them again.  The link pauses before it deletes more than `max_deletions` items (20) in an hour
        that are also more than `max_deletions_percent` (10) of those on both sides.
        """
        fields = {
            "name": name,
            "to": to,
            "mode": mode,
            "kind": kind,
            "experiments": experiments,
            "exclude": exclude,
            "backfill": backfill,
            "token": token,
            "username": username,
            "password": password,
            "prefix": prefix,
            "registry": registry or None,
            "max_deletions": max_deletions,
            "max_deletions_percent": max_deletions_percent,
        }
        return self._server.add_link(self.name, given_only(fields))

    def links(self) -> list[dict[str, Any]]:
        """Return the links of this workspace: state, lag (`lag_items`, `lag_s`), last error, and counts of sent items."""
        return self._server.links(self.name)

    def link(self, name: str) -> dict[str, Any]:
        return self._server.link(self.name, name)

    def pause_link(self, name: str) -> dict[str, Any]:
        """Pause the link; later changes are replicated after `resume`."""
        return self._server.call_link(self.name, name, "pause")

    def resume_link(self, name: str, *, accept_deletions: bool = False) -> dict[str, Any]:
        """Resume a paused link.  `accept_deletions`: perform the deletions for which it paused (`held_deletions` of the
        link)."""
        return self._server.call_link(self.name, name, "resume", {"accept_deletions": True} if accept_deletions else {})

    def sync_link(self, name: str, *, verify: bool = False) -> dict[str, Any]:
        """Start a comparison of everything with the remote, and a repair of differences.  Does not wait.

        `verify`: read points and files on both sides and compare them by hashes, files by SHA-256.
        """
        return self._server.call_link(self.name, name, "sync", {"verify": True} if verify else {})

    def check_link(self, name: str, *, verify: bool = False) -> list[dict[str, Any]]:
        """Return the differences, item by item (`entity`, `local_id`, `remote_id`, `what`); empty if there are none.
        Changes nothing.

        `verify`: read points and files on both sides and compare them by hashes.
        """
        return self._server.check_link(self.name, name, verify)

    def link_log(self, name: str) -> list[dict[str, Any]]:
        """Return the link's log of failures and conflicts, the oldest first: `time` (ms), `kind`, `entity`, `entity_id`,
        `message`."""
        return self._server.link_log(self.name, name)

    def remove_link(self, name: str, *, copies: str = "keep") -> None:
        """End the link.

        `copies`: keep the copies that it created, or delete them on both sides. Copies in this workspace that changed
        since, and items that existed before the link, stay.
        """
        self._server.remove_link(self.name, name, copies)


def given_only(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}
