"""UMAP and t-SNE behind one door: progress, an instant cancel, and compilation ahead of time."""

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from brushwood.explore.aside import Watch, in_step, run_aside
from brushwood.explore.optional import need
from brushwood.explore.pca import principal_components
from brushwood.explore.prepare import Floats
from brushwood.jobs import IDLE, Job

#: Numba's fallback threading layer aborts the process when two threads enter it.
_COMPILED = threading.Lock()
_warm = threading.Event()
_ITERATIONS = 1000
#: From this number of rows on, UMAP searches neighbours in another way, compiled apart.
_MANY = 4096


def is_warm() -> bool:
    """Whether UMAP was compiled in this process; before, the first run takes half a minute more."""
    return _warm.is_set()


def warm_up(job: Job = IDLE) -> None:
    """Compile UMAP, which otherwise the first run of a process does.

    Meant for the background: it takes 10 to 60 s of one core. A cancel is obeyed at once, but the
    compiler cannot be stopped: it goes on in its own thread for up to half a minute, and a run
    that starts meanwhile waits for it. What it has compiled until then is not lost.

    Raises
    ------
    MissingPackageError
        If umap-learn is not installed.
    Cancelled
    """
    if is_warm():
        return
    message = "Preparing UMAP, once a session"
    run_aside(_compile, job, message, lock=_COMPILED)


def _compile(watch: Watch) -> None:
    if is_warm():  # by a run that held the lock
        return
    umap = need("umap")
    rng = np.random.default_rng(0)
    # The second size needs more rows than columns can hide: what is compiled depends on both.
    for n_rows, fraction in ((64, 0.0), (_MANY + 4, 0.4)):
        watch.stop_here(fraction)
        X = rng.normal(size=(n_rows, 3)).astype(np.float32)
        umap.UMAP(n_neighbors=5, n_epochs=2, random_state=0, n_jobs=1).fit(X)
    _warm.set()


def umap_positions(
    matrix: Floats, *, n_components: int, n_neighbors: int, min_dist: float, seed: int, job: Job
) -> Floats:
    """Return UMAP's layout (McInnes, Healy, Melville 2018), float64 (row, component).

    Parameters
    ----------
    matrix : float64 (row, column)
    n_components, n_neighbors, min_dist
        As in `umap.UMAP`.
    seed : int
    job : Job
        A cancel is obeyed at once. The layout's epochs end with it; the search for neighbours and
        the compiler go on in their thread, and their result is dropped.

    Raises
    ------
    MissingPackageError
        If umap-learn is not installed.
    Cancelled
    """

    def work(watch: Watch) -> Floats:
        umap = need("umap")
        model = umap.UMAP(
            n_components=n_components,
            n_neighbors=n_neighbors,
            min_dist=min_dist,
            # Spectral layouts need more rows than components by some margin.
            init="spectral" if len(matrix) > n_components + 10 else "random",
            random_state=seed,
            n_jobs=1,
        )
        with _epochs_watched(watch):
            positions: Floats = model.fit_transform(matrix.astype(np.float32)).astype(np.float64)
        return positions

    message = "UMAP" if is_warm() else "UMAP; the first run of a session compiles for a while"
    return run_aside(work, job, message, lock=_COMPILED)


@contextmanager
def _epochs_watched(watch: Watch) -> Iterator[None]:
    """Look at the watch at each epoch of a layout.

    UMAP has no other place for it than its progress bar, and an error inside the bar itself would
    leave the bar's lock held for ever. So the bar is replaced for this thread; should UMAP name it
    otherwise one day, only progress and the early end of a cancelled run are lost.
    """
    layouts: Any = importlib.import_module("umap.layouts")
    bar = getattr(layouts, "tqdm", None)
    if bar is None:
        yield
        return
    mine = threading.get_ident()

    def look(epochs: Any, **options: Any) -> Iterator[Any]:
        if threading.get_ident() != mine:  # somebody else's UMAP
            yield from bar(epochs, **options)
            return
        for done, epoch in enumerate(epochs):
            watch.stop_here(0.3 + 0.7 * done / len(epochs), "UMAP: laying out")
            yield epoch

    layouts.tqdm = look
    try:
        yield
    finally:
        layouts.tqdm = bar


def tsne_positions(
    matrix: Floats, *, n_components: int, perplexity: float, seed: int, job: Job
) -> Floats:
    """Return t-SNE's layout (van der Maaten 2014), float64 (row, component).

    It starts from principal components (Kobak and Berens 2019), to which `seed` adds noise of a
    tenth of their spread: without, all seeds would agree, and a test of stability would prove
    nothing.

    Parameters
    ----------
    matrix : float64 (row, column)
    n_components : int
        1 to 3.
    perplexity : float
        Below the number of rows.
    seed : int
    job : Job
        A cancel is obeyed at once.

    Raises
    ------
    Cancelled
    """
    from sklearn.manifold import TSNE

    def work(watch: Watch) -> Floats:
        model = TSNE(
            n_components=n_components,
            perplexity=perplexity,
            init=_start(matrix, n_components, seed),
            random_state=seed,
            method="barnes_hut",
            max_iter=_ITERATIONS,
        )
        sys.settrace(_iterations(watch))
        try:
            positions: Floats = model.fit_transform(matrix).astype(np.float64)
        finally:
            sys.settrace(None)
        return positions

    return run_aside(in_step(work, len(matrix)), job, "t-SNE")


def _start(matrix: Floats, n_components: int, seed: int) -> Floats:
    """Return where t-SNE starts from: principal components with a spread of 1e-4, and noise."""
    start = np.random.default_rng(seed).normal(scale=0.1, size=(len(matrix), n_components))
    found = principal_components(matrix, min(n_components, matrix.shape[1])).positions
    start[:, : found.shape[1]] += found / found[:, 0].std()
    return start * 1e-4


def _iterations(watch: Watch) -> Any:
    """Return a trace function that counts t-SNE's steps, which offers no other way to look in.

    It is called once a function call in t-SNE's own thread. Were the function renamed one day,
    progress would stand still and a cancelled run would end later, nothing worse.
    """
    steps = 0

    def trace(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal steps
        if frame.f_code.co_name == "_kl_divergence_bh":
            steps += 1
            watch.stop_here(0.1 + 0.9 * min(1.0, steps / _ITERATIONS), "t-SNE: laying out")

    return trace
