"""The part of each region that the camera has in view: brainreg3D's "underlying volumes"."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from trimesh.intersections import slice_faces_plane

from napari_brainreg3d.atlas.scene import Mesh, Scene
from napari_brainreg3d.geometry import View
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.projection.caps import ON_PLANE_UM, cap, merged
from napari_brainreg3d.registration import Registration

#: Corners of the image as shares of its height and width, in order around it.
_CORNERS: Final = np.array([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)])
_NO_FACES: Final = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))


def image_corners_px(shape: tuple[int, int]) -> FloatArray:
    """The outer corners of the image, shape (4, 2), ``image_px``, in order around it."""
    return np.asarray(_CORNERS * shape - 0.5)


def frustum_planes(view: View) -> tuple[FloatArray, FloatArray]:
    """The four planes that bound what the camera has in view.

    Parameters
    ----------
    view
        A camera in its place.

    Returns
    -------
    origins : ndarray, shape (4, 3)
        A point of each plane, ``atlas_um``.
    normals : ndarray, shape (4, 3)
        Unit normals that point into the field of view.

    Notes
    -----
    Each plane holds the rays through two neighbouring corners of the image. A lens with distortion
    sees a barrel or a cushion; its planes go through the undistorted rays of the corners.
    """
    rays = view.pixel_rays(image_corners_px(view.grid.shape))
    middle = view.pixel_rays(view.grid.centre_px[None])
    along = np.roll(rays.crossings_um, -1, axis=0) - rays.crossings_um
    normals = np.cross(rays.directions, along)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # The way round the corners depends on whether the camera mirrors.
    inwards = np.einsum("ij,ij->i", normals, middle.crossings_um - rays.crossings_um)
    normals *= np.sign(inwards)[:, None]
    return np.asarray(rays.crossings_um), np.asarray(normals)


def volumes_in_view(scene: Scene, registration: Registration) -> list[Mesh]:
    """Cut every region to what lies inside the camera's field of view, at any depth.

    Parameters
    ----------
    scene
        N regions.
    registration
        Where the image lies and how its camera looks.

    Returns
    -------
    list of Mesh
        N meshes in the order of ``scene.regions``; without faces for a region out of view. Closed
        where they were cut, if the region's own mesh is closed and does not touch itself there.
    """
    origins, normals = frustum_planes(registration.view)
    side_of = _sides(scene.mesh.vertices_um, origins, normals)
    volumes = []
    for index in range(len(scene.regions)):
        faces = scene.mesh.faces[scene.face_region == index]
        sides = side_of[:, np.unique(faces)]
        if not len(faces) or (sides <= 0).all(axis=1).any():
            volumes.append(_NO_FACES)
        elif (sides >= 0).all():
            volumes.append(scene.region_mesh(index))
        else:
            volumes.append(_cut(scene.region_mesh(index), origins, normals))
    return volumes


def _sides(
    vertices_um: FloatArray, origins: FloatArray, normals: FloatArray
) -> npt.NDArray[np.float64]:
    """Distance of all vertices from each plane, shape (4, V); positive is in view."""
    return np.asarray(normals @ vertices_um.T - np.einsum("ij,ij->i", normals, origins)[:, None])


def _cut(mesh: Mesh, origins: FloatArray, normals: FloatArray) -> Mesh:
    vertices, faces = mesh.vertices_um, mesh.faces.astype(np.int64)
    for origin, normal in zip(origins, normals, strict=True):
        vertices, faces, _ = slice_faces_plane(  # type: ignore[no-untyped-call]
            vertices, faces, normal, origin
        )
        is_cut = np.abs((vertices - origin) @ normal) < ON_PLANE_UM
        vertices, faces = merged(vertices, faces, is_cut)
        faces = np.concatenate([faces, cap(vertices, faces, origin, normal)])
    used, renumbered = np.unique(faces, return_inverse=True)
    return Mesh(vertices[used], renumbered.reshape(-1, 3).astype(np.int32))
