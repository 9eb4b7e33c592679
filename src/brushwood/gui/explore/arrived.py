"""An answer that came back from a worker, and whom it belongs to."""

from dataclasses import dataclass

from brushwood.session.explore_work import Explained, Explored, Kept, TableSource, Trusted, Why

Answer = Explored | Trusted | Why | Kept | Explained


def explored_of(answer: Answer) -> Explored:
    """Return the exploration that an answer belongs to."""
    if isinstance(answer, Explored):
        return answer
    if isinstance(answer, Explained):
        return answer.request.kept.request.explored
    return answer.request.explored


@dataclass(frozen=True, eq=False, slots=True)
class Arrived:
    """An answer, and the labels as they were when it was ready.

    Attributes
    ----------
    sources : tuple of TableSource
        What it belongs to.
    now : tuple of str
        Fingerprint of each source's labels at the end.
    revisions : mapping of LayerKey to int
        Changes of each layer that the window had seen when the user asked.
    """

    answer: Answer
    sources: tuple[TableSource, ...]
    now: tuple[str, ...]
    revisions: dict[str, int]
