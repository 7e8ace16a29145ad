"""Values that must be equal on two servers to the byte: digests of points, and schemas of evaluation datasets."""

import struct

from trackside.sync.metric_delta import Digest
from trackside.sync.record_merge import joined_schema


def point(step: int, value: float = 0.5) -> bytes:
    return struct.pack("<qqd", step, 1000 + step, value)


def test_a_digest_is_the_same_in_any_order_and_in_any_pieces() -> None:
    one, other = Digest(), Digest()
    one.add(point(1) + point(2) + point(3))
    for packed in (point(3), point(1) + point(2)):
        other.add(packed)

    assert one == other
    assert one.points == 3


def test_a_digest_equals_that_of_earlier_releases() -> None:
    digest = Digest()
    digest.add(point(1) + point(2))

    assert digest.total == 0xE159F3F90A1AC17AEF58DD87C53C9E36


def test_parts_of_a_digest_are_joined_to_the_whole() -> None:
    whole, part, rest = Digest(), Digest(), Digest()
    whole.add(point(1) + point(2))
    part.add(point(1))
    rest.add(point(2))

    part.join(rest)

    assert part == whole


def test_a_schema_is_joined_to_the_same_text_whichever_side_is_first() -> None:
    one = '{"version": "1.0", "inputs": {"ü": "string", "a": "integer"}, "outputs": {}, "expectations": {}}'
    other = '{"inputs": {"b": "float"}, "outputs": "string", "expectations": {}, "version": "1.0"}'
    joined = (
        '{"expectations": {}, "inputs": {"a": "integer", "b": "float", "ü": "string"}, "outputs": "string",'
        ' "version": "1.0"}'
    )

    assert joined_schema(one, other) == joined_schema(other, one) == joined


def test_parts_that_are_empty_on_both_sides_stay_empty() -> None:
    one = '{"inputs": {}, "outputs": "", "expectations": {}}'

    assert joined_schema(one, one) == '{"expectations": {}, "inputs": {}, "outputs": ""}'
