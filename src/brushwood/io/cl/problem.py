"""What is wrong with a ``.cl`` file, said without its path."""


class ClProblem(Exception):
    """A part of a sentence that says what is wrong, and advice if there is a special one."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.advice = advice or (
            "Brushwood reads files that APOC 0.1 to 0.14 wrote. Get a fresh copy, or save the "
            "classifier again."
        )
