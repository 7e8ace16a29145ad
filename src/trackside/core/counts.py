"""Numbers with their nouns or units, for messages."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_SINGULAR = {"aliases": "alias"}


def counted(count: int, plural: str) -> str:
    """Return a number with the noun that fits it: `1 dataset input`, `2 aliases`."""
    noun = plural.replace("_", " ")
    if count == 1:
        first, _, last = noun.rpartition(" ")
        last = _SINGULAR.get(last, f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s"))
        noun = f"{first} {last}".lstrip()
    return f"{count} {noun}"


def in_bytes(size: int) -> str:
    """Return a size in words: `1.2 MiB`."""
    value, unit = float(size), _UNITS[0]
    for unit in _UNITS:  # also the unit of larger sizes
        if value < 1024 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
