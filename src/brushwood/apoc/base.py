"""What APOC's classifiers share: one file that is named by the user, and what its header says."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from brushwood.apoc.convert import forest_to_cl
from brushwood.errors import InputError, ModelFileError
from brushwood.forest.forest import LEAF
from brushwood.forest.grow import grow
from brushwood.forest.params import ForestParams
from brushwood.io.atomic import check_target
from brushwood.io.cl import ClHeader, ClModel, read_cl, write_cl
from brushwood.jobs import IDLE, Job

#: Rows that training takes; APOC takes all.
_MOST_ROWS = 10_000_000


class ClClassifier:
    """A classifier that lives in a ``.cl`` file, if it is given one.

    Parameters
    ----------
    opencl_filename : path, optional
        An existing file is read now. Training writes here; a file that stood there before is only
        replaced with `overwrite`. Default: nothing is read or written (APOC has a default name, and
        reads and overwrites what it finds there).
    max_depth, num_ensembles : int
        Levels and number of trees in training. A file that is read sets them.
    overwrite : bool
        Replace an existing file when training.

    Attributes
    ----------
    model : ClModel or None
        Trees and header, once trained or read.
    class_names : dict of int to str
        Names of classes, which ``.brushwood`` files keep and ``.cl`` files do not.
    """

    #: APOC's name of this class of classifiers.
    kind: ClassVar[str] = ""
    #: Kind of model file that holds it as it is.
    model_kind: ClassVar[str] = "apoc-classifier"

    def __init__(
        self,
        opencl_filename: str | os.PathLike[str] | None = None,
        max_depth: int = 2,
        num_ensembles: int = 100,
        *,
        overwrite: bool = False,
    ) -> None:
        self.opencl_filename = None if opencl_filename is None else Path(opencl_filename)
        self.max_depth, self.num_ensembles = max_depth, num_ensembles
        self.overwrite = overwrite
        self.model: ClModel | None = None
        self.class_names: dict[int, str] = {}
        self._is_own_file = False
        if self.opencl_filename is not None and os.path.lexists(self.opencl_filename):
            self._read(self.opencl_filename)

    @classmethod
    def accepts(cls, header: ClHeader) -> bool:
        """Whether a file with this header holds a classifier of this kind."""
        return header.classifier == cls.kind

    @property
    def is_trained(self) -> bool:
        """Whether there are trees."""
        return self.model is not None

    @property
    def feature_specification(self) -> str:
        """Features, separated by spaces, as a ``.cl`` file lists them; "" before training."""
        return "" if self.model is None else " ".join(self.model.header.features)

    @property
    def num_classes(self) -> int:
        """Number of classes, or the largest id; 0 before training."""
        return 0 if self.model is None else self.model.n_classes

    @property
    def num_features(self) -> int:
        """Number of features, of all channels; 0 before training."""
        return 0 if self.model is None else self.model.n_features

    @property
    def num_ground_truth_dimensions(self) -> int:
        """Dimensions of the annotation; 0 before training, or where the file does not say."""
        return 0 if self.model is None else self.model.header.ndim or 0

    def to_opencl_file(
        self, filename: str | os.PathLike[str], *, overwrite: bool = False, job: Job = IDLE
    ) -> Path:
        """Write a ``.cl`` file, completely or not at all, and go on with it.

        Raises
        ------
        OutputExistsError, OutputError
            If a file stands there and `overwrite` is False, or it cannot be written.
        """
        target = write_cl(self.trained_model(), filename, overwrite=overwrite, job=job)
        self.opencl_filename, self._is_own_file = target, True
        return target

    def feature_importances(self) -> dict[str, float]:
        """Return the share of each feature in the decisions, channels after the first numbered.

        Empty if the file does not say.
        """
        model = self.trained_model()
        return dict(zip(self._feature_names(model), model.header.importances, strict=False))

    def statistics(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[Any]]]:
        """Count how often each feature is asked for at each level of the trees.

        Returns
        -------
        shares, counts : dict of str to array (level,)
            Share of a level's questions, and their number. (APOC's own counts take feature 1 for
            10 to 19 as well, and leave out channels after the first.)
        """
        model = self.trained_model()
        levels = _levels(model)
        inner = model.feature != LEAF
        n_levels = int(levels[inner].max(initial=-1)) + 1
        table = np.zeros((model.n_features, n_levels), np.int64)
        np.add.at(table, (model.feature[inner], levels[inner]), 1)
        shares = table / np.maximum(table.sum(axis=0), 1)
        names = self._feature_names(model)
        return dict(zip(names, shares, strict=True)), dict(zip(names, table, strict=True))

    def __repr__(self) -> str:
        lines = [f"Classifier type: {type(self).__name__}"]
        if self.model is None:
            return "\n".join([*lines, "Not trained yet"])
        lines += [
            f"Features: {self.feature_specification}",
            f"Ground truth dimensions: {self.num_ground_truth_dimensions or 'not known'}",
            f"Maximum depth: {self.max_depth}",
            f"Number of trees: {self.model.n_trees}",
            f"Number of classes: {self.num_classes}",
            f"Number of features: {self.num_features}",
        ]
        return "\n".join(lines)

    def _feature_names(self, model: ClModel) -> list[str]:
        names = model.header.features or tuple(f"i{i}" for i in range(model.n_features))
        ends = ["" if c == 0 else f"_{c}" for c in range(-(-model.n_features // len(names)))]
        return [f"{name}{end}" for end in ends for name in names][: model.n_features]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the features as their measurements are called, in the order of the trees."""
        return tuple(self._feature_names(self.trained_model()))

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        include_rows: bool = False,
    ) -> None:
        """Write a ``.brushwood`` model file; `brushwood.load` reads it. Rows are not stored."""
        from brushwood.models import save

        save(self, path, overwrite=overwrite)

    def trained_model(self) -> ClModel:
        """Return the trees, or raise `sklearn.exceptions.NotFittedError`."""
        if self.model is None:
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(
                f"This {type(self).__name__} has no trees yet. Call train, or name a .cl file that "
                "exists."
            )
        return self.model

    def _read(self, path: Path) -> None:
        model = read_cl(path)
        if not self.accepts(model.header):
            raise ModelFileError(
                f"Cannot open the classifier {str(path)!r}: it holds APOC's "
                f"{model.header.classifier or 'classifier of an unknown kind'}, not "
                f"{self.kind}. Open it with brushwood.apoc.load."
            )
        self.take(model)

    def take(self, model: ClModel, columns: Sequence[str] = ()) -> None:
        """Go on with a model that was read.

        Parameters
        ----------
        model : ClModel
        columns : sequence of str
            Names of the features, where the header's are others.
        """
        self.model = model
        if model.header.max_depth:
            self.max_depth = model.header.max_depth
        self.num_ensembles = model.header.n_trees or model.n_trees

    def _check_target(self) -> None:
        """Complain before training if its result could not be written."""
        if self.opencl_filename is not None:
            check_target(self.opencl_filename, overwrite=self.overwrite or self._is_own_file)

    def _finish(self, model: ClModel, job: Job) -> Self:
        """Keep what was trained, and write it where the user said."""
        self.model = model
        if self.opencl_filename is not None:
            may_replace = self.overwrite or self._is_own_file
            self.to_opencl_file(self.opencl_filename, overwrite=may_replace, job=job)
        return self

    def _params(self) -> ForestParams:
        """Return parameters that grow the trees of ``RandomForestClassifier(random_state=0)``."""
        return ForestParams(
            kind="random",
            n_trees=self.num_ensembles,
            max_depth=self.max_depth,
            max_features="sqrt",
            seed=0,
            max_rows=_MOST_ROWS,
        )

    def _grow(
        self,
        X: npt.NDArray[Any],
        y: npt.NDArray[Any],
        names: Sequence[str],
        ndim: int,
        job: Job,
        positive_class: int | None = None,
    ) -> ClModel:
        """Train on rows; those with a number that is none are left out, as in APOC."""
        good = np.isfinite(X).all(axis=1)
        if not good.any():
            raise InputError(
                "There is nothing to train on: every annotated row has a measurement that is not "
                "defined. Annotate larger objects, or choose other features."
            )
        forest = grow(X[good].astype(np.float32), y[good].astype(np.int64), self._params(), job)
        header = ClHeader(
            classifier=self.kind,
            features=tuple(names),
            ndim=ndim,
            positive_class=positive_class,
        )
        return forest_to_cl(forest, header)


def _levels(model: ClModel) -> npt.NDArray[np.int64]:
    """Return how many questions come before each node; children lie behind their parents."""
    levels = np.zeros(model.n_nodes, np.int64)
    for node in np.flatnonzero(model.feature != LEAF):
        levels[model.left[node]] = levels[model.right[node]] = levels[node] + 1
    return levels
