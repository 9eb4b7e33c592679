"""Class probabilities within each object."""

import numpy as np

from brushwood.measure.catalog import Calculation, Call, Measurement
from brushwood.measure.index import FloatArray, LabelIndex
from brushwood.measure.values import grouped_values

_TITLES = {
    "probability_mean": "mean probability of a class",
    "probability_min": "smallest probability of a class",
    "probability_max": "largest probability of a class",
    "probability_std": "standard deviation of a class's probability",
}


def compute(objects: LabelIndex, call: Call) -> dict[str, FloatArray]:
    """Measure the probability of each class in all objects."""
    assert call.probabilities is not None
    n_classes = call.probabilities.n_channels
    found = {name: np.zeros((len(objects), n_classes)) for name in _TITLES}
    for pixels, c, values in grouped_values(objects, call.probabilities, call.job, "probabilities"):
        for name in call.wanted:
            statistic = name.removeprefix("probability_")
            found[name][pixels.objects.rows, c] = getattr(values, statistic)
    return {name: values for name, values in found.items() if name in call.wanted}


CALCULATIONS = (
    Calculation(
        compute,
        tuple(
            Measurement(
                name,
                "probability",
                title,
                dimension="none",
                source="NumPy" if name != "probability_std" else "NumPy, std (ddof=0)",
                along=("class",),
                needs_probabilities=True,
                default=name == "probability_mean",
            )
            for name, title in _TITLES.items()
        ),
        seconds_per_object=1e-7,
        seconds_per_pixel=1e-7,
    ),
)
