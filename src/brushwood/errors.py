"""The error tree: everything that a user can repair derives from `BrushwoodError`.

Each leaf is also the builtin that a stranger would catch. A message says what failed, what was
expected, what came, and what to do.
"""


class BrushwoodError(Exception):
    """Something the user can repair."""


class InputError(BrushwoodError, ValueError):
    """Data or a parameter does not fit the work asked for."""


class ShapeMismatchError(InputError):
    """Two arrays that belong together differ in shape."""


class FeatureMismatchError(InputError):
    """A model and an image do not agree on channels or dimensions."""


class TableMismatchError(InputError):
    """A model and a table do not agree on columns or units."""


class AnnotationError(InputError):
    """An annotation cannot be trained on: no strokes, one class, floats, negative ids."""


class UnknownFilterError(InputError, KeyError):
    """A feature set names a filter that is not registered."""

    def __str__(self) -> str:
        # KeyError would show the message in quotes, as if it were a key.
        return str(self.args[0]) if self.args else ""


class UnknownMeasurementError(InputError, KeyError):
    """A name is neither a column, nor a measurement, nor a group of measurements."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ModelFileError(BrushwoodError, ValueError):
    """A model file is damaged, foreign, too large or from a newer version."""


class ImageFileError(BrushwoodError, ValueError):
    """An image file cannot be read or its axes are not understood."""


class TableFileError(BrushwoodError, ValueError):
    """A table file is damaged, foreign or too large."""


class RecipeError(BrushwoodError, ValueError):
    """A recipe is damaged, foreign, from a newer version, or its models are missing or changed.

    Attributes
    ----------
    problems : tuple of str
        Each problem by itself.
    """

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems or (message,)


class MissingPackageError(BrushwoodError, ImportError):
    """An optional package is not installed."""


class OutputExistsError(BrushwoodError, FileExistsError):
    """A file stands where the result should go, and overwriting was not asked for."""


class OutputError(BrushwoodError, OSError):
    """A result cannot be written: read-only or full target."""


class DeviceError(BrushwoodError, RuntimeError):
    """An OpenCL device failed."""


class NoDeviceError(DeviceError):
    """No OpenCL device was found, or not the one asked for."""


class DeviceMemoryError(DeviceError, MemoryError):
    """The smallest possible block does not fit into the device's memory."""


class WorkerLostError(BrushwoodError, RuntimeError):
    """A worker process ended in the middle of the same piece of work again and again."""


class SchedulerError(BrushwoodError, ConnectionError):
    """A cluster's scheduler cannot be reached, or its workers cannot do the work."""
