"""Make the pictures of the pages about landmarks, curves, wfield and error bars.

Run ``python docs/make_fitting_pictures.py``. The demo atlas and its image are used, so that it
works offline and anywhere; the reliability diagram takes a minute or two of processor time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
from skimage.segmentation import find_boundaries

sys.path.insert(0, str(Path(__file__).parents[1]))

from napari_brainreg3d.atlas.loading import load_scene
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.demo.truth import flat_registration
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.curves import Curve, refine_on_curves, seen_line
from napari_brainreg3d.projection.presets import landmark_presets, surface_from_above
from napari_brainreg3d.projection.uncertainty import uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from napari_brainreg3d.registration.fitting import fit_landmarks
from tests.fixtures.reliability import reliability

mpl.use("Agg")

ROOT: Final = Path(__file__).parents[1]
TRUTH: Final = demo_registration()
SCENE: Final = load_scene(TRUTH.atlas, TRUTH.regions)
IMAGE: Final = demo_image()
RNG: Final = np.random.default_rng(5)
BEFORE, AFTER, DRAWN = "#ff9d4d", "#3fd0ff", "#fff34d"


def off(yaw: float = 4.0, pitch: float = -4.0, roll: float = 4.0) -> Registration:
    """The true registration, spoiled."""
    pose = TRUTH.pose.moved(plane_um=(350.0, -250.0, 0.0))
    return TRUTH.replaced(pose=pose.turned(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll))


def panels(count: int, width: float = 4.2) -> tuple[Any, Any]:
    """Side by side, without axes, each with the demo image."""
    figure, axes = plt.subplots(1, count, figsize=(width * count, width))
    for axis in axes:
        axis.imshow(IMAGE, cmap="gray")
        axis.set_axis_off()
        style = {"color": "white", "transform": axis.transAxes, "fontsize": 9}
        axis.text(0.5, 0.97, "A", ha="center", va="top", **style)
        axis.text(0.5, 0.03, "P", ha="center", **style)
        axis.text(0.02, 0.5, "L", **style)
        axis.text(0.98, 0.5, "R", ha="right", **style)
    return figure, axes


def outlines(axis: Any, registration: Registration, colour: str) -> None:
    """Borders of the labels that a registration gives."""
    edges = find_boundaries(project(SCENE, registration).labels, mode="thick")
    shown = np.zeros((*edges.shape, 4))
    shown[edges] = mpl.colors.to_rgba(colour, 0.75)
    axis.imshow(shown, interpolation="nearest")


def save(figure: Any, folder: Path, name: str) -> None:
    """Small, with a palette of 200 colours."""
    figure.tight_layout(pad=1.0)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=80, facecolor="white")
    plt.close(figure)
    picture = PIL.Image.open(path).convert("RGB").quantize(200, dither=PIL.Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(path, path.stat().st_size // 1000, "kB")


def noisy_landmarks() -> list[Landmark]:
    """Presets and points of the surface, clicked with an error of 100 um."""
    points = {p.name: p.atlas_um for p in landmark_presets(SCENE) if p.name != "lambda"}
    flat = [(6300.0, 9300.0), (6600.0, 2300.0)]
    points |= dict(zip(("left", "right"), map(tuple, surface_from_above(SCENE, flat)), strict=True))
    pixels = TRUTH.view.atlas_to_pixels(list(points.values()))
    pixels += RNG.normal(size=pixels.shape) * 100.0 / TRUTH.pixel_size_um[0]
    inside = ((pixels > 5) & (pixels < np.array(TRUTH.image_shape) - 5)).all(axis=1)
    return [
        Landmark(name, tuple(pixel), tuple(point))
        for (name, point), pixel, ok in zip(points.items(), pixels, inside, strict=True)
        if ok
    ]


def landmarks_picture(folder: Path) -> None:
    """Clicks, and where the landmarks are seen before and after."""
    marks, start = noisy_landmarks(), off()
    fit = fit_landmarks(start, marks)
    figure, axes = panels(2)
    for axis, registration, colour, title in (
        (axes[0], start, BEFORE, "before"),
        (axes[1], fit.registration, AFTER, f"fitted: rms {fit.rms_um:.0f} um"),
    ):
        outlines(axis, registration, colour)
        for mark in marks:
            row, column = mark.image_px or (0.0, 0.0)
            seen = registration.view.atlas_to_pixels(mark.atlas_um)
            way = {"arrowstyle": "->", "color": DRAWN, "lw": 1.4}
            axis.annotate("", (seen[1], seen[0]), (column, row), arrowprops=way)
            axis.plot(column, row, "o", mfc="none", mec=DRAWN, ms=7)
        axis.set_title(title, fontsize=11)
        axis.set_xlim(0, IMAGE.shape[1] - 1)
        axis.set_ylim(IMAGE.shape[0] - 1, 0)
    save(figure, folder, "fit_landmarks")


def drawn_curves() -> list[Curve]:
    """As a person would draw them: parts of lines, with an error of 60 um."""

    def part(curve: Curve, first: float, last: float, count: int) -> np.ndarray:
        lines = seen_line(SCENE, TRUTH, curve).lines_px(TRUTH.view)
        line = max(lines, key=len)
        inside = ((line > 3) & (line < np.array(TRUTH.image_shape) - 4)).all(axis=1)
        line = line[inside]
        picks = np.linspace(first * len(line), last * len(line) - 1, count).astype(int)
        return line[picks] + RNG.normal(size=(count, 2)) * 60.0 / TRUTH.pixel_size_um[0]

    whole = [(30.0, 30.0), (420.0, 480.0)]
    visual = Curve("border", [(300.0, 330.0), (420.0, 360.0)], ("VISp", "VISpm"))
    return [
        Curve("midline", part(Curve("midline", whole), 0.25, 0.7, 8)),
        Curve("brain edge", part(Curve("brain edge", whole), 0.02, 0.35, 9)),
        Curve("border", part(visual, 0.1, 0.9, 6), ("VISp", "VISpm")),
    ]


def curves_picture(folder: Path) -> None:
    """What was drawn, and where these lines are seen before and after."""
    curves, start = drawn_curves(), off(3.0, -3.0, 3.0)
    fit = refine_on_curves(SCENE, start, curves, click_sd_um=60.0)
    figure, axes = panels(2)
    for axis, registration, colour, title in (
        (axes[0], start, BEFORE, "before"),
        (axes[1], fit.registration, AFTER, f"refined: rms {fit.rms_um:.0f} um"),
    ):
        for curve in curves:
            for line in seen_line(SCENE, registration, curve).lines_px(registration.view):
                axis.plot(line[:, 1], line[:, 0], color=colour, lw=1.5)
            points = curve.points_px
            axis.plot(points[:, 1], points[:, 0], "o-", color=DRAWN, mfc="none", ms=4, lw=1)
        axis.set_title(title, fontsize=11)
        axis.set_xlim(0, IMAGE.shape[1] - 1)
        axis.set_ylim(IMAGE.shape[0] - 1, 0)
    print(fit.undetermined, fit.standard_deviations)
    save(figure, folder, "fit_curves")


def wfield_picture(folder: Path) -> None:
    """The flat map through four perfect landmarks, and the true view."""
    flat = flat_registration()
    figure, axes = panels(2)
    for axis, registration, colour, title in (
        (axes[0], flat, BEFORE, "flat map through four perfect landmarks"),
        (axes[1], TRUTH, AFTER, "tilted in front of a camera"),
    ):
        outlines(axis, registration, colour)
        for mark in flat.landmarks:
            row, column = mark.image_px or (0.0, 0.0)
            axis.plot(column, row, "o", mfc="none", mec=DRAWN, ms=7, mew=1.5)
        axis.set_title(title, fontsize=11)
    save(figure, folder, "from_wfield")


def confidence_picture(folder: Path) -> None:
    """A map of confidence beside the labels that it is about."""
    fit = fit_landmarks(off(), noisy_landmarks())
    projection = project(SCENE, fit.registration)
    sure = uncertainty(projection, fit, poses=50)
    figure, axes = panels(2)
    outlines(axes[0], fit.registration, AFTER)
    axes[0].set_title("labels", fontsize=11)
    shown = np.ma.masked_where(projection.labels == 0, sure.probability)
    drawn = axes[1].imshow(shown, cmap="magma", vmin=0.4, vmax=1.0)
    axes[1].set_title(f"confidence; borders ± {sure.border_um:.0f} um", fontsize=11)
    figure.colorbar(drawn, ax=axes[1], fraction=0.04, pad=0.02)
    save(figure, folder, "confidence")


def reliability_picture(folder: Path, trials: int) -> None:
    """How often labels are right, over how sure they are said to be."""
    small = TRUTH.replaced(image_shape=(100, 114), pixel_size_um=(98.6, 98.8))
    table = reliability(SCENE, small, trials=trials)
    print(table.round(3).to_string(index=False))
    figure, axis = plt.subplots(figsize=(4.4, 4.0))
    axis.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--")
    axis.bar(table["confidence"], table["pixels"] / table["pixels"].sum(), 0.07, color="0.85")
    axis.plot(table["confidence"], table["right"], "o-", color="#1f77b4")
    axis.set_xlabel("confidence that is reported")
    axis.set_ylabel("share of labels that are right\n(bars: share of pixels)")
    axis.set_title(f"{trials} true poses, 8 landmarks, clicks ± 100 um", fontsize=10)
    axis.set_xlim(0, 1.03)
    axis.set_ylim(0, 1.03)
    save(figure, folder, "reliability")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--trials", type=int, default=50, help="0: leave it as it is.")
    options = parser.parse_args()
    landmarks_picture(options.output)
    curves_picture(options.output)
    wfield_picture(options.output)
    confidence_picture(options.output)
    if options.trials:
        reliability_picture(options.output, options.trials)


if __name__ == "__main__":
    main()
