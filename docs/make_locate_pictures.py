"""Make the pictures of the how-to pages on points and on depth, from the demo.

Run ``python docs/make_locate_pictures.py``; ``--output FOLDER`` chooses another place. Needs
matplotlib, nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import PIL.Image

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

import napari_brainreg3d as br
from napari_brainreg3d.demo import demo_image, demo_registration
from napari_brainreg3d.projection.depth_mixture import DepthMixture, depth_mixture
from napari_brainreg3d.results.locate import Rois, locate_rois, rois_of_labels

ROOT: Final = Path(__file__).parents[1]
LENGTH_UM: Final = 143.0
#: Row of the image along which shares are drawn.
ROW: Final = 300


def cells(shape: tuple[int, int]) -> Rois:
    """Some cells, as a segmentation would find them."""
    rng = np.random.default_rng(5)
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.uint16)
    for label in range(1, 61):
        row, col = rng.uniform((110, 60), (390, 450))
        labels[np.hypot(rows - row, cols - col) < rng.uniform(4, 9)] = label
    return rois_of_labels(labels)


def coloured(projection: Any, labels: Any) -> Any:
    """A label image in the colours of the atlas."""
    table = projection.table
    colours = np.ones((len(table) + 1, 3))
    colours[1:] = [mpl.colors.to_rgb(colour) for colour in table["color"]]
    return colours[labels]


def locate_picture(projection: Any) -> Figure:
    """Cells on the demo image, in the colours of the regions that they are in."""
    table = locate_rois(projection, cells(projection.labels.shape))
    figure, axes = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
    axes.imshow(demo_image(), cmap="gray")
    axes.contour(projection.labels, np.arange(1, projection.labels.max() + 1) - 0.5,
                 colors="white", linewidths=0.3)  # fmt: skip
    colours = coloured(projection, table["label"].to_numpy())
    axes.scatter(table["col"], table["row"], s=table["area_px2"] / 2, c=colours, edgecolors="k")
    big = table[table["region"] != ""].nlargest(10, "area_px2")
    for row in big.to_dict("records"):
        text = f"{row['region']} {row['hemisphere'][0].upper()}\n{row['majority_share']:.0%}"
        where = (row["col"] + 7, row["row"])
        dark = [withStroke(linewidth=2, foreground="black")]
        axes.annotate(text, where, fontsize=7, color="yellow", va="center", path_effects=dark)
    axes.set_axis_off()
    return figure


def depth_picture(projection: Any, light: DepthMixture) -> Figure:
    """Dominant region, how much of the light is its own, and shares along a row."""
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(11, 3.3), layout="constrained", width_ratios=(1, 1.15, 1.3)
    )
    halves = projection.regrouped(split_hemispheres=True)
    left.imshow(coloured(halves, light.dominant))
    left.axhline(ROW, color="k", linewidth=0.8)
    left.set_title("region with most of the light", fontsize=9)
    shown = middle.imshow(light.fractions[0], vmin=0.4, vmax=1.0, cmap="viridis")
    figure.colorbar(shown, ax=middle, shrink=0.8)
    middle.set_title("its share", fontsize=9)
    for axes in (left, middle):
        axes.set_axis_off()
    names = [row.region.acronym for row in light.grouping.rows]
    shares = [np.nan_to_num(light.fraction_of(i + 1)[ROW]) for i in range(len(names))]
    columns = np.arange(len(shares[0]))
    kept = sorted(
        (i for i, share in enumerate(shares) if share.max() > 0.3),
        key=lambda i: float(np.average(columns, weights=shares[i])),
    )
    colours = [plt.get_cmap("tab20")(rank * 7 % 20) for rank in range(len(kept))]
    right.stackplot(columns, [shares[i] for i in kept], colors=colours)
    for i in kept:
        if shares[i].sum() > 12:
            across = float(np.average(columns, weights=shares[i]))
            right.text(across, 0.5, names[i], rotation=90, fontsize=7, ha="center", va="center")
    right.set(xlim=(0, columns[-1]), ylim=(0, 1), xlabel="column", ylabel="share of the light")
    right.set_title("along the line", fontsize=9)
    return figure


def main() -> None:
    """Make both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    output = parser.parse_args().output
    registration = demo_registration()
    scene = br.load_scene(registration.atlas, list(registration.regions))
    projection = br.project(scene, registration)
    light = depth_mixture(scene, registration, attenuation_um=LENGTH_UM, split_hemispheres=True)
    for name, figure in (
        ("locate", locate_picture(projection)),
        ("depth", depth_picture(projection, light)),
    ):
        path = output / f"{name}.png"
        figure.savefig(path, dpi=100)
        PIL.Image.open(path).convert("RGB").quantize(96).save(path, optimize=True)


if __name__ == "__main__":
    main()
