"""napari finds the plugin in the installed state, and every promise of the manifest is kept."""

import pytest
from npe2 import PluginManifest

import brushwood
from brushwood import samples
from house import ROOT

#: Menus that napari opens to plugins.
OPEN_MENUS = {
    *(f"napari/file/{name}" for name in ("new_layer", "io_utilities", "acquire")),
    *(
        f"napari/layers/{name}"
        for name in (
            "visualize", "annotate", "data", "metadata", "layer_type", "filter", "transform",
            "measure", "register", "project", "segment", "track", "classify",
        )
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_distribution("napari-brushwood")


def test_the_manifest_is_the_one_at_the_root(manifest):
    assert manifest.name == "napari-brushwood"
    assert manifest.display_name == "Brushwood"
    assert manifest.package_version == brushwood.__version__
    at_root = PluginManifest.from_file(ROOT / "napari.yaml")
    assert manifest.contributions == at_root.contributions


def test_every_command_can_be_imported(manifest):
    pytest.importorskip("qtpy.QtWidgets", exc_type=ImportError)
    manifest.validate_imports()


def test_contributions_name_commands_that_exist(manifest):
    parts = manifest.contributions
    commands = {command.id for command in parts.commands}
    used = {widget.command for widget in parts.widgets}
    used |= {sample.command for sample in parts.sample_data}
    used |= {reader.command for reader in parts.readers or ()}
    used |= {item.command for items in parts.menus.values() for item in items}
    assert used == commands
    assert all(command.startswith("napari-brushwood.") for command in commands)


def test_menus_are_open_to_plugins_and_hold_the_pixel_classifier(manifest):
    menus = manifest.contributions.menus
    assert set(menus) <= OPEN_MENUS
    segment = {item.command for item in menus["napari/layers/segment"]}
    assert "napari-brushwood.pixel_classifier" in segment


def test_every_sample_is_offered(manifest):
    offered = [sample.key for sample in manifest.contributions.sample_data]
    assert set(offered) == set(samples.keys())
    assert len(offered) == len(set(offered)) >= 5
