"""The calls about the audit log: query, export, verify."""

import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from trackside.audit import log
from trackside.audit.log import Entry, Question
from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call, decode_query, encode
from trackside.core.http.routes import Route, query, stream
from trackside.core.http.streams import Request, Response

PREFIX = "/api/trackside/v1/audit"
DEFAULT_RESULTS, MAX_RESULTS = 100, 1000
FORMATS = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "syslog": "text/plain; charset=utf-8"}


class Filter(Call, frozen=True):
    """`action` may end in a dot: `user.` finds all actions about users.  Times are ms since 1970."""

    actor: str | None = None
    action: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    workspace: str | None = None
    outcome: str | None = None
    since: int | None = None
    until: int | None = None


class Find(Filter, frozen=True):
    before: int | None = None
    max_results: int | None = None


class Export(Filter, frozen=True):
    format: str | None = None


class Found(Answer, frozen=True):
    entries: list[Entry] = []
    next_before: int | None = None


class Verified(Answer, frozen=True):
    is_whole: bool
    entries: int
    fault: str | None = None


def find(tx: Tx, call: Find) -> Found:
    """The newest first."""
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    entries = log.find(tx, question(call), before=2**62 if call.before is None else call.before, most=most + 1)
    return Found(entries=entries[:most], next_before=entries[most - 1].seq if len(entries) > most else None)


def verify(tx: Tx, call: Call) -> Verified:
    """Return whether every entry is unchanged and none is missing."""
    entries, fault = log.verify(tx)
    return Verified(
        is_whole=fault is None, entries=entries, fault=None if fault is None else f"entry {fault.seq} {fault.what}"
    )


async def export(request: Request) -> Response:
    """Return all matching entries, the newest first, as JSON lines, CSV or syslog lines (RFC 5424)."""
    call: Export = decode_query(Export, request.query)
    form = "jsonl" if call.format is None else call.format
    if form not in FORMATS:
        raise Invalid(f"format is {form[:50]!r}; it must be {', '.join(FORMATS)}")
    wanted = question(call)
    request.check_room_of_pieces()
    first = await request.in_thread(_page, request.reading, wanted, 2**62)
    await request.write(lambda tx: log.append(tx, _exported(tx, wanted, form)))

    async def pieces() -> AsyncGenerator[bytes, None]:
        """Yield the pages; each is read after the client has received the previous one."""
        yield "".join(lines([first], form)).encode()
        page = first
        while len(page) == log.PAGE:
            page = await request.in_thread(_page, request.reading, wanted, page[-1].seq)
            yield "".join(lines([page], form, has_head=False)).encode()

    return Response(200, [(b"content-type", FORMATS[form].encode())], pieces())


def question(call: Filter) -> Question:
    return Question(
        actor=call.actor or "",
        action=call.action or "",
        object_type=call.object_type or "",
        object_id=call.object_id or "",
        workspace=call.workspace or "",
        outcome=call.outcome or "",
        since=call.since or 0,
        until=2**62 if call.until is None else call.until,
    )


def lines(pages: Iterable[list[Entry]], form: str, *, has_head: bool = True) -> Iterator[str]:
    """Yield each entry in the requested format."""
    if form == "csv" and has_head:
        yield _row(list(Entry.__struct_fields__))
    for page in pages:
        for entry in page:
            match form:
                case "csv":
                    yield _row([_safe(value) for value in msgspec.structs.astuple(entry)])
                case "syslog":
                    yield _syslog(entry)
                case _:
                    yield encode(entry).decode() + "\n"


def routes() -> list[Route]:
    needs: dict[str, Any] = {"needs": Action.AUDIT_READ, "has_workspace": False}
    return [
        query(f"GET {PREFIX}", Find, find, answer=Found, **needs),
        query(f"GET {PREFIX}/verify", Call, verify, answer=Verified, **needs),
        stream(f"GET {PREFIX}/export", export, arguments=Export, media="application/x-ndjson", **needs),
    ]


def _page(read: Callable[[], AbstractContextManager[Tx]], wanted: Question, before: int) -> list[Entry]:
    with read() as tx:
        return log.find(tx, wanted, before=before)


def _exported(tx: Tx, wanted: Question, form: str) -> log.Event:
    return log.Event(
        action="audit.export",
        actor=tx.caller.name,
        credential=tx.caller.credential,
        object_type="audit",
        source=log.UNKNOWN if tx.source is None else tx.source(),
        detail={"format": form, "question": msgspec.to_builtins(wanted)},
    )


def _row(values: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _safe(value: Any) -> Any:
    """A spreadsheet treats text that begins like this as a formula (ASVS 5.0, 1.2.10)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _syslog(entry: Entry) -> str:
    """RFC 5424: facility 13 (log audit), severity 5 (notice) or 4 (warning)."""
    severity = 5 if entry.outcome == "allowed" else 4
    seconds, ms = divmod(entry.at, 1000)
    at = log.utc(seconds)
    values = ("actor", "credential", "object_type", "object_id", "workspace", "outcome", "address", "route", "hash")
    data = " ".join(f'{name}="{_escaped(getattr(entry, name))}"' for name in values)
    detail = entry.detail
    return f'<{13 * 8 + severity}>1 {at}.{ms:03}Z - trackside - {entry.action} [audit@32473 seq="{entry.seq}" {data}] {detail}\n'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
