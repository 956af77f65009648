"""The brain from the side, with the image in its place: drawn by the package's own ray casting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from skimage.segmentation import find_boundaries

from napari_brainreg3d.atlas.scene import Mesh
from napari_brainreg3d.geometry import RayBundle, View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection import Projection, caster_for
from napari_brainreg3d.projection.casting import Hits
from napari_brainreg3d.results.colours import Rgb
from napari_brainreg3d.results.viewpoint import upright

_BRAIN: Final = np.array([206.0, 204.0, 200.0])
#: Where the light comes from: down, right, into the picture.
_LIGHT: Final = np.array([-0.55, -0.45, -0.70]) / np.linalg.norm([-0.55, -0.45, -0.70])
_AMBIENT: Final = 0.40
#: A region deeper than this under the brain's surface shines through it only faintly.
_COVERED_UM: Final = 150.0
_THROUGH: Final = 0.30
#: Brightness of the borders of regions.
_BORDER: Final = 0.62
#: Opacity of the image plane where it is black: in front of the brain, and inside it; and how much
#: more opaque it is where it is white.
_PLANE_OUTSIDE, _PLANE_INSIDE, _BRIGHT = 0.42, 0.14, 0.44


@dataclass(frozen=True, slots=True, eq=False)
class ObliquePicture:
    """The brain seen from aside.

    Attributes
    ----------
    rgb : ndarray, shape (H, W, 3), uint8
        The picture.
    view
        The camera that made it.
    depth_um : ndarray, shape (H, W)
        Depth in ``view`` of what each pixel shows of the brain; NaN past it.
    """

    rgb: Rgb
    view: View
    depth_um: FloatArray


def render_oblique(
    projection: Projection, picture: Rgb, view: View, background: Rgb
) -> ObliquePicture:
    """Cast one ray per pixel of the picture: brain, regions, and the image plane in between.

    Parameters
    ----------
    projection
        Scene and registration. Not changed.
    picture : ndarray, shape (h, w, 3), uint8
        The image, of any size, to be shown on the image plane.
    view
        From :func:`oblique_view`.
    background : ndarray, shape (H, W, 3), uint8
        What is seen past everything.

    Returns
    -------
    ObliquePicture
        Lambert shading with one light; the image plane half transparent.
    """
    shape = view.grid.shape
    colours = np.empty((*shape, 3), np.uint8)
    depths = np.empty(shape)
    rows = max(1, (1 << 18) // shape[1])
    normals = _vertex_normals(projection.scene.brain)
    for first in range(0, shape[0], rows):
        block = slice(first, min(shape[0], first + rows))
        rays = view.row_rays(block.start, block.stop)
        brain = caster_for(projection.scene.brain).first_hits(rays)
        colour, depth, owner = _surface(projection, rays, brain, normals, background[block])
        _darken_borders(colour, owner.reshape(-1, shape[1]))
        _lay_plane(projection, picture, rays, depth, colour)
        colours[block] = colour.round().clip(0, 255).reshape(-1, shape[1], 3)
        depths[block] = depth.reshape(-1, shape[1])
    return ObliquePicture(colours, view, depths)


def _surface(
    projection: Projection,
    rays: RayBundle,
    brain: Hits,
    normals: FloatArray,
    background: Rgb,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int32]]:
    """Colour, (R, 3), depth, (R,), and region, (R,), of what is seen; -1 for no region."""
    scene = projection.scene
    regions = caster_for(scene.mesh).first_hits(rays)
    table = np.array([region.rgb for region in scene.regions] or [(0, 0, 0)], np.float64)
    owner = np.append(scene.face_region, 0)[regions.face]
    is_region = regions.face >= 0
    covered = regions.depth_um - brain.depth_um > _COVERED_UM
    share = np.where(is_region, np.where(covered, _THROUGH, 1.0), 0.0)[:, None]
    colour = share * table[owner] + (1.0 - share) * _BRAIN
    # Meshes of regions are smooth and closed, with walls where they meet: the brain's own surface
    # makes the better shading where a region lies in it.
    is_brain = brain.face >= 0
    shade = _AMBIENT + (1.0 - _AMBIENT) * np.nan_to_num(regions.cos_incidence)
    points = (rays.crossings_um + rays.directions * brain.depth_um[:, None])[is_brain]
    shade[is_brain] = _shade(
        scene.brain, normals, points, brain.face[is_brain], rays.viewing_direction
    )
    is_tissue = is_region | is_brain
    colour = np.where(is_tissue[:, None], colour * shade[:, None], background.reshape(-1, 3))
    seen = np.where(is_region, owner, -1)
    return colour, np.fmin(brain.depth_um, regions.depth_um), seen


def _darken_borders(colour: FloatArray, owner: npt.NDArray[np.int32]) -> None:
    """Draw lines between regions into ``colour``, (H * W, 3), in place."""
    border = find_boundaries(  # type: ignore[no-untyped-call]
        owner, connectivity=1, mode="inner", background=-1
    )
    colour[border.ravel()] *= _BORDER


def _shade(
    mesh: Mesh,
    normals: FloatArray,
    points: FloatArray,
    faces: npt.NDArray[np.int32],
    into: FloatArray,
) -> FloatArray:
    """Brightness, (P,), at points on faces, with normals interpolated between the vertices."""
    corners = mesh.faces[faces]
    a, b, c = (mesh.vertices_um[corners[:, i]] for i in range(3))
    # Barycentric coordinates as areas of the three triangles around the point.
    areas = np.stack(
        [
            np.linalg.norm(np.cross(p - points, q - points), axis=1)
            for p, q in ((b, c), (c, a), (a, b))
        ],
        axis=1,
    )
    normal = np.einsum("ri,rij->rj", areas, normals[corners])
    length = np.maximum(np.linalg.norm(normal, axis=1), 1e-30)
    facing = -np.sign(normal @ into)  # whichever way the mesh is wound
    lambert = np.maximum(normal @ _light(into) * facing / length, 0.0)
    return np.asarray(_AMBIENT + (1.0 - _AMBIENT) * 1.12 * lambert)


def _light(into: FloatArray) -> FloatArray:
    """Unit vector to the light, in the atlas; it stands still over the observer's shoulder."""
    return np.asarray(upright(into) @ _LIGHT)


