"""Feature sets by the size of what is to be seen, and APOC's under APOC's names."""

from collections.abc import Iterable

_SIZED = "original gaussian={0} dog={0},{2} hessian={0} structure={1}"
_DOG_LOG = ("gaussian_blur", "difference_of_gaussian", "laplace_box_of_gaussian_blur")
_SOBEL = ("gaussian_blur", "sobel_of_gaussian_blur")


def _apoc(filters: tuple[str, ...], sigmas: Iterable[int], original: bool = False) -> str:
    values = ",".join(map(str, sigmas))
    return " ".join([*["original"] * original, *(f"{name}={values}" for name in filters)])


#: Preset name → feature set. The first four suit objects of about 2, 6, 15 and 40 pixels across.
#: They are few on purpose: more planes and scales make a model from few strokes worse
#: (docs/defaults.md). One more difference of Gaussians compares with the surroundings.
PRESETS: dict[str, str] = {
    "tiny": _SIZED.format("0.5,1,2", "0.5,1", "4"),
    "small": _SIZED.format("0.7,1.5,3", "0.7,1.5", "6"),
    "medium": _SIZED.format("1,2,4", "1,2", "8"),
    "large": _SIZED.format("2,4,8", "2,4", "16"),
    # APOC 0.12, apoc/_feature_sets.py
    "small_quick": _apoc(_SOBEL, [1], original=True),
    "medium_quick": _apoc(_SOBEL, [5]),
    "large_quick": _apoc(_SOBEL, [25]),
    "small_dog_log": _apoc(_DOG_LOG, [1], original=True),
    "medium_dog_log": _apoc(_DOG_LOG, [5]),
    "large_dog_log": _apoc(_DOG_LOG, [25]),
    "object_size_1_to_2_px": _apoc(_DOG_LOG, range(1, 3)),
    "object_size_1_to_5_px": _apoc(_DOG_LOG, range(1, 6), original=True),
    "object_size_3_to_8_px": _apoc(_DOG_LOG, range(3, 9)),
    "object_size_5_to_10_px": _apoc(_DOG_LOG, range(5, 11)),
    "object_size_10_to_15_px": _apoc(_DOG_LOG, range(10, 16)),
    "object_size_15_to_20_px": _apoc(_DOG_LOG, range(15, 21)),
    "object_size_20_to_25_px": _apoc(_DOG_LOG, range(20, 26)),
    "object_size_25_to_50_px": _apoc(_DOG_LOG, range(25, 50, 5)),
    "object_size_50_to_100_px": _apoc(_DOG_LOG, range(50, 100, 10)),
    "v070": _apoc((*_DOG_LOG, "sobel_of_gaussian_blur"), [1]),
}

#: The preset where nobody chose, in Python, in the window and on the command line.
DEFAULT_PRESET = "medium"
