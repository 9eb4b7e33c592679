import os
import shutil
import subprocess

import pytest

from batch_scenes import leftovers
from brushwood.batch.ledger import Entry, Ledger
from brushwood.batch.lock import only_run
from brushwood.errors import OutputError, OutputExistsError

NAME, MARK, RECIPE = "day/cells", "12-34", "ab" * 32
#: What changes a folder; a run can be ended after each.
CHANGES = ("link", "replace", "rename", "unlink", "rmdir", "mkdir")


def staged(ledger, *, text=b"new"):
    """An input whose results are complete but not placed: two files and a folder."""
    work = ledger.begin(NAME)
    (work / "cells-classes.tif").write_bytes(text)
    (work / "cells-table.csv").write_bytes(text * 2)
    (work / "cells-objects.ome.zarr").mkdir()
    (work / "cells-objects.ome.zarr" / "0").write_bytes(text * 3)
    sizes = {"classes.tif": 1, "table.csv": 2, "objects.ome.zarr": 3}
    outputs = {k: (f"day/cells-{k}", n * len(text)) for k, n in sizes.items()}
    return Entry(NAME, MARK, RECIPE, outputs, {"objects": 3}, ("A note.",)), work


def opened(folder):
    ledger = Ledger(folder / "out")
    ledger.open()
    return ledger


def contents(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_an_entry_comes_back_as_it_was(tmp_path):
    ledger = opened(tmp_path)
    entry, work = staged(ledger)
    assert ledger.complete(NAME, MARK, RECIPE) is None
    ledger.place(entry, work, overwrite=False)
    assert ledger.complete(NAME, MARK, RECIPE) == entry
    assert ledger.complete(NAME, "other", RECIPE) is None
    assert ledger.complete(NAME, MARK, "other") is None
    assert not leftovers(ledger.out)
    assert (ledger.out / "day" / "cells-objects.ome.zarr" / "0").read_bytes() == b"new" * 3


@pytest.mark.parametrize("name", ["cells-classes.tif", "cells-objects.ome.zarr/0"])
def test_a_result_that_is_lost_or_cut_is_not_complete(tmp_path, name):
    ledger = opened(tmp_path)
    ledger.place(*staged(ledger), overwrite=False)
    (ledger.out / "day" / name).write_bytes(b"n")
    assert ledger.complete(NAME, MARK, RECIPE) is None
    (ledger.out / "day" / name).unlink()
    assert ledger.complete(NAME, MARK, RECIPE) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": 3}', '{"outputs": {"a": []}}', "\x00"])
def test_a_damaged_entry_is_no_entry(tmp_path, text):
    ledger = opened(tmp_path)
    ledger.place(*staged(ledger), overwrite=False)
    (path,) = (ledger.folder / "files").iterdir()
    path.write_text(text)
    assert ledger.complete(NAME, MARK, RECIPE) is None


def test_nothing_foreign_is_replaced(tmp_path):
    ledger = opened(tmp_path)
    (ledger.out / "day").mkdir()
    (ledger.out / "day" / "cells-table.csv").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        ledger.place(*staged(ledger), overwrite=False)
    assert (ledger.out / "day" / "cells-table.csv").read_bytes() == b"mine"
    assert ledger.entry(NAME) is None


def moments(monkeypatch, out, keep, act):
    """Do something, and keep a copy of the folder as it is after each change."""
    kept = []

    def watched(name):
        real = getattr(os, name)

        def change(*arguments, **options):
            answer = real(*arguments, **options)
            kept.append(keep / str(len(kept)) / "out")
            subprocess.run(["mkdir", "-p", kept[-1].parent], check=True)
            # Files with two names must have two names in the copy.
            subprocess.run(["cp", "-a", out, kept[-1]], check=True)
            return answer

        return change

    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, watched(name))
        act()
    return kept


@pytest.mark.skipif(os.name == "nt", reason="copies with cp")
@pytest.mark.parametrize("overwrite", [False, True])
def test_ended_after_any_change_it_is_finished_or_taken_back(tmp_path, monkeypatch, overwrite):
    ledger = opened(tmp_path)
    if overwrite:
        ledger.place(*staged(ledger, text=b"older"), overwrite=False)
    before = contents(ledger.out)
    entry, work = staged(ledger)
    kept = moments(
        monkeypatch,
        ledger.out,
        tmp_path / "kept",
        lambda: ledger.place(entry, work, overwrite=overwrite),
    )
    after = contents(ledger.out)
    assert len(kept) >= 10
    found = []
    for copy in kept:
        again = Ledger(copy)
        # A resumed run has not been asked to replace anything.
        is_complete = again.settle(NAME, MARK, RECIPE, overwrite=False)
        again.sweep()
        found.append(contents(copy) == after)
        assert found[-1] or contents(copy) == before
        assert is_complete == (found[-1] or overwrite)
        assert not leftovers(copy)
    assert found == sorted(found), "once it is being placed, it is always finished"
    assert True in found


@pytest.mark.skipif(os.name == "nt", reason="copies with cp")
def test_an_attempt_that_no_longer_belongs_here_is_taken_back(tmp_path, monkeypatch):
    ledger = opened(tmp_path)
    before = contents(ledger.out)
    entry, work = staged(ledger)
    kept = moments(
        monkeypatch,
        ledger.out,
        tmp_path / "kept",
        lambda: ledger.place(entry, work, overwrite=False),
    )
    for copy in kept:
        again = Ledger(copy)
        if again.placing(NAME) is not None:
            assert not again.settle(NAME, "input was changed", RECIPE, overwrite=False)
            assert contents(copy) == before
            assert not leftovers(copy)


def test_two_workers_at_one_input_do_no_harm(tmp_path):
    ledger = opened(tmp_path)
    first, second = staged(ledger), staged(ledger)
    ledger.place(*second, overwrite=False)
    entry = ledger.entry(NAME)
    ledger.place(*first, overwrite=False)
    ledger.give_up(first[1])
    assert ledger.complete(NAME, MARK, RECIPE) == entry
    assert not leftovers(ledger.out)


def test_results_that_cannot_all_be_placed_are_taken_back(tmp_path):
    ledger = opened(tmp_path)
    (ledger.out / "day").mkdir()
    (ledger.out / "day" / "cells-table.csv").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        ledger.place(*staged(ledger), overwrite=False)
    assert contents(ledger.out) == {"day/cells-table.csv": b"mine"}
    assert not leftovers(ledger.out)


def test_a_vanished_folder_is_not_made_again(tmp_path):
    ledger = opened(tmp_path)
    entry, work = staged(ledger)
    shutil.rmtree(ledger.out)
    for act in (lambda: ledger.begin("x"), lambda: ledger.place(entry, work, overwrite=False)):
        with pytest.raises(OutputError, match="has vanished"):
            act()
    assert not ledger.out.exists()


def test_two_runs_never_share_a_folder(tmp_path):
    file = tmp_path / "lock"
    with (
        only_run(tmp_path, file),
        pytest.raises(OutputError, match="Another run"),
        only_run(tmp_path, file),
    ):
        pass
    with only_run(tmp_path, file):
        pass
