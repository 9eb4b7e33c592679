"""The classes that a user paints: ids that never move, names and colours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from brushwood.errors import InputError

#: Okabe and Ito's colours for colour-blind readers, in the order in which classes take them.
#: https://jfly.uni-koeln.de/color/
OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#999999",
)
#: Largest class id, because class images are stored in one byte a pixel.
LARGEST_ID = 255


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class.

    Attributes
    ----------
    id : int
        Value in the annotation and in the result, 1 to 255.
    name : str
    colour : str
        ``#RRGGBB``.
    """

    id: int
    name: str
    colour: str


Classes = tuple[ClassInfo, ...]


def colour_of(class_id: int) -> str:
    """Return the default colour of a class id; the palette repeats after eight."""
    return OKABE_ITO[(class_id - 1) % len(OKABE_ITO)]


def default_classes() -> Classes:
    """Return the two classes that a new project starts with."""
    return (
        ClassInfo(1, "background", colour_of(1)),
        ClassInfo(2, "foreground", colour_of(2)),
    )


def named_classes(names: Mapping[int, str], colours: Mapping[int, str] | None = None) -> Classes:
    """Return classes for ids with names, in the order of the ids."""
    colours = colours or {}
    return tuple(ClassInfo(i, names[i], colours.get(i) or colour_of(i)) for i in sorted(names))


def find_class(classes: Classes, class_id: int) -> ClassInfo | None:
    """Return the class with this id, or None."""
    return next((c for c in classes if c.id == class_id), None)


def added(classes: Classes, name: str = "") -> Classes:
    """Return the classes with one more, at the smallest id above those in use.

    Raises
    ------
    InputError
        If there are 255 classes.
    """
    taken = {c.id for c in classes}
    above = max(taken, default=0) + 1
    free = (
        above
        if above <= LARGEST_ID
        else next((i for i in range(1, LARGEST_ID + 1) if i not in taken), 0)
    )
    if not free:
        raise InputError(
            f"There are {LARGEST_ID} classes, which is the most that one byte a pixel holds. "
            "Delete one first."
        )
    return (*classes, ClassInfo(free, name.strip() or f"class {free}", colour_of(free)))


def renamed(classes: Classes, class_id: int, name: str) -> Classes:
    """Return the classes with one name changed.

    Raises
    ------
    InputError
        If the name is empty or another class has it.
    """
    name = name.strip()
    if not name:
        raise InputError("A class needs a name. Type at least one letter.")
    if any(c.name == name and c.id != class_id for c in classes):
        raise InputError(f"Another class is called {name!r} already. Choose a different name.")
    return tuple(replace(c, name=name) if c.id == class_id else c for c in classes)


def recoloured(classes: Classes, class_id: int, colour: str) -> Classes:
    """Return the classes with one colour changed."""
    return tuple(replace(c, colour=colour) if c.id == class_id else c for c in classes)


def removed(classes: Classes, class_id: int) -> Classes:
    """Return the classes without one. The others keep their ids."""
    return tuple(c for c in classes if c.id != class_id)


def completed(classes: Classes, ids: Iterable[int], known: Mapping[int, ClassInfo]) -> Classes:
    """Return the classes with those added that occur in an annotation and are not listed.

    Parameters
    ----------
    known : mapping of id to class
        What a class was called before it was deleted, so that undo brings back its name.
    """
    have = {c.id for c in classes}
    missing = [i for i in ids if i not in have and 0 < i <= LARGEST_ID]
    found = [known.get(i) or ClassInfo(i, f"class {i}", colour_of(i)) for i in missing]
    return tuple(sorted((*classes, *found), key=lambda c: c.id)) if found else classes