def _vertex_normals(mesh: Mesh) -> FloatArray:
    """Mean normal of the faces around each vertex, (V, 3), weighted by their area."""
    a, b, c = mesh.vertices_um[mesh.faces.T]
    areas = np.cross(b - a, c - a)
    total = np.zeros_like(mesh.vertices_um)
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(
                mesh.faces[:, corner], weights=areas[:, axis], minlength=len(total)
            )
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(np.divide(total, lengths, out=np.zeros_like(total), where=lengths > 0))


def _lay_plane(
    projection: Projection,
    picture: Rgb,
    rays: RayBundle,
    depth_um: npt.NDArray[np.float64],
    colour: FloatArray,
) -> None:
    """Blend the image plane into ``colour``, (R, 3), in place."""
    source = projection.registration.view
    normal = source.pose.viewing_direction
    along = rays.directions @ normal
    if np.abs(along).min() < 1e-6:  # seen from the edge
        return
    plane_depth = ((source.pose.centre_um - rays.crossings_um) @ normal) / along
    pixels = source.atlas_to_pixels(rays.at_depth(plane_depth))
    size = np.array(source.grid.shape)
    # NaN, past the limit of a lens, is not inside.
    is_inside = ((pixels >= -0.5) & (pixels < size - 0.5)).all(axis=1)
    share = (pixels[is_inside] + 0.5) / size
    texels = (share * picture.shape[:2]).astype(np.intp)
    shown = picture[texels[:, 0], texels[:, 1]].astype(np.float64)
    is_hidden = plane_depth[is_inside] > depth_um[is_inside]
    brightness = shown.mean(axis=1) / 255.0
    bright = np.where(is_hidden, _PLANE_INSIDE, _BRIGHT) * brightness
    opacity = (np.where(is_hidden, _PLANE_INSIDE, _PLANE_OUTSIDE) + bright)[:, None]
    colour[is_inside] = opacity * shown + (1.0 - opacity) * colour[is_inside]
