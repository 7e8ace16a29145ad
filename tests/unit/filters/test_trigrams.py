"""A text that matches a pattern has the pattern's bits."""

from hypothesis import given
from hypothesis import strategies as st

from trackside.core.filters import trigrams

TEXTS = st.text(st.sampled_from("aBc7-/ä€\U0001f600İΣ"), max_size=12)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_text_has_the_bits_of_its_parts_ignoring_ascii_case(before: str, one: str, between: str, other: str) -> None:
    text = f"{before}{one}{between}{other}"
    upper = "".join(letter.upper() if letter.isascii() else letter for letter in other)

    for pattern in (f"%{one}%{upper}", f"_%{one}_%{upper}%", f"%{text}%"):
        bits = trigrams.of_pattern(pattern)
        assert trigrams.of_text(text) & bits == bits


def test_a_text_lacks_the_bits_of_other_texts() -> None:
    wanted = trigrams.of_pattern("%/model-005000/%")

    assert trigrams.of_text("s3://bucket/model-005000/x") & wanted == wanted
    assert trigrams.of_text("s3://bucket/forest-17/x") & wanted != wanted


def test_short_parts_have_no_bits() -> None:
    assert trigrams.of_pattern("%ab%_c_d%") == 0


def test_a_long_text_has_all_bits() -> None:
    assert trigrams.of_text("x" * trigrams.LONGEST) != trigrams.ANY
    assert trigrams.of_text("x" * (trigrams.LONGEST + 1)) == trigrams.ANY


def test_bits_fit_a_whole_number_of_eight_bytes() -> None:
    everything = trigrams.of_text("".join(chr(64 + i % 60) + chr(33 + i % 7) for i in range(150)))

    assert 0 < everything < 2**63


def test_bits_are_stored_and_stay_the_same_from_release_to_release() -> None:
    assert trigrams.of_text("Model-1") == trigrams.of_text("mODEL-1") == 140874927341608
    assert trigrams.of_text("abc") == 4096
    assert trigrams.of_pattern("%aBc_del%") == 4096 | 137438953472
