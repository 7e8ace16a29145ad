"""Hashes and checks passwords with argon2id, and rejects easy ones.

ASVS 5.0, appendix C, approves argon2id with 19 MiB, two passes and one lane.  A check takes about 30 ms of CPU time and 19 MiB,
so the number of concurrent checks is limited.
"""

import functools
import secrets
import threading
from typing import TYPE_CHECKING

from trackside.core.errors import Invalid

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_CHARS = 12
MAX_CHARS = 1024  # a longer one would only take more time
_AT_ONCE = 2
_PLAIN = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without characters that look alike

_slots = threading.BoundedSemaphore(_AT_ONCE)

# The hash for unknown names: refusing an unknown user takes as long as refusing a wrong password.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$P5ekc7vT+j1Fb/Qm9fviZg$57bLa+fMgFlDao3eu8nXCw8HeDSqhyd1R5rFN9y912Q"


@functools.cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415  # with the first password, not at each start

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def one_time() -> str:
    """Return a random password of 20 characters (116 bits), to be read out or sent."""
    return "".join(secrets.choice(_PLAIN) for _ in range(20))


def hash_of(password: str) -> str:
    with _slots:
        return _hasher().hash(password)


def is_correct(password: str, stored: str) -> bool:
    if len(password) > MAX_CHARS:
        return False
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415  # see `_hasher`

    with _slots:
        try:
            return _hasher().verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Return whether the hash was made with other parameters than the current ones."""
    return _hasher().check_needs_rehash(stored)


def check(password: str, username: str = "") -> str:
    """Raise Invalid for a password that is too short, too long or easy to guess."""
    if len(password) < MIN_CHARS:
        raise Invalid(f"Password must be at least {MIN_CHARS} characters.")
    if len(password) > MAX_CHARS:
        raise Invalid(f"Password must be at most {MAX_CHARS} characters.")
    lowered = password.lower()
    is_easy = len(set(lowered)) < 4 or any(lowered == (word * MIN_CHARS)[: len(lowered)] for word in _EASY)
    if is_easy or _is_common(lowered) or (username and lowered.strip("0123456789!.-_") == username.lower()):
        raise Invalid(
            "This password is easy to guess: it is a common one, a repetition, or the user's name. Choose another."
        )
    return password


_EASY = (
    "0123456789",
    "1234567890",
    "12345678",
    "123456",
    "abc123",
    "abcdef",
    "password",
    "qwerty",
    "qwertz",
    "letmein",
)
# Words in the most common passwords, besides digits and signs at their ends.
_WORDS = frozenset(
    """
password passwort passw passwd pass word welcome hello admin administrator root user login letmein changeme change me please
default secret master superman batman dragon monkey football baseball basketball soccer sunshine princess iloveyou love you
trustno shadow michael jordan jennifer christopher charlie freedom whatever starwars pokemon computer internet samsung google
facebook amazon microsoft windows linux ubuntu server database company office summer winter spring autumn january february
march april june july august september october november december monday friday london berlin paris america qwerty qwertz azerty
asdf zxcv qazwsx qweasd test testing tester temp temporary guest demo example sample foobar correct horse battery staple mlflow
trackside azure databricks kubernetes docker machine learning model models data science tracking unbelievable
""".split()
)
# Sequences of adjacent keys, in both directions.
_RUNS = tuple(
    run[::step]
    for run in ("1234567890", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
                "1q2w3e4r5t6y7u8i9o0p", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgbyhnujmikolp")
    for step in (1, -1)
)  # fmt: skip
_LEET = str.maketrans("@4310$5!7", "aaelossit")


def _is_common(lowered: str) -> bool:
    """Return whether it is a sequence of keys, or a few common words, perhaps with digits for letters, and digits or signs
    around."""
    if any(lowered in run + run for run in _RUNS):
        return True
    plain = lowered.strip("0123456789!?.,-_*#$@+ ")
    return any(_is_of_words(text) for text in (plain, lowered.translate(_LEET), plain.translate(_LEET)))


def _is_of_words(text: str) -> bool:
    """Return whether the whole text, except signs in between, consists of common words."""
    bare = "".join(char for char in text if char.isalpha())
    ends = {0}
    for end in range(1, len(bare) + 1):
        if any(begin in ends and bare[begin:end] in _WORDS for begin in range(max(0, end - 13), end)):
            ends.add(end)
    return bool(bare) and len(bare) in ends
