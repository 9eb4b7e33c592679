"""Tables as files: nothing is lost on the way, and strangers' files are answered clearly."""

import importlib
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brushwood.errors import (
    InputError,
    MissingPackageError,
    OutputError,
    OutputExistsError,
    TableFileError,
)
from brushwood.io import csvfile
from brushwood.io.tables import check_table_target, read_table, write_table
from brushwood.jobs import Cancelled, Job
from brushwood.tables import measurement_of, units_of, with_measurement, with_units

ENDINGS = ["csv", "tsv", "txt", "parquet"]


def _table():
    return with_units(
        pd.DataFrame(
            {
                "label": [1, 5, 2**31 - 1],
                "area": [1.1, np.nan, 1e-300],
                "mean": [0.1 + 0.2, np.inf, -np.inf],
                "who": ['a,b\n"c"', "NA", ""],
                "big": [2**62, -1, 0],
                "is round": [True, False, True],
                "w [x]": [1.0, 2.0, 3.0],
            }
        ),
        {"area": "µm²", "mean": "a.u."},
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_numbers_text_and_units_come_back(tmp_path, ending):
    table = _table()
    written = write_table(table, tmp_path / f"t.{ending}")
    assert written == tmp_path / f"t.{ending}"
    back = read_table(written)
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    kept = {name: unit for name, unit in units_of(back).items() if unit}
    assert kept == {"area": "µm²", "mean": "a.u."}
    assert [path.name for path in tmp_path.iterdir()] == [f"t.{ending}"]


def test_headers_tell_units_in_utf8(tmp_path):
    write_table(_table(), tmp_path / "t.csv")
    head = (tmp_path / "t.csv").read_bytes().split(b"\n")[0].decode("utf-8")
    assert head.strip() == "label,area [µm²],mean [a.u.],who,big,is round,w [x] []"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_table_without_rows_keeps_its_columns(tmp_path, ending):
    table = with_units(pd.DataFrame({"label": np.zeros(0, int), "area": []}), {"area": "px²"})
    back = read_table(write_table(table, tmp_path / f"t.{ending}"))
    pd.testing.assert_frame_equal(back, table)
    assert units_of(back) == {"area": "px²"}


def test_parquet_keeps_units_without_dimension_and_how_it_was_measured(tmp_path):
    table = with_units(_table(), {"mean": ""})
    table = with_measurement(table, 2, channels=("DNA", "actin"))
    back = read_table(write_table(table, tmp_path / "t.parquet"))
    assert units_of(back)["mean"] == ""
    assert measurement_of(back) == measurement_of(table)


def test_a_single_column_with_a_gap_keeps_its_rows(tmp_path):
    table = pd.DataFrame({"area": [1.0, np.nan, 3.0]})
    pd.testing.assert_frame_equal(read_table(write_table(table, tmp_path / "t.csv")), table)


def test_an_index_with_a_name_becomes_a_column(tmp_path):
    table = pd.DataFrame({"area": [1.0, 2.0]}, index=pd.Index([4, 9], name="label"))
    back = read_table(write_table(table, tmp_path / "t.csv"))
    assert back["label"].tolist() == [4, 9]


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)


@given(
    names=st.lists(_TEXT.filter(lambda t: t.strip() == t), min_size=1, max_size=4, unique=True),
    rows=st.lists(st.tuples(st.floats(), _TEXT), min_size=1, max_size=5),
)
def test_any_names_and_cells_come_back(tmp_path_factory, names, rows):
    path = tmp_path_factory.mktemp("t") / "t.csv"
    table = pd.DataFrame({f"n{name}": [number for number, _ in rows] for name in names})
    table["text"] = [f"x{text}" for _, text in rows]
    back = read_table(write_table(table, path))
    pd.testing.assert_frame_equal(back, table, check_exact=True)


