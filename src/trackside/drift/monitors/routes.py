"""The calls about drift monitors, their windows and incidents."""

import msgspec
from msgspec.structs import replace

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid, NotFound
from trackside.core.http.routes import Route, command, query, stream
from trackside.core.http.streams import Request, Response
from trackside.drift.monitors import due, service, store, windows
from trackside.drift.monitors import model as m
from trackside.drift.monitors.incidents import store as incident_store
from trackside.drift.monitors.service import Check, Checks
from trackside.jobs import model as jobs
from trackside.jobs.kinds import Kind

PATH = "/api/trackside/v1/drift-monitors"
INCIDENTS = "/api/trackside/v1/drift-incidents"
WINDOWS, LISTED = 100, 200
HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
]


class Calls:
    def __init__(self, checks: Checks, kind: Kind[Check]) -> None:
        self._checks = checks
        self._kind = kind

    def create(self, tx: Tx, call: m.CreateMonitor) -> m.GotMonitor:
        """Create a monitor: a baseline and a target that are compared window by window."""
        service.check_libraries()
        name, config = m.check_name(call.name), m.check_config(call)
        self._checks.places.check(tx, config)
        is_scheduled = call.is_scheduled is not False
        return m.GotMonitor(
            m.shown(store.create(tx, name, config, is_scheduled=is_scheduled, next_at=due.next_at(config, tx.now)))
        )

    def list(self, tx: Tx, call: m.ListMonitors) -> m.Monitors:
        """Return the monitors of the workspace."""
        seen = store.overviews(tx)
        found = []
        for each in store.all_of_workspace(tx):
            about = seen.get(each.monitor_seq, store.NOTHING_YET)
            found.append(m.shown(each, about.open_incidents, about.windows, about.last))
        return m.Monitors(found)

    def get(self, tx: Tx, call: m.OfMonitor) -> m.GotMonitor:
        """Return a monitor."""
        found = store.get(tx, call.name or "")
        about = store.overviews(tx).get(found.monitor_seq, store.NOTHING_YET)
        return m.GotMonitor(m.shown(found, about.open_incidents, about.windows, about.last))

    def update(self, tx: Tx, call: m.UpdateMonitor) -> m.GotMonitor:
        """Change a monitor.  A new baseline, rule set or list of columns judges stored windows again, without their rows."""
        found = store.lock(tx, call.name or "")
        given = {
            name: value
            for name in ("latency_s", "label_days", "rules", "columns", "magnitude", "attribution")
            if (value := getattr(call, name)) is not None
        }
        if call.baseline is not None:
            try:
                given["baseline"] = msgspec.convert(m.check_times(call.baseline), m.Baseline)
            except msgspec.ValidationError as fault:
                raise Invalid(f"baseline: {fault}") from None
        config = m.checked(replace(found.config, **given))
        self._checks.places.check(tx, config)
        is_scheduled = found.is_scheduled if call.is_scheduled is None else call.is_scheduled
        store.update(tx, found, config, is_scheduled=is_scheduled, next_at=due.next_at(config, tx.now))
        if service.baseline_key(config) != service.baseline_key(found.config):
            service.submit(tx, self._kind, Check(monitor=found.name, is_again=True))
        return m.GotMonitor(m.shown(store.get(tx, found.name)))

    def delete(self, tx: Tx, call: m.OfMonitor) -> None:
        """Delete a monitor with its windows and incidents."""
        store.delete(tx, store.lock(tx, call.name or ""))

    def run(self, tx: Tx, call: m.RunMonitor) -> jobs.GotJob:
        """Queue a job that computes windows: those that are due and the current one, or a range of times (a back-fill)."""
        found = store.get(tx, call.name or "")
        start, end = windows.time_of("start", call.start), windows.time_of("end", call.end)
        if end is not None and start is None:
            raise Invalid("end is set without start; a back-fill needs start")
        if start is not None and end is not None and start >= end:
            raise Invalid(f"start is {call.start!r} and end {call.end!r}; start must be the earlier one")
        if start is not None and start > tx.now:
            raise Invalid(f"start is {call.start!r}, which is in the future")
        check = Check(monitor=found.name, start=start or 0, end=end or 0, is_now=start is None)
        return jobs.GotJob(jobs.shown(service.submit(tx, self._kind, check)))

    def windows(self, tx: Tx, call: m.OfWindows) -> m.Windows:
        """Return windows in the order of time, with the scores that rules decide by."""
        found = store.get(tx, call.name or "")
        since, until = windows.time_of("since", call.since), windows.time_of("until", call.until)
        most = m.check_limit(call.limit, WINDOWS)
        rows = store.windows(tx, found, call.slice or "", since or 0, until or windows.MOST_MS, most)
        return m.Windows([_shown(each) for each in rows], store.slices(tx, found))

    def result(self, tx: Tx, call: m.OfResult) -> m.GotResult:
        """Return a window with each signal of each column."""
        found = store.get(tx, call.name or "")
        start = windows.time_of("start", call.start)
        window, result = store.result(tx, found, call.slice or "", start or 0)
        return m.GotResult(_shown(window), msgspec.Raw(result.encode()))

    async def report(self, request: Request) -> Response:
        """Return a window as one HTML file: the one that begins at `start`, or the newest."""
        name = request.params["name"]
        given, slice_ = (request.query.get(each, [""])[-1] for each in ("start", "slice"))
        start = windows.time_of("start", given)

        def read(tx: Tx) -> str:
            from trackside.drift.monitors import report  # noqa: PLC0415  # needs numpy, which takes long to import

            monitor = store.get(tx, name)
            history = store.windows(tx, monitor, slice_, 0, windows.MOST_MS, WINDOWS)
            if start is None and not history:
                raise NotFound(f"Monitor {name} has no windows yet")
            window, result = store.result(tx, monitor, slice_, history[-1].start if start is None else start)
            found = incident_store.listed(tx, monitor.monitor_seq, only_open=False, limit=LISTED)
            incidents = [each for each in found if each.slice == slice_]
            return report.html(monitor, window, result, history, incidents)

        page = await request.read(read)
        return Response(200, HEADERS, page.encode())

    def incidents(self, tx: Tx, call: m.ListIncidents) -> m.Incidents:
        """Return incidents, open ones first, then the newest."""
        seq = store.get(tx, call.name).monitor_seq if call.name else None
        most = m.check_limit(call.limit, LISTED)
        return m.Incidents(incident_store.listed(tx, seq, only_open=bool(call.open), limit=most))


