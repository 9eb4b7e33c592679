"""Write the catalogue of measurements into docs/measure.md: ``python scripts/measure_page.py``."""

from pathlib import Path

from brushwood.measure import Measurement, catalog, groups
from brushwood.measure.units import unit_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "measure.md"
BEGIN, END = "<!-- catalogue -->", "<!-- end of catalogue -->"
_EACH = {"space": "an axis", "box": "a side", "class": "a class"}


def lines() -> list[str]:
    """Return the catalogue as Markdown."""
    out = []
    for group in groups():
        out += ["", f"### {group}", "", "| column | what it is | unit | only in | source |"]
        out += ["|---|---|---|---|---|"]
        out += [_row(m) for m in catalog() if m.group == group]
    return [*out, ""]


def _row(m: Measurement) -> str:
    number = "".join(f"_{n:g}" for n in m.numbers[:1])
    title = m.title[0].upper() + m.title[1:]
    title += f"; any number from {m.number_range[0]:g} to {m.number_range[1]:g}" if number else ""
    each = [_EACH[axis] for axis in m.along if axis in _EACH]
    title += f"; one column {' and '.join(each)}" if each else ""
    nan = f" NaN: {m.undefined}." if m.undefined else ""
    units = {ndim: unit_of(m, "µm", True, ndim) for ndim in m.ndim}
    unit = ", ".join(dict.fromkeys(text for text in units.values() if text))
    where = "" if len(m.ndim) == 2 else f"{m.ndim[0]}-D"
    mark = "**" if m.default else ""
    ending = "-0" if set(m.along) & {"space", "box"} else ""
    name = f"{mark}`{m.name}{number}{ending}`{mark}"
    return f"| {name} | {title}.{nan} | {unit} | {where} | {m.source} |"


def main() -> None:
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + "\n".join([BEGIN, *lines(), END]) + after, "utf-8")


if __name__ == "__main__":
    main()
