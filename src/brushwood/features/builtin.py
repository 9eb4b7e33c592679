"""The filters that the engine computes itself, each with its formula and source.

∇ and second derivatives are convolutions with derivatives of a Gaussian, sampled, cut at
``int(4σ + 0.5)`` pixels, reflected at the border: what `scipy.ndimage` does with
``mode="reflect", truncate=4``. A derivative along axis *a* is multiplied by σ_a / σ, where σ_a is
σ along that axis in pixels: with anisotropic spacing it is taken per pixel of the finest axis, or
per unit of length when σ is in world units. Without spacing, the factor is 1: plain SciPy.
"""

from typing import ClassVar

from brushwood.arrays import Border
from brushwood.features.filters import Filter, radius, register_filter

#: σ of a derivative along an axis with spacing is at least this many pixels: below it, a sampled
#: derivative of a Gaussian loses the slope (at σ = 0.3 it finds 9 % of a ramp).
SMALLEST_DERIVATIVE_SIGMA = 0.5
#: ilastik's second scale of a difference of Gaussians.
DOG_RATIO = 0.66
#: Outer scale of the structure tensor, as a share of σ. ilastik's is 0.5; with 1 texture and low
#: contrast are told apart better, with 2 rims and walls get worse (docs/defaults.md).
STRUCTURE_RATIO = 1.0
#: APOC's two scales of a difference of Gaussians.
APOC_DOG_RATIOS = (0.9, 1.1)


def _derivative_radius(sigma: float) -> int:
    return max(radius(sigma), radius(SMALLEST_DERIVATIVE_SIGMA))


def apoc_radius(sigma: float) -> int:
    """Return the radius of APOC's Gaussian: int(8σ), made odd, is its length."""
    return (int(sigma * 8.0) | 1) // 2


@register_filter
class Original(Filter):
    """The image itself, as float32.

    Formula: I.
    """

    name = "original"
    takes_sigma = False

    def reach(self, sigma: float) -> int:  # noqa: D102
        return 0


@register_filter
class Gaussian(Filter):
    """Gaussian smoothing.

    Formula: G(σ) * I. Source: `scipy.ndimage.gaussian_filter`.
    """

    name = "gaussian"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return radius(sigma)


@register_filter
class Gradient(Filter):
    """Gaussian gradient magnitude.

    Formula: ‖∇G(σ) * I‖. Source: `scipy.ndimage.gaussian_gradient_magnitude`.
    """

    name = "gradient"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return _derivative_radius(sigma)

    def cost(self, sigma: float, ndim: int) -> float:  # noqa: D102
        return float(ndim * ndim * (2 * radius(sigma) + 1))


@register_filter
class LaplacianOfGaussian(Filter):
    """Scale-normalised Laplacian of Gaussian.

    Formula: σ² Σ_a (σ_a/σ)² ∂²/∂a² G(σ) * I. Source: `scipy.ndimage.gaussian_laplace`, times σ²
    (Lindeberg, Int. J. Comput. Vision 30, 1998, doi 10.1023/A:1008045108935), so that responses at
    different scales are comparable.
    """

    name = "log"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return _derivative_radius(sigma)

    def cost(self, sigma: float, ndim: int) -> float:  # noqa: D102
        return float(ndim * ndim * (2 * radius(sigma) + 1))


@register_filter
class DifferenceOfGaussians(Filter):
    """Difference of Gaussians.

    Formula: G(σ) * I − G(0.66 σ) * I. Source: ilastik, ``opPixelFeaturesPresmoothed.py``.
    """

    name = "dog"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return radius(sigma)

    def cost(self, sigma: float, ndim: int) -> float:  # noqa: D102
        return float(ndim * (2 * radius(sigma) + 2 * radius(DOG_RATIO * sigma) + 2))


@register_filter
class Hessian(Filter):
    """Eigenvalues of the Hessian, largest first: 2 planes in 2-D, 3 in 3-D.

    Formula: eigenvalues of (∂²/∂a∂b G(σ) * I). Source: `scipy.ndimage.gaussian_filter` with
    ``order``; the eigenvalues in closed form (Smith, Commun. ACM 4, 1961,
    doi 10.1145/355578.366316).
    """

    name = "hessian"

    def planes(self, ndim: int) -> int:  # noqa: D102
        return ndim

    def reach(self, sigma: float) -> int:  # noqa: D102
        return _derivative_radius(sigma)

    def cost(self, sigma: float, ndim: int) -> float:  # noqa: D102
        return float(ndim * ndim * (ndim + 1) / 2 * (2 * radius(sigma) + 1))


@register_filter
class StructureTensor(Filter):
    """Eigenvalues of the structure tensor, largest first: 2 planes in 2-D, 3 in 3-D.

    Formula: eigenvalues of G(σ) * (∇I_σ ∇I_σᵀ) with I_σ = G(σ) * I; the products are reflected at
    the image's border, as a composition of SciPy's filters does. Source: Förstner and Gülch, ISPRS
    1987; inner and outer scale are equal (ilastik's outer scale is σ/2).
    """

    name = "structure"

    def planes(self, ndim: int) -> int:  # noqa: D102
        return ndim

    def reach(self, sigma: float) -> int:  # noqa: D102
        return _derivative_radius(sigma) + radius(STRUCTURE_RATIO * sigma)

    def cost(self, sigma: float, ndim: int) -> float:  # noqa: D102
        inner, outer = 2 * radius(sigma) + 1, 2 * radius(STRUCTURE_RATIO * sigma) + 1
        return float(ndim * ndim * inner + ndim * ndim * (ndim + 1) / 2 * outer)


class _Apoc(Filter):
    """A filter of APOC: pixels beyond the edge repeat it, and spacing is ignored."""

    border: ClassVar[Border] = "nearest"
    follows_spacing = False


@register_filter
class GaussianBlur(_Apoc):
    """APOC's Gaussian.

    Formula: weights exp(−k²/2σ²), |k| ≤ (int(8σ) made odd − 1)/2, divided by their sum. Source:
    clEsperanto, ``gaussian_blur_separable``.
    """

    name = "gaussian_blur"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return apoc_radius(sigma)


@register_filter
class DifferenceOfGaussian(_Apoc):
    """APOC's difference of Gaussians.

    Formula: G(0.9 σ) * I − G(1.1 σ) * I, with `GaussianBlur` as G. Source: APOC, ``_utils.py``.
    """

    name = "difference_of_gaussian"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return max(apoc_radius(sigma * ratio) for ratio in APOC_DOG_RATIOS)


@register_filter
class LaplaceBoxOfGaussianBlur(_Apoc):
    """APOC's Laplacian of Gaussian, not scale-normalised.

    Formula: 8 c − Σ of the 8 neighbours in 2-D, c − Σ of the 26 neighbours in 3-D (sic), of the
    blurred image, whose own edge is repeated. Source: clEsperanto, ``laplace_box``.
    """

    name = "laplace_box_of_gaussian_blur"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return apoc_radius(sigma) + 1


@register_filter
class SobelOfGaussianBlur(_Apoc):
    """APOC's edges.

    Formula: root of the sum of squares of the Sobel derivatives (3×3 in 2-D, 3×3×3 in 3-D) of the
    blurred image, whose own edge is repeated. Source: clEsperanto, ``sobel``, as meant in 3-D: its
    code reads beyond its table there, with arbitrary results.
    """

    name = "sobel_of_gaussian_blur"

    def reach(self, sigma: float) -> int:  # noqa: D102
        return apoc_radius(sigma) + 1
