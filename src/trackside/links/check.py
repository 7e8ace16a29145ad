"""Compares both sides of a link item by item and reports differences.  Changes nothing.

Local items come first, kind by kind. If the link pulls, remote items without a local counterpart follow. Files are
compared by size and by the versions that were last found equal, points by the summaries of their series. With `verify`,
both are compared by content.
"""

import time
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
from msgspec import Struct

from trackside.core.counts import counted
from trackside.core.errors import Fault, Invalid
from trackside.core.http_client.errors import RequestRejected
from trackside.links.reconcile import files
from trackside.links.reconcile.context import LinkContext
from trackside.links.reconcile.datasets.item_type import touched
from trackside.links.reconcile.dispatch import Reconcilers
from trackside.links.reconcile.registry import lookup
from trackside.links.reconcile.runs import metrics
from trackside.links.state.item import ItemState
from trackside.sync import fields
from trackside.sync.entities import Entity
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local import items, reader
from trackside.sync.local.reader import Snapshot
from trackside.sync.metric_delta import Digest
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.port import Listing, Seen, Unmirrored, listings

PAGE_S = 20.0  # after which a page ends, even if few items were compared
HERE, THERE = "here", "there"
LOCALLY, REMOTELY = "in this workspace", "on the remote"
KINDS = list(Entity)


class Difference(Struct, frozen=True):
    """The difference of an item.  An id is empty if that side lacks the item."""

    entity: Entity
    local_id: str
    remote_id: str
    what: list[str]


class Page(Struct, frozen=True):
    """A page of differences.  `next`: where the next page begins; absent on the last one."""

    compared: int
    differences: list[Difference]
    next: str | None = None


def page(context: LinkContext, after: str, most: int, *, verify: bool = False) -> Page:
    """`after`: the `next` of the previous page.  `verify`: read points and files on both sides."""
    where, _, rest = (after or HERE).partition(" ")
    check = _Check(context, verify=verify)
    match where:
        case "here":
            return check.here(rest, most)
        case "there":
            return check.there(rest)
    for listing in check.lists:
        if where == listing.name:
            return check.listed(listing)
    raise Invalid(f"after is {after[:100]!r}; it must be the `next` of the previous page")


