"""The sentences of the object table."""


def rows_text(shown: int, rows: int, selected: int, *, has_layer: bool = True) -> str:
    """Say how many rows there are: ``1,203 of 100,000 rows · 5 selected``."""
    if not has_layer:
        return "There is no table yet. Open Measure objects, or choose a labels layer."
    if not rows:
        return "This layer has no table yet. Open Measure objects and press Measure."
    text = f"{rows:,} rows" if shown == rows else f"{shown:,} of {rows:,} rows"
    if rows == 1 and shown == 1:
        text = "1 row"
    return f"{text} · {selected:,} selected" if selected else text


def table_text(rows: int, columns: int) -> str:
    """Describe a table in two numbers: ``61 rows, 18 columns``."""
    if not rows:
        return "no table"
    return f"{rows:,} row{'' if rows == 1 else 's'}, {columns} column{'' if columns == 1 else 's'}"


def stale_text() -> str:
    """Say that the labels were changed after they had been measured."""
    return "The labels changed after they were measured: these numbers describe the former objects."
