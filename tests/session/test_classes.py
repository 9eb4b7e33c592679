"""Class ids never move; names, colours and deletions behave."""

import pytest

from brushwood.errors import InputError
from brushwood.session import classes as c


def test_a_project_starts_with_background_and_foreground():
    found = c.default_classes()
    assert [(x.id, x.name) for x in found] == [(1, "background"), (2, "foreground")]
    assert [x.colour for x in found] == list(c.OKABE_ITO[:2])


def test_deleting_does_not_renumber_and_ids_are_not_reused():
    three = c.added(c.default_classes(), "rim")
    two = c.removed(three, 2)
    assert [x.id for x in two] == [1, 3]
    assert [x.id for x in c.added(two)] == [1, 3, 4]


def test_ids_below_are_taken_only_when_the_top_is_reached():
    full = tuple(c.ClassInfo(i, str(i), "#000000") for i in range(2, 256))
    assert c.added(full)[-1].id == 1
    with pytest.raises(InputError, match="255 classes"):
        c.added(c.added(full))


@pytest.mark.parametrize("name", ["", "   "])
def test_a_name_is_needed(name):
    with pytest.raises(InputError, match="needs a name"):
        c.renamed(c.default_classes(), 1, name)


def test_names_are_unique():
    with pytest.raises(InputError, match="'foreground' already"):
        c.renamed(c.default_classes(), 1, "foreground")
    assert c.renamed(c.default_classes(), 1, " sky ")[0].name == "sky"


def test_undo_brings_back_the_name_and_strangers_get_one():
    known = {2: c.ClassInfo(2, "nuclei", "#123456")}
    found = c.completed((c.ClassInfo(1, "background", "#000000"),), [1, 2, 7, 300], known)
    assert [(x.id, x.name) for x in found] == [(1, "background"), (2, "nuclei"), (7, "class 7")]


def test_nothing_missing_gives_the_same_value():
    two = c.default_classes()
    assert c.completed(two, [1, 2], {}) is two
