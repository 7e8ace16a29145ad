"""Images that were logged with a key and a step, as MLflow names their files.  Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable

from msgspec import Struct

from trackside.core.errors import Invalid
from trackside.core.http import codec

FOLDER = "images"
MAX_IMAGES = 10_000  # of an answer
# mlflow.log_image(image, key="a/b", step=1) writes images/a~b+step+1+timestamp+1700000000000+<uuid>.png, and beside it
# ...+compressed.webp; releases before 2.18 wrote % and # where + and ~ are now.
_NAME = re.compile(
    r"(?P<key>.+)(?P<sep>[+%])step(?P=sep)(?P<step>-?\d{1,19})(?P=sep)timestamp(?P=sep)(?P<time>\d{1,19})(?P=sep)"
    r"(?P<uid>[^+%]+?)(?P<small>(?P=sep)compressed)?\.(?P<ext>png|webp|jpe?g|gif)"
)


class Image(Struct, frozen=True):
    """`compressed` is a smaller version of the image, if there is one."""

    step: int
    timestamp: int  # ms
    path: str
    compressed: str | None = None


class ImageSeries(Struct, frozen=True):
    key: str
    images: list[Image]


class FoundImages(codec.Answer, frozen=True):
    """A page of images.  Its last key can continue on the next page."""

    series: list[ImageSeries]
    next_page_token: str | None = None


Place = tuple[str, int, int, str]  # key, step, time and uid: images are in this order


def series(names: Iterable[str], most: int | None = None, token: str = "") -> FoundImages:
    """Return a page of at most `most` images in the order of key, step and time, after the image of `token`."""
    most = MAX_IMAGES if most is None else most
    if not 1 <= most <= MAX_IMAGES:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_IMAGES}")
    full: dict[Place, str] = {}
    small: dict[Place, str] = {}
    for name in names:
        found = _NAME.fullmatch(name)
        if found is not None:
            (small if found["small"] else full)[_place(found)] = f"{FOLDER}/{name}"
    places = sorted({*full, *small})
    start = bisect_right(places, _place_of(token)) if token else 0
    page = places[start : start + most]
    by_key: dict[str, list[Image]] = {}
    for place in page:
        key, step, time, _ = place
        path = full.get(place) or small[place]
        by_key.setdefault(key, []).append(Image(step, time, path, small.get(place)))
    has_more = start + most < len(places)
    return FoundImages(
        series=[ImageSeries(key, images) for key, images in by_key.items()],
        next_page_token=full.get(page[-1]) or small[page[-1]] if has_more else None,
    )


def _place(found: re.Match[str]) -> Place:
    key = found["key"].replace("~" if found["sep"] == "+" else "#", "/")
    return key, int(found["step"]), int(found["time"]), found["uid"]


def _place_of(token: str) -> Place:
    found = _NAME.fullmatch(token.removeprefix(f"{FOLDER}/"))
    if found is None:
        raise Invalid(f"page_token is {token[:200]!r}; it must be the next_page_token of an answer")
    return _place(found)
