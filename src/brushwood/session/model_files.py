"""Model files as the window reads and writes them: ``.brushwood``, and APOC's ``.cl``."""

from pathlib import Path

from brushwood.pixels.classifier import PixelClassifier

#: Ending of APOC's files.
CL_SUFFIX = ".cl"


def read_pixel_model(path: Path, ndim: int | None) -> tuple[PixelClassifier, tuple[str, ...]]:
    """Read a pixel classifier.

    Parameters
    ----------
    path : Path
    ndim : {2, 3} or None
        Dimensions to take where an old ``.cl`` file does not say.

    Returns
    -------
    classifier : PixelClassifier
    notes : tuple of str
        What it does not do as the file's own program did, a sentence each.

    Raises
    ------
    ModelFileError
        If the file is damaged, foreign, or holds another kind of model.
    InputError
        If Brushwood cannot compute what a ``.cl`` file asks for.
    """
    if path.suffix.lower() != CL_SUFFIX:
        from brushwood.models import load

        return load(path, PixelClassifier), ()
    from brushwood.apoc.convert import PIXEL_KINDS
    from brushwood.apoc.files import Answers, class_of, load_model
    from brushwood.errors import ModelFileError
    from brushwood.io.cl import read_cl

    contents = read_cl(path)
    kind, unknown = class_of(contents.header, path).kind, contents.header.ndim is None
    if kind not in PIXEL_KINDS:
        raise ModelFileError(
            f"{path.name} holds APOC's {kind}, which does not classify pixels. Choose one of its "
            f"{', '.join(PIXEL_KINDS[:3])}."
        )
    taken = f"The file does not say for how many dimensions it is; {ndim} are taken."
    answers = Answers(ndim=ndim if unknown else None)
    model, notes = load_model(path, answers, contents=contents)
    assert isinstance(model, PixelClassifier)
    return model, (taken, *notes) if unknown else notes


def write_pixel_model(
    classifier: PixelClassifier, path: Path, *, overwrite: bool
) -> tuple[str, ...]:
    """Write a pixel classifier; return what gets lost in a ``.cl`` file, a sentence each."""
    if path.suffix.lower() != CL_SUFFIX:
        classifier.save(path, overwrite=overwrite, include_rows=True)
        return ()
    from brushwood.apoc.files import save_model

    return save_model(classifier, path, overwrite=overwrite)[1]
