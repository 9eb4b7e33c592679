"""Options that several commands have, from text to values."""

import argparse


def depth_of(text: str) -> int | None:
    """Return the deepest question of a tree, None for any depth."""
    if text.lower() in ("unlimited", "none"):
        return None
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentError(
            None, f"--depth must be a whole number or 'unlimited', not {text!r}"
        ) from None


def spacing(text: str) -> tuple[float, ...]:
    """Return the size of a pixel along y,x or z,y,x."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) not in (2, 3) or not all(0 < value < 1e30 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size along y,x or z,y,x")
    return values


def class_names(entries: list[str]) -> dict[int, str]:
    """Return names by class id, from entries such as 2=nuclei."""
    names = {}
    for entry in entries:
        number, equals, name = entry.partition("=")
        if not (equals and name and number.strip().isdecimal() and 1 <= int(number) <= 65535):
            raise argparse.ArgumentError(
                None,
                f"--class-name must look like 2=nuclei, with an id of 1 or more, not {entry!r}",
            )
        names[int(number)] = name
    return names
