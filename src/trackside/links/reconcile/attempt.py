"""Works at one item, and says in words why that failed, where the item alone is at fault."""

import logging
from collections.abc import Callable

from trackside.core.errors import Fault
from trackside.core.http_client.client import Refused
from trackside.sync.remote import faults
from trackside.sync.remote.port import Unmirrored

log = logging.getLogger("trackside.links")


def attempt(work: Callable[[], str | None], leave_out: Callable[[str], None]) -> str | None:
    """Return why an item has to be reconciled again; None if it is done, or left out, of which `leave_out` is told in words.

    `work` returns the same.  Raise Down where the remote is in trouble."""
    try:
        return work() or None
    except Unmirrored as reason:
        leave_out(str(reason))
    except Refused as reason:
        return str(reason)
    except Fault as fault:
        return fault.message
    except faults.OF_VALUES as error:
        log.exception("an item of a link cannot be reconciled")
        return faults.bug(error)
    return None
