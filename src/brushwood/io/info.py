"""What a model file says about itself, for a list on the screen or as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brushwood.forest.params import ForestParams
from brushwood.io.kinds import Document

Lines = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class in a model file.

    Attributes
    ----------
    id : int
        The annotation's value.
    name, color : str or None
        Color as ``#rrggbb``.
    is_trained : bool
        Whether the forest knows it; others were named, but nothing was annotated.
    """

    id: int
    name: str | None
    color: str | None
    is_trained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What every model file says; kinds add their own.

    Attributes
    ----------
    path : Path
    kind : str
        For example ``"pixel-classifier"``.
    version : int
        Of the file's format.
    n_bytes : int
        Size of the file.
    classes : tuple of ClassEntry
    provenance : mapping
        Versions, seed, date and what was learned from, as they were recorded.
    """

    path: Path
    kind: str
    version: int
    n_bytes: int
    classes: tuple[ClassEntry, ...]
    provenance: Mapping[str, Any]

    def lines(self) -> Lines:
        """Return the kind's own lines for the screen, a label and a text each."""
        return []

    @property
    def untrained(self) -> str:
        """What is said of a class that the forest does not know."""
        return "not annotated"

    def annotated(self) -> dict[str, str]:
        """Return what was annotated of each class, by id, for example ``{"1": "120 px"}``."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestInfo(ModelInfo):
    """What a file with a forest says.

    Attributes
    ----------
    forest : ForestParams
    n_trees, n_nodes, n_features : int
    n_rows : int
        Stored training rows.
    """

    forest: ForestParams
    n_trees: int
    n_nodes: int
    n_features: int
    n_rows: int

    def forest_line(self) -> tuple[str, str]:
        """Return the line that describes the forest."""
        depth = "any depth" if self.forest.max_depth is None else f"depth {self.forest.max_depth}"
        kind = {"extra": "extremely randomised", "random": "random forest"}[self.forest.kind]
        return "forest", f"{self.n_trees} trees, {kind}, {depth}, {self.n_nodes:,} nodes"

    def rows_text(self) -> str:
        """Return how many rows are stored."""
        return f"{self.n_rows:,} stored" if self.n_rows else "not stored"


def heading(path: Path, n_bytes: int, document: Document, trained: list[int] | None) -> Document:
    """Return the arguments that `ModelInfo` takes, by name."""
    return {
        "path": path,
        "kind": document["kind"],
        "version": document["version"],
        "n_bytes": n_bytes,
        "classes": tuple(
            ClassEntry(c["id"], c["name"], c["color"], trained is None or c["id"] in trained)
            for c in document["classes"]
        ),
        "provenance": document["provenance"],
    }


def forest_values(document: Document) -> Document:
    """Return the arguments that `ForestInfo` adds, from the document's ``forest`` and arrays."""
    shapes = {name: entry["shape"] for name, entry in document["arrays"].items()}
    return {
        "forest": ForestParams.from_json(document["forest"]),
        "n_trees": shapes["forest/roots"][0],
        "n_nodes": shapes["forest/feature"][0],
        "n_features": shapes["forest/importances"][0],
        "n_rows": shapes.get("rows/classes", (0,))[0],
    }
