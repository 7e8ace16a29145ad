"""Numbers with their nouns, for messages."""

_SINGULAR = {"aliases": "alias"}


def counted(count: int, plural: str) -> str:
    """Return a number with the noun that fits it: `1 dataset input`, `2 aliases`."""
    noun = plural.replace("_", " ")
    if count == 1:
        first, _, last = noun.rpartition(" ")
        last = _SINGULAR.get(last, f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s"))
        noun = f"{first} {last}".lstrip()
    return f"{count} {noun}"
