"""Show a page of the documentation that ships with the package, also without a network."""

from importlib.resources import files
from pathlib import Path

from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget


def page(name: str) -> Path:
    """Return the path of a page: inside the package, or in the repository it was installed from."""
    package = Path(str(files("brushwood")))
    for folder in (package / "docs", package.parents[1] / "docs"):
        path = folder / f"{name}.md"
        if path.is_file():
            return path
    raise FileNotFoundError(f"The documentation page {name!r} is not installed.")


def show_help(name: str, parent: QWidget) -> QDialog:
    """Open a page in a window of its own."""
    dialog = QDialog(parent)
    dialog.setWindowTitle("Brushwood help")
    text = QTextBrowser()
    text.setOpenExternalLinks(True)
    path = page(name)
    text.setSearchPaths([str(path.parent)])
    text.document().setBaseUrl(QUrl.fromLocalFile(str(path)))
    text.setMarkdown(path.read_text("utf-8"))
    layout = QVBoxLayout(dialog)
    layout.addWidget(text)
    width = 90 * dialog.fontMetrics().averageCharWidth()
    dialog.resize(width, width)
    dialog.show()
    return dialog
