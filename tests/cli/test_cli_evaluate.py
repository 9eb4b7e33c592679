"""``brushwood evaluate``."""

import json

import numpy as np

from brushwood.cli import main
from brushwood.io.images import write_image


def _write(folder, name, data):
    folder.mkdir(exist_ok=True)
    write_image(folder / name, data, "yx")


def _folders(tmp_path):
    truth = np.zeros((30, 30), np.uint8)
    truth[2:10, 2:10], truth[15:25, 15:25] = 1, 2
    for k in range(2):
        _write(tmp_path / "truth", f"{k}_mask.tif", truth)
        _write(tmp_path / "found", f"{k}.tif", np.where(truth == 2 - k, truth, 0))
    return str(tmp_path / "truth"), str(tmp_path / "found")


def test_folders_are_scored_and_files_written(tmp_path, capsys):
    out = tmp_path / "scores"
    folders = _folders(tmp_path)
    assert main(["evaluate", *folders, "--objects", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "2 images compared, objects" in printed
    assert "recall               0.500" in printed
    assert sorted(p.name for p in out.iterdir()) == ["report.html", "scores.csv", "scores.json"]
    assert json.loads((out / "scores.json").read_text("utf-8"))["pooled"]["tp"] == 2
    assert main(["evaluate", *folders, "-o", str(out)]) == 3
    assert "already" in capsys.readouterr().err


def test_pixels_with_zero_as_a_class(tmp_path, capsys):
    folders = _folders(tmp_path)
    assert main(["evaluate", *folders, "--pixels", "--zero-is-a-class"]) == 0
    assert "2 images compared, pixels" in capsys.readouterr().out
    assert main(["evaluate", *folders, "--pixels", "--classes", "1=2,2=1"]) == 0
    assert main(["evaluate", *folders, "--pixels", "--classes", "a=b"]) == 2
    assert "--classes takes pairs" in capsys.readouterr().err


def test_what_cannot_be_compared_ends_with_3(tmp_path, capsys):
    truth, found = _folders(tmp_path)
    assert main(["evaluate", truth, str(tmp_path / "nowhere")]) == 3
    assert main(["evaluate", truth, found, "--min-iou", "2"]) == 3
    assert "min_iou" in capsys.readouterr().err
