"""A model that a recipe names: a file beside it, or the file's bytes inside it."""

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from brushwood.errors import ModelFileError, RecipeError

#: Endings of model files.
SUFFIXES = (".brushwood", ".cl")

_Model = TypeVar("_Model")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model file, and what its bytes must be. Make one with `of`.

    Attributes
    ----------
    name : str
        The file's name, for people and for its ending (``.brushwood`` or ``.cl``).
    path : str or None
        Where the file is, absolute; None if it is embedded.
    sha256 : str or None
        Of the file's bytes; None in a recipe written by hand that does not say.
    data : bytes or None
        The file itself.
    """

    name: str
    path: str | None = None
    sha256: str | None = None
    data: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, model: Any) -> "ModelRef":
        """Name a model.

        Parameters
        ----------
        model : path, PixelClassifier, ObjectClassifier or ModelRef
            A file is referred to, a model in memory is embedded (without its training rows).

        Raises
        ------
        RecipeError
            If the file does not exist.
        InputError, NotFittedError
            If the model cannot be saved.
        """
        if isinstance(model, ModelRef):
            return model
        if isinstance(model, str | os.PathLike):
            path = Path(model).absolute()
            return cls(path.name, str(path), _hash_of_file(path))
        return cls.embedding(_saved(model), f"{model.model_kind}.brushwood")

    @classmethod
    def embedding(cls, data: bytes, name: str) -> Self:
        """Return a reference that carries a model file's bytes."""
        return cls(name, None, hashlib.sha256(data).hexdigest(), data)

    @property
    def where(self) -> str:
        """What messages call it."""
        return f"the embedded model {self.name!r}" if self.path is None else repr(self.path)

    def check(self) -> str:
        """Return the SHA-256 of the model's bytes.

        Raises
        ------
        RecipeError
            If the file is missing, cannot be read, or has changed since the recipe was made.
        """
        found = (
            hashlib.sha256(self.data).hexdigest()
            if self.data is not None
            else _hash_of_file(Path(self.path or self.name))
        )
        if self.sha256 is not None and found != self.sha256:
            raise RecipeError(
                f"The model {self.where} is not the one that the recipe was made with: its SHA-256 "
                f"is {found[:12]}…, but the recipe expects {self.sha256[:12]}…. Bring back the "
                "earlier file, or choose this model anew and save the recipe again."
            )
        return found

    def embedded(self) -> "ModelRef":
        """Return the same model with its bytes inside.

        Raises
        ------
        RecipeError
            As `check`.
        """
        if self.data is not None:
            return self
        self.check()
        path = Path(self.path or self.name)
        try:
            return ModelRef.embedding(path.read_bytes(), self.name)
        except OSError as error:
            raise _unreadable(path, error) from error

    def load(self, expected: type[_Model]) -> _Model:
        """Read the model.

        Raises
        ------
        RecipeError
            As `check`, or if it is no model of the expected kind.
        """
        from brushwood.models import load

        self.check()
        try:
            if self.data is None:
                return load(self.path or self.name, expected)
            with tempfile.TemporaryDirectory(prefix="brushwood-") as folder:
                # The name comes from a stranger: only its ending is used.
                file = Path(folder) / f"model{Path(self.name).suffix}"
                file.write_bytes(self.data)
                return load(file, expected)
        except ModelFileError as error:
            said = str(error).replace("Cannot open the model", "", 1).partition(": ")[2]
            raise RecipeError(
                f"The recipe's model {self.where} cannot be used: {said or error}"
            ) from error


def _saved(model: Any) -> bytes:
    """Return the bytes of a model's file."""
    from brushwood.models import save

    with tempfile.TemporaryDirectory(prefix="brushwood-") as folder:
        return save(model, Path(folder) / "model.brushwood", include_rows=False).read_bytes()


def _hash_of_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def _unreadable(path: Path, error: OSError) -> RecipeError:
    if isinstance(error, FileNotFoundError):
        return RecipeError(
            f"The model {str(path)!r} is missing. Put it back where the recipe expects it, or save "
            "the recipe with its models embedded."
        )
    return RecipeError(
        f"The model {str(path)!r} cannot be read ({error.strerror or error}). Check that it is a "
        "file and may be read."
    )