def test_existing_files_are_kept_unless_told(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("precious")
    for attempt in (write_table, lambda _, target: check_table_target(target)):
        with pytest.raises(OutputExistsError, match="was left as it is"):
            attempt(_table(), path)
    assert path.read_text() == "precious"
    write_table(_table(), path, overwrite=True)
    assert len(read_table(path)) == 3


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csvfile, "_cells", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_table(_table(), tmp_path / "t.csv")
    assert list(tmp_path.iterdir()) == []


def test_writing_reports_and_a_cancelled_file_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "_CELLS", 8)
    table, seen = _table(), []
    write_table(table, tmp_path / "t.csv", job=Job(lambda part, _: seen.append(part)))
    assert seen == [0, 1 / 3, 2 / 3]
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.csv"), table, check_exact=True)
    job = Job(lambda part, _: part > 0.5 and job.cancel())
    with pytest.raises(Cancelled):
        write_table(pd.concat([table] * 2), tmp_path / "u.csv", job=job)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("table", "name", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "t.csv", "2 columns have the name 'a'"),
        (pd.DataFrame([[1]], columns=[" "]), "t.csv", "A column has the name ' '"),
        (pd.DataFrame({"a": [1]}), "t.xlsx", "tables are written as .csv"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path, table, name, message):
    with pytest.raises(InputError, match=message):
        write_table(table, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        write_table(_table(), tmp_path / "no" / "t.csv")


def test_without_pyarrow_the_message_says_what_to_install(tmp_path, monkeypatch):
    real = importlib.import_module

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    for attempt in (lambda p: write_table(_table(), p), read_table, check_table_target):
        with pytest.raises(MissingPackageError, match=r"pip install pyarrow.*\.csv"):
            attempt(tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1,5;2\n", {"a": [1.5], "b": [2]}),
        ("a;b\n1.5;x\n", {"a": [1.5], "b": ["x"]}),
        ("a\tb\n1\t\n", {"a": [1], "b": [np.nan]}),
        ("a,b\r\n1,NA\r\n\r\n2,3\r\n", {"a": [1, 2], "b": [np.nan, 3]}),
        ('"a, b","c"\n1,"x;y"\n', {"a, b": [1], "c": ["x;y"]}),
        (",area\n1,5\n2,6\n", {"row": [1, 2], "area": [5, 6]}),
        ("a,b\n1,<0.5\n2,7\n", {"a": [1, 2], "b": ["<0.5", "7"]}),
        ("a\n007\nx\n", {"a": ["007", "x"]}),
        ("area [px²],area [µm²]\n4,1\n", {"area [px²]": [4], "area [µm²]": [1]}),
        ("label\n99999999999999999999999\n", {"label": ["99999999999999999999999"]}),
    ],
)
def test_tables_of_other_programs(tmp_path, text, expected):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    table = read_table(path)
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_encodings_are_understood(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("area [µm²],b\n1,ü\n".encode(encoding))
    table = read_table(path)
    assert list(table) == ["area", "b"]
    assert units_of(table) == {"area": "µm²"}
    assert table["b"].tolist() == ["ü"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no line of headers"),
        (b"\n\n", "no line of headers"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells, but there are 2 headers"),
        (b"a,b\n1,2,3\n", "line 2 has 3 cells"),
        (b"a,b,a\n1,2,3\n", "two columns are headed 'a'"),
        (b"a,,b\n1,2,3\n", "column 2 has no header"),
        (b"1,2\n3,4\n", "first line holds numbers"),
        (b"a,b\n1,\xb5\n", "not in UTF-8"),
        (b"\xb5m,b\n1,2\n", "not in UTF-8"),
        (b"PK\x03\x04\0\0\0\0", "it is no text"),
        (b'a,b\n1,"2\n3,4\n' + b"x" * 200_000, "line"),
        (b'a,b\n1,"2\n3,4\n', "unexpected end of data"),
        (b",".join(b"c%d" % i for i in range(100_001)), "100,001 columns"),
    ],
)
def test_bad_files_are_answered_with_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableFileError, match=message) as failure:
        read_table(path)
    assert str(path) in str(failure.value)


def test_missing_foreign_and_huge_files(tmp_path):
    with pytest.raises(TableFileError, match="no such file"):
        read_table(tmp_path / "t.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(TableFileError, match="folder"):
        read_table(tmp_path / "d.csv")
    (tmp_path / "t.xlsx").write_bytes(b"x")
    with pytest.raises(TableFileError, match="not known"):
        read_table(tmp_path / "t.xlsx")
    (tmp_path / "t.csv").write_text("a\n1\n2\n")
    with pytest.raises(TableFileError, match="more than the limit of 5"):
        read_table(tmp_path / "t.csv", max_bytes=5)
    with (tmp_path / "h.csv").open("wb") as file:
        file.truncate((4 << 30) + 1)
    assert os.stat(tmp_path / "h.csv").st_blocks < 100
    with pytest.raises(TableFileError, match="more than the limit"):
        read_table(tmp_path / "h.csv")


def test_bad_parquet_files(tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    write_table(_table(), path)
    content = path.read_bytes()
    for broken in (b"", b"garbage" * 50, content[: len(content) // 2], content[:-3] + b"xxx"):
        path.write_bytes(broken)
        with pytest.raises(TableFileError, match="no valid Parquet"):
            read_table(path)
    pq.write_table(pa.table({"a": pa.array([[1], [2, 3]])}), path)
    with pytest.raises(TableFileError, match=r"'a' holds list"):
        read_table(path)
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(TableFileError, match="two columns have one name"):
        read_table(path)
    # A few bytes that announce a million numbers.
    pq.write_table(pa.table({"a": np.zeros(1_000_000)}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(TableFileError, match="unpacks to"):
        read_table(path, max_bytes=1_000_000)


@pytest.mark.parametrize("note", [b"{", b"[1]", b'{"ndim": 7}', b'{"ndim": 2, "channels": [3]}'])
def test_what_makes_no_sense_in_a_parquet_file_s_notes_is_left_out(tmp_path, note):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    table = pa.table({"a": [1.0]}).replace_schema_metadata({b"brushwood.measurement": note})
    pq.write_table(table, path)
    assert measurement_of(read_table(path)) is None
