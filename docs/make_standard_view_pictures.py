"""Make the pictures of the guides to the standard view and to the drape.

``python docs/make_standard_view_pictures.py`` writes them into ``docs/images``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from skimage.segmentation import find_boundaries

from napari_brainreg3d import load_scene, project
from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.demo import DEMO_REGIONS, demo_image, demo_registration
from napari_brainreg3d.geometry import OrthographicCamera, Pose
from napari_brainreg3d.projection import SurfaceCaster
from napari_brainreg3d.registration import Registration
from napari_brainreg3d.results.drape import Drape, drape
from napari_brainreg3d.results.standard_view import to_standard_view

mpl.use("Agg")
import matplotlib.pyplot as plt

IMAGES = Path(__file__).parent / "images"


def standard_views() -> None:
    """The image, and two standard views of it with the borders of the regions."""
    scene, registration = load_scene("demo_mouse", list(DEMO_REGIONS)), demo_registration()
    image = demo_image()
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), facecolor="white")
    axes[0].imshow(image, cmap="gray")
    axes[0].set_title("the image: tilted, turned, with perspective", fontsize=9)
    for axis, name in zip(axes[1:], ("dorsal", "left"), strict=True):
        view = to_standard_view(scene, registration, image, view=name, resolution_um=20.0)
        labels = project(scene, view.registration).labels
        axis.imshow(np.ma.masked_invalid(view.pixels), cmap="gray")
        border = np.ma.masked_equal(find_boundaries(labels, mode="inner").astype(float), 0.0)
        axis.imshow(border, cmap="autumn", vmin=0, vmax=2, alpha=0.7, interpolation="nearest")
        axis.set_title(f'view="{name}", with its own labels', fontsize=9)
    for axis in axes:
        axis.set_axis_off()
        axis.set_facecolor("0.85")
    figure.tight_layout()
    figure.savefig(IMAGES / "standard_view.png", dpi=80)


def drapes() -> None:
    """The painted surface from two sides, drawn from its own vertices, faces and colours."""
    scene = load_scene("demo_mouse", ["root"])
    painted = drape(scene, demo_registration(), demo_image(), spacing_um=30.0)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), facecolor="white")
    for axis, (view, pitch, roll) in zip(
        axes, (("dorsal", 35.0, 25.0), ("left", 40.0, 0.0)), strict=True
    ):
        axis.imshow(drawn(painted, view, pitch, roll))
        axis.set_axis_off()
    figure.tight_layout()
    figure.savefig(IMAGES / "drape.png", dpi=80)


def drawn(painted: Drape, view: str, pitch_deg: float, roll_deg: float) -> Any:
    """A picture of a painted surface, made by casting rays into its faces."""
    eye = Registration(
        atlas="demo_mouse",
        image_shape=(420, 560),
        pixel_size_um=27.0,
        pose=Pose.from_view(
            view, centre_um=(6700.0, 3800.0, 5700.0), pitch_deg=pitch_deg, roll_deg=roll_deg
        ),
        camera=OrthographicCamera(),
    )
    hits = SurfaceCaster(Mesh(painted.vertices_um, painted.faces)).first_hits(
        eye.view.row_rays(0, 420)
    )
    colours = painted.colours[painted.faces[hits.face]][..., :3].mean(axis=1)
    shaded = colours * (0.35 + 0.65 * np.nan_to_num(hits.cos_incidence))[:, None]
    shaded[hits.face < 0] = 255.0
    return shaded.reshape(420, 560, 3).astype(np.uint8)


if __name__ == "__main__":
    standard_views()
    drapes()
