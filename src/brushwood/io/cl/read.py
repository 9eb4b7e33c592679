"""Read a ``.cl`` file: a strict grammar, limits before memory is taken, nothing is compiled."""

import os
from dataclasses import replace
from pathlib import Path

from brushwood.errors import ModelFileError
from brushwood.forest.forest import MAX_CLASSES, MAX_FEATURES
from brushwood.io.cl.grammar import Cursor
from brushwood.io.cl.header import ClHeader, parse_header
from brushwood.io.cl.model import ClModel
from brushwood.io.cl.problem import ClProblem
from brushwood.io.cl.trees import read_trees
from brushwood.jobs import IDLE, Job

#: Largest file that is read. A thousand trees of depth 10 stay below it.
MOST_BYTES = 64 << 20


def read_cl(path: str | os.PathLike[str], job: Job = IDLE) -> ClModel:
    """Read APOC's classifier from a ``.cl`` file.

    Parameters
    ----------
    path : path
    job : Job

    Returns
    -------
    ClModel

    Raises
    ------
    ModelFileError
        If the file is missing, too large, cut off, or holds anything that APOC does not write.
    """
    source = Path(path)
    try:
        return parse_cl(_text(source), job)
    except ClProblem as problem:
        raise ModelFileError(
            f"Cannot open the classifier {str(source)!r}: {problem}. {problem.advice}"
        ) from problem


def parse_cl(text: str, job: Job = IDLE) -> ClModel:
    """Read the text of a ``.cl`` file.

    Raises
    ------
    ClProblem
        Saying what is wrong, without a path.
    """
    header, cursor = _header(text)
    n_features, n_classes = _declarations(cursor)
    _check(header.n_features, n_features, "features", "inputs")
    _check(header.n_classes, n_classes, "classes", "sums of votes")
    trees = read_trees(cursor, n_features, n_classes, job)
    probability = _ending(cursor, n_classes)
    if cursor.text[cursor.at :].strip():
        raise cursor.unexpected("nothing was expected behind the kernel")
    return ClModel(
        header=replace(header, n_features=n_features, n_classes=n_classes),
        feature=trees.feature,
        threshold=trees.threshold,
        left=trees.left,
        right=trees.right,
        weights=trees.weights,
        roots=trees.roots,
        n_features=n_features,
        probability_class=probability,
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MOST_BYTES:
                raise ClProblem(
                    f"it has {size >> 20} MiB, and files up to {MOST_BYTES >> 20} MiB are read",
                    "Train it again with fewer trees or a smaller depth.",
                )
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ClProblem("there is no such file", "Check the path.") from None
    except IsADirectoryError:
        raise ClProblem("it is a folder", "Choose a .cl file.") from None
    except PermissionError:
        raise ClProblem("it must not be read", "Change its permissions.") from None
    except OSError as error:
        raise ClProblem(f"the file cannot be opened ({error})", "Try again.") from error
    if len(data) > MOST_BYTES or b"\0" in data[:4096]:
        raise ClProblem("it is no text file", "Choose a .cl file that APOC wrote.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Windows writes names of columns in its own alphabet; all else is ASCII.
        return data.decode("cp1252", errors="replace")


def _header(text: str) -> tuple[ClHeader, Cursor]:
    begin = len(text) - len(text.lstrip())
    if text.startswith("__kernel", begin):
        return ClHeader(), Cursor(text, begin)
    if not text.startswith("/*", begin):
        raise ClProblem("it is not an APOC classifier", "Choose a .cl file that APOC wrote.")
    end = text.find("*/", begin + 2)
    if end < 0:
        raise ClProblem("it is cut off within its header", "Get a complete copy of the file.")
    return parse_header(text[begin + 2 : end]), Cursor(text, end + 2)


def _declarations(cursor: Cursor) -> tuple[int, int]:
    """Read what stands before the trees; return the numbers of features and classes."""
    if cursor.take("__kernel~void~predict (") is None:
        raise cursor.unexpected("the kernel 'predict' was expected")
    n = cursor.repeated("IMAGE_in#_TYPE~in# ,", MAX_FEATURES, "input")
    cursor.expect("IMAGE_out_TYPE~out ) {")
    cursor.take("const~")
    cursor.expect(
        "sampler_t~sampler = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | "
        "CLK_FILTER_NEAREST ;"
    )
    for number, axis in enumerate("xyz"):
        cursor.expect(f"const~int~{axis} = get_global_id ( # ) ;", number)
    read = "float~i# = READ_IMAGE ( in# , sampler , POS_in#_INSTANCE ( x , y , z , 0 ) ) . x ;"
    if n == 0 or cursor.repeated(read, MAX_FEATURES, "feature") != n:
        raise cursor.unexpected(f"one feature for each of {n} inputs was expected")
    classes = cursor.repeated("float~s# = 0 ;", MAX_CLASSES, "class")
    if classes == 0:
        raise cursor.unexpected("'float s0=0;' was expected")
    return n, classes


def _ending(cursor: Cursor, n_classes: int) -> int | None:
    """Read what stands behind the trees; return the class whose probability is written, or None."""
    write = "WRITE_IMAGE ( out , POS_out_INSTANCE ( x , y , z , 0 ) ,"
    if cursor.take("float~max_s = s0 ;") is not None:
        cursor.expect("int~cls = 1 ;")
        for one in range(1, n_classes):
            cursor.expect("if ( max_s < s# ) { max_s = s# ; cls = # ; }", one, one, one + 1)
        cursor.expect(f"{write} cls ) ; }}")
        return None
    if cursor.take("float~sum_s = s0 ;") is None:
        raise cursor.unexpected("a question, a vote or the end of the trees was expected")
    cursor.take("int~cls = 1 ;")
    for one in range(1, n_classes):
        cursor.expect("sum_s = sum_s + s# ;", one)
    found = cursor.take(f"{write} s# / sum_s ) ; }}")
    if found is None:
        raise cursor.unexpected("the probability of a class was expected")
    if found[0] >= n_classes:
        raise ClProblem(f"it writes the probability of class {found[0] + 1}, but has {n_classes}")
    return found[0] + 1


def _check(declared: int | None, found: int, what: str, name: str) -> None:
    if declared is not None and declared != found:
        raise ClProblem(f"its header says {declared} {what}, but its kernel has {found} {name}")
