"""Open Brushwood's widgets in a viewer, each once."""

from importlib import import_module
from typing import Any

from npe2 import PluginManager
from qtpy.QtWidgets import QDockWidget, QWidget

PLUGIN = "napari-brushwood"


def find(viewer: Any, kind: type[QWidget]) -> QWidget | None:
    """Return the open widget of a class, whichever menu opened it, or None."""
    docks = getattr(viewer.window, "dock_widgets", None)
    if docks is None:  # napari before 0.6.2
        docks = {name: dock.widget() for name, dock in viewer.window._dock_widgets.items()}  # noqa: SLF001
    return next((inner for inner in docks.values() if isinstance(inner, kind)), None)


def samples() -> list[tuple[str, str]]:
    """Return key and title of the samples in the manifest."""
    plugins = PluginManager.instance()
    if PLUGIN not in plugins:
        return []
    found = plugins.get_manifest(PLUGIN).contributions.sample_data or []
    return [(sample.key, sample.display_name) for sample in found]


def open_named(viewer: Any, display_name: str) -> QWidget:
    """Open the widget that the manifest lists under a name, or bring it to the front."""
    found = PluginManager.instance().get_manifest(PLUGIN).contributions
    command = next(w.command for w in found.widgets or [] if w.display_name == display_name)
    (python_name,) = (c.python_name for c in found.commands or [] if c.id == command)
    module, _, kind = str(python_name).partition(":")
    return open_widget(viewer, getattr(import_module(module), kind), display_name)


def open_widget(viewer: Any, kind: type[QWidget], display_name: str) -> QWidget:
    """Open a widget of this plugin, or bring the one that is open to the front."""
    widget = find(viewer, kind)
    if widget is None:
        _, widget = viewer.window.add_plugin_dock_widget(PLUGIN, display_name)
    parent = widget.parent()
    if isinstance(parent, QDockWidget):
        parent.show()
        parent.raise_()
    return widget
