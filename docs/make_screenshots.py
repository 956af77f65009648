"""Make the pictures of the plugin for README and documentation, from the plugin itself.

Run ``python docs/make_screenshots.py``; where there is no screen, put ``xvfb-run -a -s "-screen 0
1600x1200x24"`` before it. The demo atlas and its image are used, so that it works offline and
anywhere; ``--theme light`` and ``--output FOLDER`` choose another look and place.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import napari
import numpy as np
import PIL.Image
import tifffile
from npe2 import PluginManager, PluginManifest
from qtpy.QtWidgets import QApplication, QScrollArea
from skimage.measure import find_contours

ROOT: Final = Path(__file__).parents[1]
#: A small laptop: what fits here fits everywhere.
WINDOW_PX: Final = (1366, 768)
#: Width of the controls and the list of layers.
LAYERS_PX: Final = 324
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

    def show(self, panel: Any, widget: Any) -> None:
        """Scroll the panel to one of its widgets."""
        settle()
        panel.findChild(QScrollArea).ensureWidgetVisible(widget)

    def picture(self, name: str, *, is_small: bool = False) -> None:
        """Take a picture of the whole window, once fine outlines have taken the place of coarse.

        A small one is without the list of layers.
        """
        settle(seconds=2.0)
        path = self._output / f"{name}.png"
        pixels = self.viewer.window.screenshot(canvas_only=False, flash=False)
        # No palette: the colours of the regions must stay those of the atlas.
        picture = PIL.Image.fromarray(pixels[..., :3])
        if is_small:
            picture = picture.crop((LAYERS_PX, 0, *picture.size))
        picture.save(path, optimize=True)
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
    show_aids(studio, panel)
    bench.close()
    studio.viewer.close()


def show_aids(studio: Studio, panel: Any) -> None:
    """What helps with the alignment: landmarks, curves, an earlier session, how sure it is."""
    from napari_brainreg3d._napari.options import ProjectOptions

    bench = panel.bench
    fold_all_but(panel, "align")
    aids = panel.sections["align"].body.aids
    aids.landmarks.set_open(True)
    settle(lambda: not bench.jobs.is_busy)
    place_landmarks(bench)
    bench.stage.set_mode("image")
    hide_results(bench)
    settle(lambda: bool(bench.landmarks.flat_map_words) and not bench.jobs.is_busy)
    studio.show(panel, aids.landmarks.body)
    studio.picture("napari_landmarks", is_small=True)
    bench.projecting.set_options(ProjectOptions())
    bench.projecting.run(is_looked_at=True)
    settle(lambda: not bench.jobs.is_busy)
    fold_all_but(panel, "project")
    bench.confidence.run()
    settle(lambda: bench.confidence.answer is not None)
    hide_results(bench)
    studio.show(panel, panel.sections["project"].body.confidence)
    studio.picture("napari_confidence", is_small=True)
    bench.confidence.hide()
    fold_all_but(panel, "align")
    aids.landmarks.set_open(False)
    show_curves(studio, panel, aids)
    show_earlier(studio, panel, aids)


def hide_results(bench: Any) -> None:
    """Leave the image bare."""
    for layer in bench.stage.layers("labels"):
        layer.visible = False


def place_landmarks(bench: Any) -> None:
    """Click on the four points of wfield and the tips of the cortex, as well as a hand does."""
    from napari_brainreg3d.demo import demo_registration

    rng, view = np.random.default_rng(0), demo_registration().view
    tips = ("posterior_cortex_tip_left", "posterior_cortex_tip_right")
    bench.landmarks.add_presets((*bench.landmarks.preset_choices[0][1], *tips))
    for mark in bench.landmarks.state.marks:
        click = view.atlas_to_pixels(mark.atlas_um) + rng.normal(0.0, 3.0, 2)
        bench.landmarks.state.place(tuple(click))


def show_curves(studio: Studio, panel: Any, aids: Any) -> None:
    """The midline and the left edge of the brain, drawn on the image."""
    bench = panel.bench
    bench.landmarks.state.clear()
    aids.curves.set_open(True)
    is_brain = np.isfinite(bench.session.projection.surface_depth_um)
    rim = max(find_contours(is_brain.astype(float), 0.5), key=len)
    left = rim[(rim[:, 1] < 0.2 * is_brain.shape[1]) & (rim[:, 0] < 0.85 * is_brain.shape[0])]
    lines = {"midline": np.array([(110, 267), (180, 257), (250, 247), (340, 235)], float)}
    lines["brain edge"] = left[np.argsort(left[:, 0])][:: len(left) // 12]
    for kind, line in lines.items():
        bench.curves.draw(kind)
        bench.stage.extra_layer("curves").add(line, shape_type="path")
    bench.curves.refine()
    settle(lambda: not bench.jobs.is_busy)
    studio.show(panel, aids.curves.body)
    studio.picture("napari_curves", is_small=True)
    bench.curves.clear()
    aids.curves.set_open(False)


def show_earlier(studio: Studio, panel: Any, aids: Any) -> None:
    """An earlier session of the same brain in squares over the new image, matched."""
    from napari_brainreg3d._napari.persistence import SavedSession, save_session
    from napari_brainreg3d.demo import demo_registration, render_brain

    bench, truth = panel.bench, demo_registration()
    before = truth.pose.moved(plane_um=(350.0, -420.0, 0.0)).turned(yaw_deg=6.0)
    earlier = truth.replaced(pose=before, image_name="first_day.tif")
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "first_day.tif")
        tifffile.imwrite(image, render_brain(earlier))
        saved = SavedSession(earlier, image_path=str(image))
        bench.earlier.open_file(save_session(Path(folder, "first_day.brainreg3d.json"), saved))
        settle(lambda: bench.earlier.session is not None)
    aids.earlier.set_open(True)
    bench.earlier.set_look("checkerboard")
    bench.earlier.match()
    settle(lambda: not bench.jobs.is_busy)
    studio.show(panel, aids.earlier.body)
    studio.picture("napari_earlier_session", is_small=True)
    bench.earlier.forget()


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
