"""What the documentation shows works: links lead somewhere, snippets run, options exist."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from house import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
SNIPPETS = [
    ROOT / "README.md",
    ROOT / "docs/python.md",
    ROOT / "docs/features.md",
    ROOT / "docs/objects.md",
    ROOT / "docs/measure.md",
    ROOT / "docs/object-classifier.md",
    ROOT / "docs/evaluate.md",
    ROOT / "docs/apoc.md",
    ROOT / "docs/cluster.md",
    ROOT / "docs/explore.md",
    ROOT / "docs/explore-blobs.md",
    ROOT / "docs/recipe.md",
    ROOT / "docs/batch.md",
    ROOT / "docs/images.md",
]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _name(path):
    return str(path.relative_to(ROOT))


def _blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)


def _heading_ids(path):
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page):
    for target in _LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{_name(page)} links to {target}"
        assert not anchor or anchor in _heading_ids(path), f"{_name(page)} links to {target}"


@pytest.mark.parametrize("page", SNIPPETS, ids=_name)
def test_python_snippets_run(page, tmp_path):
    blocks = _blocks(page, "python")
    assert blocks
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def _commands():
    for page in PAGES:
        for block in _blocks(page, "bash"):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words and words[0] == "brushwood":
                    yield pytest.param(words[1:], id=f"{_name(page)}: {' '.join(words)}")


@pytest.mark.parametrize("words", list(_commands()))
def test_shown_commands_and_options_exist(words, capsys):
    from brushwood.cli import main

    with pytest.raises(SystemExit) as stop:
        sys.exit(main([words[0], "--help"]))
    assert not stop.value.code
    text = capsys.readouterr().out
    for word in words:
        if word.startswith("-"):
            option = word.partition("=")[0]
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text), option


def test_every_page_is_in_the_table_of_contents():
    contents = (ROOT / "docs/index.md").read_text("utf-8")
    for page in ROOT.glob("docs/*.md"):
        assert page.name == "index.md" or f"({page.name})" in contents
