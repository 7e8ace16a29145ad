"""Imports evaluation datasets with the ids, times and users of datasets and records.

The digest is sent after all records, so a dataset of an interrupted import has another digest than at the source.
"""

from collections.abc import Iterator, Mapping, Sequence

from trackside.core.http_client.errors import RequestRejected
from trackside.evaluation_datasets.whole_record import Record
from trackside.imports.report import Report
from trackside.imports.source import Given, Source
from trackside.sync import document, fields, record_merge
from trackside.sync.document import Doc, Mode, Patch
from trackside.sync.fields import Field, FieldKind
from trackside.sync.local.datasets import LATE
from trackside.sync.remote.trackside.datasets import AT_ONCE, TracksideDatasets

MOST_CHARS = 2_000_000  # of records in one call, unless one record is larger
HASHES = "0123456789abcdef"


class DatasetsImport:
    """`here` maps the source's experiment ids to the workspace's; empty for one that would be created."""

    def __init__(
        self,
        source: Source,
        remote: TracksideDatasets,
        report: Report,
        here: Mapping[str, str],
        *,
        verify: bool,
        dry_run: bool,
    ) -> None:
        self._source = source
        self._remote = remote
        self._report = report
        self._here = here
        self._verify = verify
        self._dry_run = dry_run

    def take(self, given: Given) -> None:
        tally, what = (
            self._report.evaluation_datasets,
            f"evaluation dataset {given.snapshot.doc[fields.NAME]} ({given.id})",
        )
        try:
            held = self._remote.read(given.id)
            doc = self._ours(given.snapshot.doc)
            if held is None:
                tally.new += 1
                self._report.records += self._bring(given, doc, is_new=True)
                return
            patch = document.merge({}, held.doc, doc, Mode.PULL).for_us.put
            is_other = any(field in patch for field in _LATE)
            sent = self._bring(given, patch, is_new=False) if patch or self._verify else 0
            self._report.records += sent
        except RequestRejected as refused:
            tally.failed += 1
            self._report.leave(what, str(refused))
            return
        if not (patch or sent):
            tally.same += 1
            return
        tally.changed += 1
        differing = ", ".join(sorted(f"{kind} {key}".strip() for kind, key in patch)) or "records"
        self._report.differences.append(
            f"{what}: {'records and ' if is_other else ''}{differing} differed in this workspace"
        )

    def _ours(self, doc: Doc) -> Doc:
        """Return the document with the workspace's experiment ids."""
        found: Doc = {}
        for field, value in doc.items():
            if field.kind is not FieldKind.EXPERIMENT:
                found[field] = value
            elif self._here.get(field.key):
                found[Field(field.kind, self._here[field.key])] = value
        return found

    def _bring(self, given: Given, patch: Doc, *, is_new: bool) -> int:
        """Return the number of records that were sent; in a dry run, that would be."""
        early = {field: value for field, value in patch.items() if field not in _LATE}
        late = {field: value for field, value in patch.items() if field in _LATE}
        if (is_new or early) and not self._dry_run:
            self._remote.change(given.id, Patch({**early, fields.NAME: given.snapshot.doc[fields.NAME]}))
        sent = 0
        if is_new or late or self._verify:
            there = (
                {} if is_new else {each.input_hash: each.digest for each in self._remote.entries(given.id, _BUCKETS)}
            )
            for page in _pages(self._source.records(given)):
                lacking = [each for each in page if there.get(each.input_hash) != record_merge.exact(each)]
                if lacking and not self._dry_run:
                    self._remote.put(given.id, lacking, set())
                sent += len(lacking)
        if late and not self._dry_run:
            self._remote.change(given.id, Patch(late))
        return sent


_LATE: frozenset[Field] = frozenset(Field(kind) for kind in LATE)
_BUCKETS = [one + other for one in HASHES for other in HASHES]


def _pages(given: Iterator[Record]) -> Iterator[Sequence[Record]]:
    page: list[Record] = []
    size = 0
    for record in given:
        if page and (len(page) >= AT_ONCE or size + record.size > MOST_CHARS):
            yield page
            page, size = [], 0
        page.append(record)
        size += record.size
    if page:
        yield page
