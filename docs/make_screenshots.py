"""Make the pictures of the plugin for README and documentation, from the plugin itself.

Run ``python docs/make_screenshots.py``; where there is no screen, put ``xvfb-run -a -s "-screen 0
1600x1200x24"`` before it. The demo atlas and its image are used, so that it works offline and
anywhere; ``--theme light`` and ``--output FOLDER`` choose another look and place.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import napari
import PIL.Image
from npe2 import PluginManager, PluginManifest
from qtpy.QtWidgets import QApplication

ROOT: Final = Path(__file__).parents[1]
#: A small laptop: what fits here fits everywhere.
WINDOW_PX: Final = (1366, 768)
_PATIENCE_S: Final = 120.0


def settle(is_over: Callable[[], bool] = lambda: True, seconds: float = 0.6) -> None:
    """Let the window work until something is so, and then draw for a while."""
    give_up = time.monotonic() + _PATIENCE_S
    while not is_over():
        QApplication.processEvents()
        if time.monotonic() > give_up:
            raise TimeoutError("the window did not come so far")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.005)


class Studio:
    """A window with the sample in it, and its pictures.

    Parameters
    ----------
    output
        Folder for the pictures.
    theme
        napari's theme.
    """

    def __init__(self, output: Path, theme: str) -> None:
        manager = PluginManager.instance()
        manager.discover()
        if "napari-brainreg3d" not in manager:  # run from a checkout that is not installed
            manager.register(PluginManifest.from_file(ROOT / "napari.yaml"))
        self._output = output
        output.mkdir(parents=True, exist_ok=True)
        self.viewer = napari.Viewer(show=True, show_welcome_screen=False)
        self.viewer.theme = theme
        self.viewer.window.resize(*WINDOW_PX)
        settle()

    def open_sample(self) -> Any:
        """File > Open Sample > Demo widefield image."""
        from napari_brainreg3d._napari.widgets.docking import open_panel

        self.viewer.open_sample("napari-brainreg3d", "demo_widefield")
        panel = open_panel(self.viewer)
        ready: list[Any] = []
        panel.when_ready(ready.append)
        settle(lambda: bool(ready) and ready[0].session.alignment is not None)
        return panel

    def picture(self, name: str) -> None:
        """Take a picture of the whole window, once fine outlines have taken the place of coarse."""
        settle(seconds=2.0)
        path = self._output / f"{name}.png"
        pixels = self.viewer.window.screenshot(canvas_only=False, flash=False)
        # No palette: the colours of the regions must stay those of the atlas.
        PIL.Image.fromarray(pixels[..., :3]).save(path, optimize=True)
        print(path)


def fold_all_but(panel: Any, name: str) -> None:
    """Open one section of the panel."""
    for section in panel.sections.values():
        section.set_open(section.name == name)


def make_all(output: Path, theme: str) -> None:
    """Walk through the work as a user would, and take pictures on the way."""
    from napari_brainreg3d._napari.options import ProjectOptions
    from napari_brainreg3d.demo import demo_registration

    studio = Studio(output, theme)
    panel = studio.open_sample()
    bench = panel.bench
    aligner, truth = bench.session.aligner, demo_registration()
    fold_all_but(panel, "atlas")
    studio.picture("atlas")
    fold_all_but(panel, "align")
    aligner.set_camera(truth.camera)
    # Nearly there, as in the middle of the work.
    aligner.set_pose(truth.pose.moved(plane_um=(150.0, -250.0, -1500.0)).turned(yaw_deg=-2.0))
    studio.picture("brain_view")
    aligner.set_pose(truth.pose)
    bench.stage.set_mode("look_through")
    studio.picture("look_through")
    bench.session.confirm_side()
    bench.session.accept()
    fold_all_but(panel, "project")
    bench.projecting.set_options(ProjectOptions(maps=("depth",)))
    bench.projecting.run(is_looked_at=True)
    settle(lambda: bench.session.projection is not None and not bench.jobs.is_busy)
    studio.picture("results")
    bench.close()
    studio.viewer.close()


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--theme", choices=["dark", "light"], default="dark")
    options = parser.parse_args()
    make_all(options.output, options.theme)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
