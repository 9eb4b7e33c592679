"""Write apoc_features.npz: what APOC itself computes, for tests/test_features_apoc.py.

Run in an environment of its own with ``pip install apoc==0.12.0 pyclesperanto_prototype==0.24.6
"numpy<2"`` and an OpenCL runtime: ``python make_apoc_features.py``.
"""

from pathlib import Path

import apoc
import numpy as np
import pyclesperanto_prototype as cle

FILTERS = (
    "gaussian_blur",
    "difference_of_gaussian",
    "laplace_box_of_gaussian_blur",
    "sobel_of_gaussian_blur",
)
SIGMAS = (0.3, 1, 2.5)


def main() -> None:
    """Compute two tiny images' features and save them."""
    rng = np.random.default_rng(7)
    arrays = {}
    for name, shape in (("plane", (13, 18)), ("volume", (5, 7, 9))):
        image = (rng.random(shape) * 200).astype(np.float32)
        # sobel_3d of clEsperanto reads beyond its table (k <= 3): its result is arbitrary.
        filters = FILTERS if image.ndim == 2 else FILTERS[:-1]
        line = " ".join(f"{filter_}={sigma:g}" for filter_ in filters for sigma in SIGMAS)
        stack = apoc.generate_feature_stack(image, line)
        arrays[name] = image
        arrays[f"{name}_line"] = np.array(line)
        arrays[f"{name}_features"] = np.stack([np.asarray(cle.pull(f)) for f in stack])
    np.savez_compressed(Path(__file__).with_name("apoc_features.npz"), **arrays)


if __name__ == "__main__":
    main()
