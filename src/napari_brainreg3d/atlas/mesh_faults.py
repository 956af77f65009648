"""Looking a mesh over when it comes in: what is broken is mended or reported, never passed on."""

from __future__ import annotations

import numpy as np
import trimesh

from napari_brainreg3d.atlas.scene import Mesh, MeshFault


def checked_mesh(acronym: str, raw: Mesh) -> tuple[Mesh | None, list[MeshFault]]:
    """Find and mend the faults of a region's mesh.

    Parameters
    ----------
    acronym
        Whose mesh it is, for the report.
    raw
        The mesh as the atlas has it.

    Returns
    -------
    Mesh or None
        A mesh without broken triangles, its normals outwards; None when nothing is left.
    list of MeshFault
        Empty triangles, corners that are not numbers or do not exist, open borders, inside-out
        surfaces. (About a tenth of the meshes of published atlases are not closed.)
    """
    faults: list[MeshFault] = []

    def fault(what: str, remedy: str) -> None:
        faults.append(MeshFault(acronym, what, remedy))

    faces = raw.faces
    exists = np.asarray(((faces >= 0) & (faces < len(raw.vertices_um))).all(axis=1))
    if not exists.all():
        fault(f"{(~exists).sum()} triangles name corners that do not exist", "left out")
        faces = faces[exists]
    finite = np.asarray(np.isfinite(raw.vertices_um).all(axis=1))
    whole = np.asarray(finite[faces].all(axis=1))
    if not whole.all():
        fault(f"{(~whole).sum()} triangles have corners that are not numbers", "left out")
        faces = faces[whole]
    a, b, c = raw.vertices_um[faces.T]
    has_area = np.cross(b - a, c - a).any(axis=1)
    faces = faces[has_area]  # a triangle without area cannot be met: dropped without a word
    if not len(faces):
        fault("the mesh has no triangles", "region skipped")
        return None, faults

    used, renumbered = np.unique(faces, return_inverse=True)
    mesh = Mesh(raw.vertices_um[used], renumbered.reshape(-1, 3).astype(np.int32))
    welded = trimesh.Trimesh(mesh.vertices_um, mesh.faces, process=True)
    # An edge as one number: sorting rows would hold Python's lock, and with it a window, for long.
    edges = welded.edges_sorted.astype(np.int64)
    _, uses = np.unique(edges[:, 0] * len(welded.vertices) + edges[:, 1], return_counts=True)
    # Four faces at an edge are two closed surfaces that touch; an odd number is a border.
    if (border := int((uses % 2).sum())) > 0:
        fault(
            f"the surface is not closed ({border} border edges)",
            "kept; rays that pass through a hole meet what lies behind it",
        )
    # The signed volume of an open surface depends on the origin: measure from its middle.
    middle = mesh.bounds_um.mean(axis=0)
    a, b, c = mesh.vertices_um[mesh.faces.T] - middle
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6.0
    if volume < 0:
        fault("the surface is inside out", "turned round")
        mesh = Mesh(mesh.vertices_um, mesh.faces[:, ::-1].copy())
    return mesh, faults


def scale_to_um(brain: Mesh, size_um: tuple[float, float, float]) -> float:
    """Find the factor that turns the units of an atlas's meshes into micrometres.

    Meshes should come in um, but some atlases were packed in mm or nm. The whole brain fills a
    good part of its volume, so a factor of 1000 shows.

    Parameters
    ----------
    brain
        The surface of the whole brain, raw.
    size_um
        Extent of the atlas's volume.

    Returns
    -------
    float
        1, or a power of 1000.
    """
    finite = brain.vertices_um[np.isfinite(brain.vertices_um).all(axis=1)]
    if not len(finite):
        return 1.0
    ratio = float(np.max(size_um)) / max(float(np.ptp(finite, axis=0).max()), 1e-12)
    return float(1000.0 ** np.round(np.log10(ratio) / 3.0))
