"""Images that were logged with a key and a step, as MLflow names their files.  Pure."""

import re
from collections.abc import Iterable

from msgspec import Struct

FOLDER = "images"
# mlflow.log_image(image, key="a/b", step=1) writes images/a~b+step+1+timestamp+1700000000000+<uuid>.png, and beside it
# ...+compressed.webp; releases before 2.18 wrote % and # where + and ~ are now.
_NAME = re.compile(
    r"(?P<key>.+)(?P<sep>[+%])step(?P=sep)(?P<step>-?\d{1,19})(?P=sep)timestamp(?P=sep)(?P<time>\d{1,19})(?P=sep)"
    r"(?P<uid>[^+%]+?)(?P<small>(?P=sep)compressed)?\.(?P<ext>png|webp|jpe?g|gif)"
)


class Image(Struct, frozen=True):
    """`compressed` is a smaller picture of the same, if there is one."""

    step: int
    timestamp: int  # ms
    path: str
    compressed: str | None = None


class ImageSeries(Struct, frozen=True):
    key: str
    images: list[Image]


class FoundImages(Struct, frozen=True):
    series: list[ImageSeries]


def series(names: Iterable[str]) -> FoundImages:
    """Return the images by key, each key's by step and time."""
    full: dict[tuple[str, int, int, str], str] = {}
    small: dict[tuple[str, int, int, str], str] = {}
    for name in names:
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        key = found["key"].replace("~" if found["sep"] == "+" else "#", "/")
        place = (key, int(found["step"]), int(found["time"]), found["uid"])
        (small if found["small"] else full)[place] = f"{FOLDER}/{name}"
    by_key: dict[str, list[Image]] = {}
    for place in sorted({*full, *small}):
        key, step, time, _ = place
        path = full.get(place) or small[place]
        by_key.setdefault(key, []).append(Image(step, time, path, small.get(place)))
    return FoundImages([ImageSeries(key, images) for key, images in sorted(by_key.items())])
