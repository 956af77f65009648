"""The panel with the brain in 3D: the lines of image and camera, directions and scale."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from napari_brainreg3d.geometry.frames import AP, DEPTH, DV, ML, FloatArray
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.projection.engines import HAS_EMBREE
from napari_brainreg3d.projection.frustum import image_corners_px
from napari_brainreg3d.results.colours import Rgb, round_number
from napari_brainreg3d.results.lettering import DARK, Colour, draw_lines, scale_bar, write
from napari_brainreg3d.results.oblique import ObliquePicture, render_oblique
from napari_brainreg3d.results.viewpoint import oblique_view, plane_corners

AMBER: Final = (255, 176, 46)
_TOP, _BOTTOM = np.array([46.0, 52.0, 62.0]), np.array([20.0, 23.0, 29.0])
#: Rays per pixel and side: smooths edges; the slower engine has to do with a coarse picture.
_FINER: Final = 1.5 if HAS_EMBREE else 0.4
#: Longest piece of the rays towards the camera that is drawn, in lengths of the image.
_RAY_LENGTH: Final = 0.9
_HIDDEN_OPACITY: Final = 0.28
_SAMPLES: Final = 160
#: A line this little under the surface is drawn as lying on it, um.
_ON_SURFACE_UM: Final = 60.0


def oblique_panel(projection: Projection, picture: Rgb, panel: tuple[int, int]) -> Image.Image:
    """Draw the brain from aside with the image in its place.

    Parameters
    ----------
    projection
        Not changed.
    picture : ndarray, shape (h, w, 3), uint8
        The image.
    panel
        Height and width of the panel.
    """
    fine = (round(panel[0] * _FINER), round(panel[1] * _FINER))
    view = oblique_view(projection, fine)
    seen = render_oblique(projection, picture, view, _backdrop(fine))
    how = Image.Resampling.HAMMING if _FINER > 1 else Image.Resampling.BICUBIC
    shown = Image.fromarray(seen.rgb).resize((panel[1], panel[0]), how)
    _draw(shown, seen, _footprint(projection), AMBER, 1.2)
    _draw(shown, seen, _camera_rays(projection), AMBER, 1.3)
    corners = plane_corners(projection)
    _draw(shown, seen, _sampled(corners, np.roll(corners, -1, axis=0)), AMBER, 2.0)
    if not _is_in(corners, seen):
        write(shown, panel[1] / 2, 24, "the image lies out of this picture", 17, AMBER, halo=DARK)
    px_per_mm = 1000.0 / view.grid.size_um[1] / _FINER
    bar_mm = round_number(0.16 * panel[1] / px_per_mm)
    scale_bar(shown, 18, panel[0] - 18, bar_mm * px_per_mm, f"{bar_mm:g} mm")
    _draw_axes(shown, seen)
    return shown


def _is_in(points: FloatArray, seen: ObliquePicture) -> bool:
    """Whether any of the points is in the picture."""
    pixels = seen.view.atlas_to_pixels(points)
    return bool(((pixels >= 0) & (pixels < seen.depth_um.shape)).all(axis=1).any())


def _backdrop(shape: tuple[int, int]) -> Rgb:
    share = np.linspace(0.0, 1.0, shape[0])[:, None, None]
    colours = (1.0 - share) * _TOP + share * _BOTTOM
    return np.broadcast_to(colours.round().astype(np.uint8), (*shape, 3))


def _sampled(starts: FloatArray, ends: FloatArray) -> list[FloatArray]:
    """Straight lines between points, as many points each, so that parts can be hidden."""
    share = np.linspace(0.0, 1.0, _SAMPLES)[:, None]
    return [(1.0 - share) * a + share * b for a, b in zip(starts, ends, strict=True)]


def _camera_rays(projection: Projection) -> list[FloatArray]:
    """The rays through the corners of the image: from near the camera down to the tissue."""
    registration = projection.registration
    rays = registration.view.pixel_rays(image_corners_px(registration.image_shape))
    length = _RAY_LENGTH * max(registration.grid.extent_um)
    known = projection.depth_um[np.isfinite(projection.depth_um)]
    bottom = max(0.0, float(np.quantile(known, 0.5))) if known.size else 0.0
    return _sampled(rays.at_depth(max(-length, rays.eye_depth_um)), rays.at_depth(bottom))


def _footprint(projection: Projection) -> list[FloatArray]:
    """Where the edge of the image falls on the tissue: lines of atlas points."""
    depth = projection.depth_um
    height, width = depth.shape
    around = np.concatenate(
        [
            np.stack([np.zeros(width), np.arange(width)], axis=1),
            np.stack([np.arange(height), np.full(height, width - 1)], axis=1),
            np.stack([np.full(width, height - 1), np.arange(width)[::-1]], axis=1),
            np.stack([np.arange(height)[::-1], np.zeros(height)], axis=1),
        ]
    ).astype(np.intp)
    at_edge = depth[around[:, 0], around[:, 1]].astype(np.float64)
    points = projection.registration.view.pixel_rays(around).at_depth(at_edge)
    # Torn where the edge looks past the brain, or from one fold of it to another.
    step = max(projection.registration.pixel_size_um)
    torn = ~(np.abs(np.diff(at_edge)) < 12.0 * step)
    return [part for part in np.split(points, np.flatnonzero(torn) + 1) if len(part) > 1]


def _draw(
    shown: Image.Image,
    seen: ObliquePicture,
    lines: list[FloatArray],
    colour: Colour,
    width_px: float,
) -> None:
    """Draw lines of atlas points, (N, 3) each; what lies behind tissue faintly."""
    clear: list[FloatArray] = []
    hidden: list[FloatArray] = []
    for line in lines:
        pixels = seen.view.atlas_to_pixels(line)
        depth = seen.view.pose.to_plane(line)[:, DEPTH]
        behind = np.asarray(depth > _depth_at(seen, pixels) + _ON_SURFACE_UM)
        places = (pixels + 0.5) / _FINER - 0.5
        for part in np.split(np.arange(len(line)), np.flatnonzero(np.diff(behind)) + 1):
            # One point of the next part too, so that there is no gap.
            stop = min(part[-1] + 2, len(line))
            (hidden if behind[part[0]] else clear).append(places[part[0] : stop])
    draw_lines(shown, hidden, colour, width_px, opacity=_HIDDEN_OPACITY)
    draw_lines(shown, clear, colour, width_px)


def _depth_at(seen: ObliquePicture, pixels: FloatArray) -> FloatArray:
    """Depth of the surface at pixels, (N,); infinite where there is none."""
    size = np.array(seen.depth_um.shape)
    inside = np.asarray(((pixels >= 0) & (pixels <= size - 1)).all(axis=1))
    nearest = np.where(inside[:, None], pixels, 0.0).round().astype(np.intp)
    depth = seen.depth_um[nearest[:, 0], nearest[:, 1]]
    return np.where(inside & np.isfinite(depth), depth, np.inf)


def _draw_axes(shown: Image.Image, seen: ObliquePicture) -> None:
    """A small cross of the animal's anterior, right and dorsal directions, lower right."""
    ways = {"A": (AP, -1.0), "R": (ML, -1.0), "D": (DV, -1.0)}
    origin = np.array([shown.height - 58.0, shown.width - 70.0])
    for letter, (axis, sign) in ways.items():
        way = sign * seen.view.pose.rotation[axis, :DEPTH]
        draw_lines(shown, [np.stack([origin, origin + 40.0 * way])], (225, 228, 232), 2.0)
        # Beyond the tip; a way that points at the observer still has its letter beside it.
        length = max(float(np.linalg.norm(way)), 0.3)
        row, column = origin + (40.0 + 13.0 / length) * way
        write(shown, column, row, letter, 16, halo=DARK, is_bold=True)