class _Check:
    def __init__(self, context: LinkContext, *, verify: bool) -> None:
        self._context = context
        self._verify = verify
        self._reconcilers = Reconcilers(context)
        self._versions = self._reconcilers.versions
        self._datasets = self._reconcilers.datasets
        self._traces = self._reconcilers.traces

    @cached_property
    def lists(self) -> list[Listing]:
        return listings(self._context.remote, registry=self._context.link.options.registry)

    def here(self, rest: str, most: int) -> Page:
        context, link = self._context, self._context.link
        name, _, after = rest.partition(" ")
        if name and name not in KINDS:
            raise Invalid(f"after names the kind {name[:100]!r}; it must be the `next` of the previous page")
        entity = Entity(name) if name else Entity.EXPERIMENT
        ids = context.read(items.ids, entity, after, most)
        meant = set(context.read(items.ids, entity, after, most, link.options.since))
        compared, found, end = 0, [], time.monotonic() + PAGE_S
        for local_id in ids:
            what = self._of_local(entity, local_id, is_meant=local_id in meant)
            compared += what is not None
            if what is not None and what.what:
                found.append(what)
            if time.monotonic() > end:
                return Page(compared, found, f"{HERE} {entity} {local_id}")
        return Page(compared, found, f"{HERE} {entity} {ids[-1]}" if len(ids) == most else self._following(entity))

    def there(self, cursor: str) -> Page:
        seen, following = self._context.remote.everything(cursor)
        found = self._missing(seen, is_first=not cursor)
        return Page(len(found), found, f"{THERE} {following}" if following else self._after(None))

    def listed(self, listing: Listing) -> Page:
        """Compare the kinds of items that the remote's main list does not contain."""
        seen = (Seen.of(listing.entity_of(each), each) for each in listing.items.everything())
        if Entity.EVALUATION_DATASET in listing.entities:  # no list contains their experiments
            seen = (msgspec.structs.replace(each, snapshot=None) for each in seen)
        found = self._missing(seen, is_first=True)
        return Page(len(found), found, self._after(listing))

    def _after(self, listing: Listing | None) -> str | None:
        """Return the name of the list after `listing`; of the first one for None."""
        following = self.lists[0 if listing is None else self.lists.index(listing) + 1 :]
        return following[0].name if following else None

    def _following(self, entity: Entity) -> str | None:
        link = self._context.link
        for each in KINDS[KINDS.index(entity) + 1 :]:
            if link.options.registry or not each.is_of_registry:
                return f"{HERE} {each} "
        return f"{THERE} " if link.mode.takes else None

    def _of_local(self, entity: Entity, local_id: str, *, is_meant: bool) -> Difference | None:
        """Return the difference of a local item; None if the link does not replicate it."""
        context, kind = self._context, self._reconcilers.of(entity).type
        snapshot, item = self._reconcilers.of(entity).read(local_id), context.item(entity, local_id)
        if snapshot is None or kind.unknown() or not self._is_wanted(entity, snapshot, item):
            return None
        try:
            if item is None or not item.remote_id:
                is_missing = is_meant and context.link.mode.sends and self._has_place(entity, snapshot)
                return Difference(entity, local_id, "", [_missing(entity, REMOTELY)]) if is_missing else None
            remote = kind.read_remote(item.remote_id)
            if remote is None:
                what = [] if kind.is_purged(item, snapshot) else [_missing(entity, REMOTELY)]
                return Difference(entity, local_id, item.remote_id, what)
            if entity.is_of_registry and not kind.is_same(item, remote):
                return Difference(entity, local_id, item.remote_id, [f"the {entity.label} there is another one"])
            what = kind.differing(snapshot, item, remote)
            if entity is Entity.RUN:
                what += self._points(local_id, item)
            what += self._files(entity, snapshot, item)
        except (RequestRejected, Fault, Unmirrored, InvalidRemoteResponse) as reason:
            what = [f"cannot be compared: {reason}"]
        return Difference(entity, local_id, item.remote_id if item is not None else "", what)

    def _missing(self, seen: Iterable[Seen], *, is_first: bool) -> list[Difference]:
        """Return the remote items that should exist locally and do not."""
        context = self._context
        found = []
        for each in seen:
            if each.entity is Entity.EXPERIMENT and not is_first:
                continue  # each page repeats them
            item = context.by_remote(each.entity, each.remote_id)
            if item is not None and self._reconcilers.of(each.entity).read(item.local_id) is not None:
                continue
            if each.unread:
                found.append(Difference(each.entity, "", each.remote_id, [f"cannot be compared: {each.unread}"]))
                continue
            snapshot = each.snapshot or self._reconcilers.of(each.entity).type.read_remote(each.remote_id)
            if snapshot is not None and self._is_taken(each.entity, snapshot):
                found.append(Difference(each.entity, "", each.remote_id, [_missing(each.entity, LOCALLY)]))
        return found

    def _is_taken(self, entity: Entity, snapshot: Snapshot) -> bool:
        """Return whether the link would pull the item, by its filter and its start time."""
        context, options = self._context, self._context.link.options
        if entity.is_of_registry:
            return options.registry and lookup.touched(snapshot) >= options.since
        if entity is Entity.EVALUATION_DATASET:
            return touched(snapshot) >= options.since and self._datasets.comparison.wants_remote(snapshot)
        if entity is Entity.TRACE:
            return not self._traces.is_before(snapshot) and self._traces.comparison.wants_remote(snapshot)
        if Field(FieldKind.TAG, reader.SOURCE_UID) in snapshot.doc:
            return False  # holds the files of a local model version
        if entity is Entity.EXPERIMENT:
            return options.backfill == "all" and options.wants(snapshot.doc[fields.NAME])
        if int(snapshot.doc.get(fields.START_TIME, str(options.since))) < options.since:
            return False
        experiment = context.remote.read(Entity.EXPERIMENT, snapshot.experiment_id)
        return experiment is not None and options.wants(experiment.doc[fields.NAME])

    def _is_wanted(self, entity: Entity, snapshot: Snapshot, item: ItemState | None) -> bool:
        if entity.is_of_registry:
            return self._context.link.options.registry
        return self._reconcilers.of(entity).type.is_wanted(snapshot, item, None)

    def _has_place(self, entity: Entity, snapshot: Snapshot) -> bool:
        """Return whether the remote supports such items and names."""
        context = self._context
        if entity.is_of_registry:
            return context.remote.registry.has_place(snapshot.doc)
        if entity is Entity.EVALUATION_DATASET:
            return True
        found = context.read(reader.experiment, snapshot.experiment_id)
        try:
            if entity is Entity.LOGGED_MODEL:
                context.remote.read(entity, snapshot.item_id)
            if found is not None:
                context.remote.find_experiment(found.doc[fields.NAME])
        except Unmirrored:
            return False
        return True

    def _points(self, run_id: str, item: ItemState) -> list[str]:
        context, mode = self._context, self._context.link.mode
        local = context.read(reader.summaries, run_id)
        fingerprints = context.remote.series(item.remote_id)
        unlike = metrics.differing_series(context, run_id, item.remote_id) if self._verify else {}
        found = []
        for key in sorted({*local, *fingerprints}):
            if key not in fingerprints:
                if mode.sends:
                    found.append(f"metric {key} is missing on the remote")
            elif key not in local:
                if mode.takes:
                    found.append(f"metric {key} is missing in this workspace")
            elif (
                context.remote.fingerprint_of(local[key]) != fingerprints[key]
                or not context.remote.preserves_ids
                or unlike is None
                or key in unlike
            ):
                lacking, extra = metrics.lacking(context, run_id, item.remote_id, key)
                lacking, extra = lacking if mode.sends else 0, extra if mode.takes else 0
                if lacking or extra:
                    found.append(
                        f"metric {key}: {counted(lacking, 'points')} missing on the remote, {extra} in this workspace"
                    )
            found += _count_differences(key, (unlike or {}).get(key, ())[: 1 + mode.sends])
        return found

    def _files(self, entity: Entity, snapshot: Snapshot, item: ItemState) -> list[str]:
        if entity not in (Entity.RUN, Entity.LOGGED_MODEL) and not (
            entity is Entity.MODEL_VERSION and self._versions.has_own_files(snapshot)
        ):
            return []
        try:
            return files.differences(self._context, entity, item.local_id, item.remote_id, read=self._verify)
        except Unmirrored:  # the remote offers no access to them
            return []


def _count_differences(key: str, sides: Sequence[Digest]) -> list[str]:
    return [
        f"metric {key} has {each.points} points {where}, but its summary counts {each.said}"
        for where, each in zip((LOCALLY, REMOTELY), sides, strict=False)
        if not each.is_whole
    ]


def _missing(entity: Entity, where: str) -> str:
    return f"the {entity.label} is missing {where}"
