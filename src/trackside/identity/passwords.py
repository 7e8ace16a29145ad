"""Passwords to hashes and back.  Knows argon2id and which passwords are too easy; knows no user.

ASVS 5.0, appendix C, approves argon2id with 19 MiB, two passes and one lane.  A check costs about 30 ms of CPU time and
19 MiB, so only a few run side by side.
"""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trackside.core.errors import Invalid

MIN_CHARS = 12
MAX_CHARS = 1024  # a longer one would only cost time
_AT_ONCE = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_slots = threading.BoundedSemaphore(_AT_ONCE)

# Of names nobody has: to refuse an unknown user takes as long as to refuse a wrong password.
NOBODYS_HASH = "$argon2id$v=19$m=19456,t=2,p=1$P5ekc7vT+j1Fb/Qm9fviZg$57bLa+fMgFlDao3eu8nXCw8HeDSqhyd1R5rFN9y912Q"


def hash_of(password: str) -> str:
    with _slots:
        return _hasher.hash(password)


def is_right(password: str, stored: str) -> bool:
    if len(password) > MAX_CHARS:
        return False
    with _slots:
        try:
            return _hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """The hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check(password: str, username: str = "") -> str:
    """Raise Invalid for a password that is too short, too long or easy to guess."""
    if len(password) < MIN_CHARS:
        raise Invalid(f"Password must be at least {MIN_CHARS} characters.")
    if len(password) > MAX_CHARS:
        raise Invalid(f"Password must be at most {MAX_CHARS} characters.")
    lowered = password.lower()
    is_easy = len(set(lowered)) < 4 or any(lowered == (word * MIN_CHARS)[: len(lowered)] for word in _EASY)
    if is_easy or lowered in _COMMON or (username and lowered.strip("0123456789!.-_") == username.lower()):
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
# Of the 3,000 most common passwords, the few that have 12 characters or more.
_COMMON = frozenset(
    """
password1234 password12345 password123456 administrator adminpassword changemeplease qwertyuiop12 qwertyuiop123
qwertyuiopasdfghjkl 1qaz2wsx3edc 1q2w3e4r5t6y 1qazxsw23edc passwordpassword unbelievable christopher1 iloveyou1234
welcome12345 letmein12345 superman1234 trustno1trustno1 correcthorsebatterystaple mlflowpassword passw0rd1234
p@ssw0rd1234 password1234! admin1234567 administrator1
""".split()
)
