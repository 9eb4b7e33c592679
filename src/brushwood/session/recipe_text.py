"""What the window says about a recipe."""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brushwood.session.recipes import RecipeDraft

_UNFIT = re.compile(r"[^\w.-]+")


def summary_html(draft: "RecipeDraft") -> str:
    """Return what a recipe holds and what it leaves out, as two lists."""
    parts = []
    if draft.included:
        parts.append(f"<b>The recipe does with any image</b>{_list(draft.included)}")
    if draft.missing:
        title = "Not part of it" if draft.included else "Nothing to save yet"
        parts.append(f"<b>{title}</b>{_list(draft.missing)}")
    return "".join(parts)


def _list(sentences: tuple[str, ...]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul style="margin-left: 0; -qt-list-indent: 1">{items}</ul>'


def saved_text(path: Path, draft: "RecipeDraft") -> str:
    """Say what was saved and how to use it."""
    return f"Saved {path.name}. Apply it to folders with Batch or brushwood run.{_left(draft)}"


def script_text(files: Sequence[Path], draft: "RecipeDraft") -> str:
    """Say which files a script consists of."""
    names = " and ".join(path.name for path in files[1:])
    return f"Saved {files[0].name} with {names} beside it.{_left(draft)}"


def copied_text(draft: "RecipeDraft") -> str:
    """Say what is on the clipboard."""
    if draft.recipe is None:
        return " ".join(draft.missing)
    return (
        "A Python script of the whole chain is on the clipboard. It needs its models beside it: "
        f"Save recipe writes both under a name that ends in .py.{_left(draft)}"
    )


def _left(draft: "RecipeDraft") -> str:
    n = len(draft.missing)
    if not n:
        return ""
    return (
        f" {n} thing{'s' * (n != 1)} of this window cannot be part of it; Save recipe lists them."
    )


def file_name(draft: "RecipeDraft") -> str:
    """Return a name for the file."""
    name = draft.recipe.name if draft.recipe is not None else ""
    stem = _UNFIT.sub("_", name).strip("._")
    return f"{stem or 'recipe'}.json"
