"""The sentences of the status line."""

from collections.abc import Mapping, Sequence
from math import isnan

from brushwood.session.classes import Classes


def duration(seconds: float) -> str:
    """Write a time: ``0.18 s``, ``12 s``, ``3 min 20 s``."""
    if seconds < 9.95:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def share(fraction: float) -> str:
    """Write a share: ``34%``; what is begun is not nothing, and what is missing not everything."""
    if 0 < fraction < 0.01:
        return "less than 1%"
    return f"{min(fraction, 0.99) if fraction < 1 else 1:.0%}"


def counts_text(counts: Mapping[int, int], classes: Classes) -> str:
    """Write annotated pixels: ``background 820 px, nuclei 420 px``."""
    return ", ".join(f"{c.name} {counts[c.id]:,} px" for c in classes if counts.get(c.id))


def device_text(name: str) -> str:
    """Shorten a device's name: trade marks and clock rates say nothing here."""
    words = name.replace("(R)", "").replace("(TM)", "").split("@")[0].split()
    kind = words[-1] if words and words[-1] in {"(CPU)", "(GPU)"} else ""
    if name.endswith("(CPU)"):
        kind = "(CPU)"
    stop = {"CPU", "Processor", "(CPU)", "(GPU)", "with"}
    kept = []
    for word in words:
        if word in stop or word.endswith(("-Core", "-Cores")):
            break
        kept.append(word)
    return " ".join([*kept, kind]).strip() or name


def updated(
    seconds: float, counts: Mapping[int, int], classes: Classes, device: str, rest: int = 0
) -> str:
    """Describe a finished update.

    Parameters
    ----------
    rest : int
        Annotated pixels that the forest did not see because of the cap on rows.
    """
    parts = [f"Updated in {duration(seconds)}", counts_text(counts, classes)]
    if rest:
        parts.append(f"{rest:,} px left out by the cap")
    return " · ".join(part for part in [*parts, device_text(device)] if part)


def planes(n: int, seconds: float = float("nan")) -> str:
    """Describe the size of a feature set: ``15 planes · 0.08 s``."""
    text = "1 plane" if n == 1 else f"{n} planes"
    return text if isnan(seconds) else f"{text} · about {duration(seconds)} a view"


def listing(names: Sequence[str], nothing: str = "nothing") -> str:
    """Join names for a summary line."""
    return ", ".join(names) or nothing
