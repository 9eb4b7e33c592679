"""One selection for image, table and plot."""

from brushwood.session.selection import Selected, SelectionState


def test_a_selection_tells_once_and_rests_when_mirrored():
    state, heard = SelectionState(), []
    state.events.selected.connect(heard.append)
    state.events.selected.connect(lambda now: state.select(now.layer, now.labels, now.current))
    state.select("layer", frozenset({3, 7}), 7)
    assert heard == [Selected("layer", frozenset({3, 7}), 7)]


def test_the_current_object_is_one_of_the_selected():
    state = SelectionState()
    state.select("layer", frozenset({3}), 9)
    assert state.selected.current == 0
    state.clear()
    assert state.selected == Selected()
