"""The sums of a window's columns and outcomes.  Pure; needs numpy, which the server itself does not import."""

import msgspec
from msgspec import Struct

from trackside.drift import sums
from trackside.drift.monitors.exchange import Outcomes
from trackside.drift.sums import TableSums


class Profile(Struct, frozen=True):
    table: TableSums
    outcomes: Outcomes = Outcomes()


class _Stored(Struct, frozen=True, array_like=True):
    table: bytes
    outcomes: Outcomes


def encode(profile: Profile) -> bytes:
    return msgspec.msgpack.encode(_Stored(sums.encode(profile.table), profile.outcomes))


def decode(data: bytes) -> Profile:
    found = msgspec.msgpack.decode(data, type=_Stored)
    return Profile(sums.decode(found.table), found.outcomes)
