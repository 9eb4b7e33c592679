import pytest

from brushwood.jobs import Cancelled, Job
from brushwood.workers import IN_TURN


def doubled(item, job):
    job.checkpoint(0.5, "half")
    return 2 * item


def test_answers_come_in_turn_with_progress_by_weight():
    seen = []
    job = Job(lambda fraction, message: seen.append(round(fraction, 6)))
    found = list(IN_TURN.each(doubled, [3, 4], job, "doubling", weights=[1, 3]))
    assert found == [(0, 6), (1, 8)]
    assert seen == [0, 0.125, 0.25, 0.625, 1.0]


def test_cancel_stops_before_the_next_item():
    job, done = Job(), []

    def work(item, part):
        done.append(item)
        job.cancel()
        return item

    with pytest.raises(Cancelled):
        list(IN_TURN.each(work, [1, 2, 3], job))
    assert done == [1]


def test_no_items_give_nothing():
    assert list(IN_TURN.each(doubled, [])) == []
