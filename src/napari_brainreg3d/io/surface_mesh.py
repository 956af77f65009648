"""A painted brain surface as a PLY or GLB file that other 3D viewers open, not mirrored."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from napari_brainreg3d.atomic import replacing
from napari_brainreg3d.errors import OutputError
from napari_brainreg3d.geometry.frames import FloatArray
from napari_brainreg3d.io.metadata import SCHEMATIC_NOTE
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.registration.schema import CONVENTIONS, software_versions
from napari_brainreg3d.results.drape import Drape, Rgba, surface_data

MeshFrame = Literal["world", "atlas_um"]

#: Name of an attribute of vertices until it is glTF's ``COLOR_0``.
_LINEAR: Final = "_LINEAR_LIGHT"
#: What the colours of a file are.
_COLOURS: Final = {
    ".ply": "sRGB, 8 bits: as a screen shows them",
    ".glb": "COLOR_0 is linear light, 16 bits, as glTF defines it: viewers show the sRGB picture",
}
#: Axes of a file in words.
_AXES: Final = {
    ".ply": "right-handed, micrometres: x to the animal's right, y anterior, z superior",
    ".glb": "right-handed, metres (glTF): x to the animal's left, y superior, z anterior",
    "atlas_um": "atlas_um as it is, micrometres: left-handed, so that most viewers mirror it",
}
_TO_WORLD: Final = {
    ".ply": np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
    ".glb": np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]]) * 1e-6,
}


def write_surface(
    path: str | os.PathLike[str],
    draped: Drape,
    *,
    frame: MeshFrame = "world",
    only_seen: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a painted surface with a colour at each vertex.

    Parameters
    ----------
    path
        Ends in ``.ply`` (binary) or ``.glb`` (glTF 2).
    draped
        From :func:`napari_brainreg3d.results.drape.drape`.
    frame
        ``"world"``: right-handed axes through the middle of the atlas's front upper edge, so that
        left is left in viewers: PLY in um with x right, y anterior, z superior; GLB in metres with
        x left, y superior, z anterior, as glTF wants. ``"atlas_um"``: the coordinates of the atlas.
    only_seen
        Whether to leave out what the camera did not see.
    overwrite
        Whether an existing file may be replaced.

    Returns
    -------
    Path
        The file. Axes, units, sides, the matrix from ``atlas_um``, what the colours are and where
        the image comes from stand in comments of a PLY, in the ``extras`` of a GLB. A PLY has the
        colours of the picture (sRGB); a GLB linear light, which viewers turn back into them.

    Raises
    ------
    OutputError
        When the name has another ending, the file exists and may not be replaced, or it cannot be
        written.
    """
    file = check_surface_name(path)
    suffix = file.suffix.lower()
    if frame not in ("world", "atlas_um"):
        raise OutputError(f"frame must be world or atlas_um, got {frame!r}")
    matrix = file_from_atlas(draped, suffix) if frame == "world" else np.eye(4)
    axes = _AXES[suffix if frame == "world" else "atlas_um"]
    content = _encoded(
        suffix, draped, matrix, _about(draped, axes, matrix, _COLOURS[suffix]), only_seen=only_seen
    )
    with replacing(file, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)
    return file


def check_surface_name(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if it is the name of a PLY or GLB file.

    Raises
    ------
    OutputError
        When it has another suffix.
    """
    return check_ending(path, "a surface", *_TO_WORLD)


def file_from_atlas(draped: Drape, suffix: str) -> FloatArray:
    """Matrix, shape (4, 4), from ``atlas_um`` to the world of a PLY or GLB file.

    Its determinant is negative: ``atlas_um`` is left-handed, the world of the files is not.
    """
    matrix = np.eye(4)
    matrix[:3, :3] = _TO_WORLD[suffix]
    # The origin: the front upper edge of the atlas, in the middle between the sides.
    matrix[:3, 3] = -matrix[:3, :3] @ np.array([0.0, 0.0, draped.atlas.midline_um])
    return matrix


def _encoded(
    suffix: str, draped: Drape, matrix: FloatArray, about: dict[str, Any], *, only_seen: bool
) -> bytes:
    import trimesh
    from trimesh.exchange.gltf import export_glb
    from trimesh.exchange.ply import export_ply

    vertices, faces, _, colours = surface_data(draped, only_seen=only_seen)
    if np.linalg.det(matrix) < 0.0:
        faces = faces[:, ::-1]  # counter-clockwise from outside, in the frame of the file
    mesh = trimesh.Trimesh(
        vertices @ matrix[:3, :3].T + matrix[:3, 3],
        faces,
        vertex_colors=colours if suffix == ".ply" else None,
        process=False,
        metadata=about,
    )
    if suffix == ".glb":
        mesh.vertex_attributes[_LINEAR] = linear_light(colours)
        scene = trimesh.Scene(metadata=about)
        scene.add_geometry(mesh, node_name="brain", geom_name="brain")
        return bytes(
            export_glb(scene, tree_postprocessor=_coloured)  # type: ignore[no-untyped-call]
        )
    return _with_comments(export_ply(mesh), about)


def linear_light(colours: Rgba) -> npt.NDArray[np.uint16]:
    """Colours as a screen shows them (sRGB) as amounts of light, which is what glTF stores.

    Parameters
    ----------
    colours : ndarray, shape (V, 4), uint8
        Red, green, blue in sRGB, and opacity.

    Returns
    -------
    ndarray, shape (V, 4), uint16
        0 to 65535. Eight bits would leave nine steps for the darker fifth of a picture.

    Notes
    -----
    The curve is that of IEC 61966-2-1.
    """
    share = colours / 255.0
    dark = share[:, :3] <= 0.04045
    share[:, :3] = np.where(dark, share[:, :3] / 12.92, ((share[:, :3] + 0.055) / 1.055) ** 2.4)
    return np.asarray((share * 65535.0).round(), np.uint16)


def _coloured(tree: dict[str, Any]) -> None:
    """Make the attribute the colour of the vertices, on tissue that does not shine like metal."""
    # What has no material is metal, by glTF's defaults: viewers show it nearly black.
    matt = {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0}}
    tree["materials"] = [{"name": "image", **matt}]
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            number = primitive["attributes"].pop(_LINEAR)
            primitive["attributes"]["COLOR_0"] = number
            primitive["material"] = 0
            tree["accessors"][number]["normalized"] = True


def _with_comments(ply: bytes, about: dict[str, Any]) -> bytes:
    """Put comments into the header of a PLY, after the line that says its format."""
    comments = [f"comment {name} {json.dumps(value)}" for name, value in about.items()]
    start = ply.index(b"\n", ply.index(b"\nformat ") + 1) + 1
    return ply[:start] + "".join(f"{line}\n" for line in comments).encode("ascii") + ply[start:]


def _about(draped: Drape, axes: str, matrix: FloatArray, colours: str) -> dict[str, Any]:
    registration = draped.registration
    return {
        "content": "brain surface with an image on it; grey where the camera saw nothing",
        "axes": axes,
        "colours": colours,
        "file_from_atlas_um": matrix.tolist(),
        "conventions": CONVENTIONS,
        "side_confirmed": registration.side_confirmed,
        "contrast": draped.contrast,
        "atlas": {
            **dataclasses.asdict(draped.atlas),
            **({"note": SCHEMATIC_NOTE} if draped.atlas.is_schematic else {}),
        },
        "image": {"name": registration.image_name, "sha256": registration.image_sha256},
        "software": software_versions(),
    }
