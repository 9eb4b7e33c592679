"""Where to annotate next: the places that teach the model most."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from brushwood.arrays import ImageSource
from brushwood.errors import InputError
from brushwood.jobs import IDLE, Job
from brushwood.pixels.candidates import Candidates, Float64, find_candidates
from brushwood.pixels.checks import source_of
from brushwood.pixels.classifier import PixelClassifier
from brushwood.pixels.strokes import Strokes
from brushwood.pixels.training import positions

Strategy: TypeAlias = Literal["uncertainty", "margin", "diversity", "mixture", "random"]
#: The strategies, with what each looks for.
STRATEGIES: dict[Strategy, str] = {
    "mixture": "where the model is unsure and has seen little like it",
    "uncertainty": "where the classes are about equally likely (entropy)",
    "margin": "where the two most likely classes are close",
    "diversity": "what looks unlike everything annotated so far",
    "random": "anywhere",
}
#: Places that are compared, and annotated pixels that diversity is measured against.
_CANDIDATES, _SEEN = 400, 2000


@dataclass(frozen=True, slots=True)
class Place:
    """A place to annotate.

    Attributes
    ----------
    image : int
        Which of the images.
    frame : tuple of int
        Index into the axes before space.
    position : (z, y, x)
        z is 0 in a plane.
    score : float
        The strategy's score, larger is more useful.
    uncertainty : float
        Mean normalised entropy around the place.
    """

    image: int
    frame: tuple[int, ...]
    position: tuple[int, int, int]
    score: float
    uncertainty: float

    def index(self, ndim: int) -> tuple[int, ...]:
        """Return the index of the pixel in an array of shape (…frames, space)."""
        return (*self.frame, *self.position[-ndim:])


def suggest_places(
    classifier: PixelClassifier,
    image: Any,
    annotation: Any = None,
    *,
    strategy: Strategy = "mixture",
    n: int = 5,
    distance: int = 24,
    radius: int = 3,
    avoid: Sequence[Place] = (),
    seed: int = 0,
    job: Job = IDLE,
) -> tuple[Place, ...]:
    """Suggest where to annotate next.

    Parameters
    ----------
    classifier : PixelClassifier
        Fitted.
    image : array-like or ImageSource, or list of them
    annotation : array-like of int or Strokes, or list of them, optional
        What is annotated already, one an image.
    strategy : {"mixture", "uncertainty", "margin", "diversity", "random"}
        `STRATEGIES` says what each looks for.
    n : int
        Places wanted; fewer come back when there is no room for more.
    distance : int
        Least distance from strokes, from other places and from those to `avoid`, pixels.
    radius : int
        The model is asked around each place as far as this, so that no single noisy pixel wins.
    avoid : sequence of Place
        Places that were shown already.
    seed : int
        Of the random places that are compared.
    job : Job

    Returns
    -------
    tuple of Place
        The most useful first.

    Raises
    ------
    InputError
        If the strategy is not known, or there are not as many annotations as images.

    Notes
    -----
    Entropy and margin: Settles 2009, "Active learning literature survey", §3.1. Diversity: k-means
    over the features, and of the clusters the one that is largest and farthest from what is
    annotated (cluster sampling, Nguyen & Smeulders 2004). The mixture multiplies the ranks of
    entropy and diversity.
    """
    if strategy not in get_args(Strategy):
        known = ", ".join(STRATEGIES)
        raise InputError(f"There is no strategy {strategy!r}. Choose one of: {known}.")
    images = list(image) if isinstance(image, list | tuple) else [image]
    sources = [
        source_of(one, classifier.channel_axis, classifier.ndim_, classifier.n_channels_)
        for one in images
    ]
    strokes = _strokes(annotation, sources)
    found = find_candidates(classifier, sources, _CANDIDATES, radius, seed, job)
    scores = _scores(strategy, found, _seen(classifier, seed), seed)
    return _spread(found, scores, strokes, sources, n, distance, avoid)


def entropy(probabilities: Float64) -> Float64:
    """Return the normalised entropy of each place, mean over its pixels, (place,)."""
    p = np.clip(probabilities, 1e-12, 1)
    per_pixel = -(p * np.log(p)).sum(axis=-1) / np.log(max(2, p.shape[-1]))
    mean: Float64 = per_pixel.mean(axis=1)
    return mean


def closeness(probabilities: Float64) -> Float64:
    """Return one minus the margin between the two most likely classes, mean over pixels."""
    top = np.sort(probabilities, axis=-1)
    second = top[..., -2] if top.shape[-1] > 1 else 0.0
    mean: Float64 = (1 - (top[..., -1] - second)).mean(axis=1)
    return mean


def _scores(
    strategy: Strategy, found: Candidates, seen: npt.NDArray[np.float32], seed: int
) -> Float64:
    if strategy == "random":
        return np.random.default_rng(seed + 1).random(len(found))
    if strategy == "uncertainty":
        return entropy(found.probabilities)
    if strategy == "margin":
        return closeness(found.probabilities)
    diverse = _diversity(found, seen, seed)
    if strategy == "diversity":
        return diverse
    return _rank(entropy(found.probabilities)) * _rank(diverse)


def _diversity(found: Candidates, seen: npt.NDArray[np.float32], seed: int) -> Float64:
    """Score places by how many look like them, and how far they are from what is annotated."""
    from scipy.spatial import cKDTree
    from sklearn.cluster import KMeans

    both = np.concatenate([found.features, seen]) if len(seen) else found.features
    spread = both.std(axis=0)
    scaled = (found.features - both.mean(axis=0)) / np.where(spread > 0, spread, 1)
    groups = KMeans(min(20, max(2, len(found) // 10)), n_init=1, random_state=seed).fit(scaled)
    own = np.linalg.norm(scaled - groups.cluster_centers_[groups.labels_], axis=1)
    if len(seen):
        known = cKDTree((seen - both.mean(axis=0)) / np.where(spread > 0, spread, 1))
        far = known.query(groups.cluster_centers_)[0]
    else:
        far = np.ones(len(groups.cluster_centers_))
    share = np.bincount(groups.labels_, minlength=len(far)) / len(found)
    worth = far * np.sqrt(share)
    # Within a cluster the most typical place comes first.
    score: Float64 = worth[groups.labels_] / (1 + own)
    return score


def _rank(values: Float64) -> Float64:
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return (order + 1) / len(values)


def _seen(classifier: PixelClassifier, seed: int) -> npt.NDArray[np.float32]:
    """Return features of annotated pixels, a sample of many."""
    rows = classifier.stored_rows_
    if rows is None:
        return np.zeros((0, len(classifier.feature_names_)), np.float32)
    keep = np.random.default_rng(seed).permutation(len(rows))[:_SEEN]
    sample: npt.NDArray[np.float32] = rows.features[keep]
    return sample


def _strokes(annotation: Any, sources: Sequence[ImageSource]) -> list[Strokes | None]:
    if annotation is None:
        return [None] * len(sources)
    given = annotation if isinstance(annotation, list | tuple) else [annotation]
    if len(given) != len(sources):
        raise InputError(
            f"There are {len(sources)} images but {len(given)} annotations. Give one an image."
        )
    return [
        Strokes.of(one, (*source.frames, *source.shape))
        for one, source in zip(given, sources, strict=True)
    ]


def _spread(
    found: Candidates,
    scores: Float64,
    strokes: Sequence[Strokes | None],
    sources: Sequence[ImageSource],
    n: int,
    distance: int,
    avoid: Sequence[Place],
) -> tuple[Place, ...]:
    """Take the best places that keep their distance."""
    from scipy.spatial import cKDTree

    unsure = entropy(found.probabilities)
    near = {}
    for number, one in enumerate(strokes):
        if one is not None and len(one):
            frames = np.stack(
                [*np.unravel_index(one.index, one.shape)[: len(sources[number].frames)]]
                or [np.zeros(len(one), np.int64)],
                axis=1,
            )
            # Frames lie far apart, so that a stroke keeps nothing away from other frames.
            where = np.c_[frames * 1e6, positions(one.index, sources[number])]
            near[number] = cKDTree(where)
    taken = [(p.image, p.frame, np.array(p.position)) for p in avoid]
    places: list[Place] = []
    for k in np.argsort(-scores, kind="stable"):
        image, frame, at = int(found.image[k]), found.frame[k], found.position[k]
        point = np.r_[np.array(frame or (0,)) * 1e6, at]
        if image in near and near[image].query(point)[0] < distance:
            continue
        if any((image, frame) == (i, f) and np.linalg.norm(at - p) < distance for i, f, p in taken):
            continue
        taken.append((image, frame, at))
        z, y, x = (int(c) for c in at)
        places.append(Place(image, frame, (z, y, x), float(scores[k]), float(unsure[k])))
        if len(places) == n:
            break
    return tuple(places)
