"""Muted times: events wait, and are sent afterwards as one message."""

from datetime import UTC, datetime

import pytest

from support.office import Office
from support.receiver import Receiver
from trackside.core.errors import Invalid
from trackside.webhooks import mutes
from trackside.webhooks.envelopes import Format
from trackside.webhooks.mutes import Mute, MutePart, WindowPart, is_muted

NIGHT = mutes.check(MutePart(timezone="Europe/Berlin", windows=[WindowPart(days=["fri"], start="22:00", end="07:00")]))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("utc", "muted"),
    [
        ("2026-01-02 20:59", False),  # Friday, 21:59 in Berlin
        ("2026-01-02 21:00", True),
        ("2026-01-03 05:59", True),  # Saturday morning belongs to Friday's window
        ("2026-01-03 06:00", False),
        ("2026-01-03 22:00", False),  # Saturday night does not
        ("2026-07-03 20:00", True),  # summer time
    ],
)
def test_a_window_over_midnight_belongs_to_its_first_day(utc: str, muted: bool) -> None:
    assert is_muted(NIGHT, at(utc)) is muted


def test_events_in_a_muted_window_are_sent_afterwards_as_one_message(office: Office, receiver: Receiver) -> None:
    webhook = office.subscribe(receiver.url, form=Format.SLACK, mute=Mute(until=1000))
    office.now_ms = 999
    office.happen("a", "b")
    office.step()
    assert receiver.received == []

    office.now_ms = 1000
    office.step()

    (received,) = receiver.received
    assert received.json["text"].startswith("2 events:\n• Registered model a: created")
    assert office.states(webhook) == [("DELIVERED", 1), ("DELIVERED", 1)]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (MutePart(timezone="Mars/Base"), "timezone is 'Mars/Base'"),
        (MutePart(timezone="../../etc/passwd"), "timezone is"),
        (MutePart(until=-1), "mute.until is -1"),
        (MutePart(windows=[WindowPart(start="24:00", end="07:00")]), "start of a window of mute is '24:00'"),
        (MutePart(windows=[WindowPart(start="07:00", end="07:00")]), "begins and ends at '07:00'"),
        (MutePart(windows=[WindowPart(days=["someday"], start="01:00", end="07:00")]), "a day of mute is 'som'"),
        (MutePart(windows=[WindowPart(start="01:00", end="07:00")] * 21), "at most 20"),
    ],
)
def test_an_invalid_time_is_refused(part: MutePart, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        mutes.check(part)

    assert words in refused.value.message


def test_a_muted_window_is_stored_and_shown_as_given() -> None:
    assert mutes.decoded(mutes.encoded(NIGHT)) == NIGHT
    assert mutes.check(mutes.shown(NIGHT)) == NIGHT