def routes(checks: Checks, kind: Kind[Check]) -> list[Route]:
    calls = Calls(checks, kind)
    one = f"{PATH}/{{name}}"
    read, write, delete = Action.MONITORS_READ, Action.MONITORS_WRITE, Action.MONITORS_DELETE
    got = m.GotMonitor
    return [
        command(f"POST {PATH}", m.CreateMonitor, calls.create, needs=write, answer=got, status=201),
        query(f"GET {PATH}", m.ListMonitors, calls.list, needs=read, answer=m.Monitors),
        query(f"GET {one}", m.OfMonitor, calls.get, needs=read, answer=got),
        command(f"PATCH {one}", m.UpdateMonitor, calls.update, needs=write, answer=got),
        command(f"DELETE {one}", m.OfMonitor, calls.delete, needs=delete),
        command(f"POST {one}/run", m.RunMonitor, calls.run, needs=write, answer=jobs.GotJob),
        query(f"GET {one}/windows", m.OfWindows, calls.windows, needs=read, answer=m.Windows),
        stream(
            f"GET {one}/report",
            calls.report,
            arguments=m.OfReport,
            needs=read,
            media="text/html",
            summary="Returns a window as one HTML file.",
        ),
        query(f"GET {one}/windows/{{start}}", m.OfResult, calls.result, needs=read, answer=m.GotResult),
        query(f"GET {INCIDENTS}", m.ListIncidents, calls.incidents, needs=read, answer=m.Incidents),
    ]


def _shown(window: store.Stored) -> m.ShownWindow:
    return m.ShownWindow(
        start=window.start,
        end=window.end,
        rows=window.rows,
        is_complete=window.is_complete,
        computed_at=window.computed_at,
        drifted=m.drifted(window.scores),
        scores=window.scores,
    )
