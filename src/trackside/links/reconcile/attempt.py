"""Processes one item and turns failures of the item into messages."""

import logging
from collections.abc import Callable
from contextlib import suppress

from trackside.core.errors import Fault
from trackside.core.http_client.errors import RequestRejected
from trackside.sync.remote import faults
from trackside.sync.remote.faults import InvalidRemoteResponse
from trackside.sync.remote.port import Remote, Unmirrored

log = logging.getLogger("trackside.links")


def attempt(work: Callable[[], str | None], leave_out: Callable[[str], None]) -> str | None:
    """Run `work` and return why the item must be reconciled again; None if it is done or skipped.

    `work` returns the same. `leave_out` receives the reason of a skipped item. Raise RemoteUnavailable if the remote
    fails.
    """
    try:
        return work() or None
    except Unmirrored as reason:
        leave_out(str(reason))
    except RequestRejected as reason:
        return str(reason)
    except Fault as fault:
        return fault.message
    except faults.OF_VALUES as error:
        log.exception("an item of a link cannot be reconciled")
        return faults.bug(error)
    return None


def attempt_with(remote: Remote, work: Callable[[], str | None], leave_out: Callable[[str], None]) -> str | None:
    """Process an item like `attempt`.  An invalid answer fails only the item, if another answer of the remote is valid."""
    try:
        return attempt(work, leave_out)
    except InvalidRemoteResponse as error:
        check_answers(remote)
        return str(error)


def check_answers(remote: Remote) -> None:
    """Raise RemoteUnavailable unless the remote gives a valid answer."""
    with suppress(RequestRejected):  # a refusal is an answer too
        remote.find_experiment("Default")
