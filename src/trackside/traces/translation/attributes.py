"""The entry of the room: what is added to a span's attributes when it is stored."""

from trackside.traces.spans import Event


def translate(attributes: dict[str, str], events: list[Event]) -> None:
    """Add what other conventions say under MLflow's names; what is there stays."""
    del attributes, events
