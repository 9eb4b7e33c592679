"""The Python that does what the batch does, and its command line."""

import os
import shlex
from pathlib import Path

from brushwood.session.batching import BatchState, flags_of

_TEMPLATE = '''"""{title}

From a terminal: brushwood {command}
"""

import brushwood as bw

{recipe}
report = bw.batch.run(
    recipe,
    [
{inputs}
    ],
    {out!r},
{options}
)
for file in report.failed:
    print(file.name, file.why)
print(report.report)
'''


#: What is said when the script of a window's own recipe was copied.
WINDOW_COPIED = (
    "A script of all steps is on the clipboard. It needs its models beside it: Save recipe writes "
    "both under a name that ends in .py."
)


def batch_script(state: BatchState, title: str) -> str:
    """Return a script that makes the same files as Start, with a recipe or model file."""
    path = state.recipe if state.what == "recipe" else state.model
    maker = "load" if state.what == "recipe" else "of_model"
    recipe = [
        "from dataclasses import replace",
        "",
        f"recipe = bw.Recipe.{maker}({path!r})",
        "recipe = replace(",
        f"    recipe, outputs={state.save!r}, image_format={state.image_format!r},",
        f"    table_format={state.table_format!r},",
        ")",
    ]
    head, *rest = recipe
    options = [f"    workers={state.workers},"]
    options += ["    processes=True,"] if state.processes else []
    options += ["    recursive=True,"] if state.recursive else []
    options.append(f"    resume={state.existing != 'replace'},")
    options += ["    overwrite=True,"] if state.existing != "keep" else []
    text = _TEMPLATE.format(
        title=f"Apply {title} to images.".replace('"', "'").replace("\\", "/"),
        command=_command(state, path),
        recipe="\n".join(rest).strip(),
        inputs="\n".join(f"        {source!r}," for source in state.sources),
        out=state.out,
        options="\n".join(options),
    )
    return text.replace("import brushwood as bw", f"{head}\n\nimport brushwood as bw", 1)


def _command(state: BatchState, path: str) -> str:
    """Return the command line that comes closest; a recipe file brings its own choices."""
    sources = state.sources if len(state.sources) < 4 else (*state.sources[:3], "…")
    words = ["run", path, *sources, "-o", state.out, "--workers", str(state.workers)]
    words += ["--processes"] if state.processes else []
    words += ["--recursive"] if state.recursive else []
    words += flags_of(state.existing)
    text = " ".join(word if word == "…" else shlex.quote(word) for word in words)
    return text.replace("\\", "/") if os.sep == "\\" else text.replace("\\", "\\\\")


def folder_of(path: str) -> str:
    """Return the folder that a file, or an image of a file with several, is in."""
    plain = path if os.path.lexists(path) else path.rpartition("::")[0] or path
    return str(Path(plain).parent)
