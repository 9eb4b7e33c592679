"""Load and save APOC's files in the window."""

import numpy as np

from brushwood.io.cl import read_cl
from cl_files import data, results


def test_load_a_cl_file_and_save_it_again(new_desk, tmp_path):
    known = results()
    desk = new_desk(known["image"])
    desk.controller.files.load(str(data("counts")))
    desk.wait(lambda: "Loaded apoc_counts.cl" in desk.status)
    assert "2 are taken" in desk.status
    assert [c.name for c in desk.state.classes] == ["class 1", "class 2", "class 3"]
    assert desk.state.finish.scaling == "none"
    desk.wait(lambda: desk.find("· classes"))
    desk.idle()
    assert np.array_equal(desk.find("· classes").data, known["counts"])
    desk.controller.intents._on_rename(2, "nuclei")
    path = tmp_path / "again.cl"
    desk.controller.files.save(str(path))
    desk.wait(lambda: "Saved again.cl" in desk.status)
    assert "2 = nuclei" in desk.status
    assert read_cl(path).n_classes == 3


def test_what_apoc_does_not_have_is_said(desk, two_halves, tmp_path):
    desk.trained(two_halves[1])
    desk.controller.files.save(str(tmp_path / "m.cl"))
    desk.wait(lambda: "gaussian=1" in desk.status)
    assert "APOC does not have these features" in desk.status
    assert not list(tmp_path.iterdir())


def test_the_dialogs_offer_both_kinds(desk, monkeypatch):
    from brushwood.gui.pixel_classifier import files

    seen = []

    class Dialog(files.QFileDialog):
        def exec(self):
            seen.append(self.nameFilters())
            if len(seen) == 2:
                self.filterSelected.emit(self.nameFilters()[1])
                seen.append(self.defaultSuffix())
            return 0

    monkeypatch.setattr(files, "QFileDialog", Dialog)
    desk.controller.files.ask_load(desk.widget)
    desk.controller.files.ask_save(desk.widget)
    assert "*.cl" in seen[0][0]
    assert "*.brushwood" in seen[0][0]
    assert seen[1] == ["Brushwood model (*.brushwood)", "APOC classifier (*.cl)"]
    assert seen[2] == "cl"
