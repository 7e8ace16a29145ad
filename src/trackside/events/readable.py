"""Which entries of the change log a caller may read.  Pure."""

from collections.abc import Mapping

from trackside.core.access import INCLUDED, Action, Object, Rights, experiment_named
from trackside.events.entries import Entry

# Details name and describe objects of several kinds.
_OF_DETAILS = (*INCLUDED[Action.SYNC_READ], Action.ENDPOINTS_READ)


def has_details(rights: Rights) -> bool:
    """Return whether the caller may read every object of the workspace, and so the details of entries."""
    return not rights.missing(_OF_DETAILS)


def is_readable(rights: Rights, entry: Entry, experiment_id: str | None) -> bool:
    """Return False where the entry is about an object that is denied to the caller.

    `experiment_id` is that of a run, None where it is not known."""
    match entry.entity:
        case "experiment":
            return rights.allows(Action.EXPERIMENTS_READ, experiment_named(entry.entity_id))
        case "run":
            return experiment_id is None or rights.allows(Action.RUNS_READ, experiment_named(experiment_id))
        case "registered_model":
            return rights.allows(Action.MODELS_READ, Object("model", entry.entity_id))
        case "model_version":
            return rights.allows(Action.MODELS_READ, Object("model", entry.entity_id.rpartition("/")[0]))
        case "endpoint":
            return rights.allows(Action.ENDPOINTS_READ, Object("endpoint", entry.entity_id))
        case _:
            return True


def readable(rights: Rights, entries: list[Entry], experiments: Mapping[str, str | None]) -> list[Entry]:
    """Return the entries that the caller may read; `experiments` are those of runs."""
    return [entry for entry in entries if is_readable(rights, entry, experiments.get(entry.entity_id))]
