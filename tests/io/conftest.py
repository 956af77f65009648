"""A projection made by hand, whose labels no flip, turn or shift leaves as they are."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from napari_brainreg3d.atlas.regions import Ontology, Region
from napari_brainreg3d.atlas.scene import AtlasInfo, Mesh, Scene
from napari_brainreg3d.geometry import PinholeCamera, Pose
from napari_brainreg3d.projection import Projection, ProjectionSettings
from napari_brainreg3d.projection.grouping import group
from napari_brainreg3d.registration import Registration

ROOT = Region(997, "root", "root", (255, 255, 255), (997,))
#: The second one is out of view: names must not shift. Its acronym reads as "not available" to
#: programs that guess; the third one's as a number.
REGIONS = (
    Region(614454277, "MOp", "Motor area, left of the comma", (31, 157, 90), (997, 614454277)),
    Region(312782546, "NA", "Région hors de vue", (8, 133, 140), (997, 312782546)),
    Region(182305689, "007", "Numbered area", (24, 128, 100), (997, 182305689)),
)

#: Which region each pixel shows (-1 none) and on which side, by hand.
REGION = np.array(
    [
        [-1, 0, 0, 0, -1, -1, -1],
        [-1, 0, -1, -1, -1, 2, -1],
        [-1, 0, 0, -1, -1, 2, 2],
        [-1, 0, -1, -1, -1, -1, -1],
        [2, -1, -1, -1, -1, -1, -1],
    ]
)
IS_LEFT = np.broadcast_to(np.arange(7) < 3, REGION.shape)
#: MOp is label 1, NA 2, 007 3.
LABELS = REGION + 1


def small_scene(*, is_schematic: bool = False) -> Scene:
    triangle = np.array([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0], [0.0, 0.0, 100.0]])
    vertices = np.concatenate([triangle + 200.0 * i for i in range(3)])
    faces = np.arange(9, dtype=np.int32).reshape(3, 3)
    info = AtlasInfo(
        "test_mouse", "1.2", "Mus", "by hand", (100.0,) * 3, (132, 80, 114), is_schematic
    )
    return Scene(
        info,
        Ontology((ROOT, *REGIONS)),
        REGIONS,
        Mesh(vertices, faces),
        np.arange(3, dtype=np.int32),
        Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)),
    )


def make_projection(
    *, is_schematic: bool = False, split_hemispheres: bool = False, **changes: Any
) -> Projection:
    scene = small_scene(is_schematic=is_schematic)
    registration = Registration(
        atlas="test_mouse",
        image_shape=REGION.shape,
        pixel_size_um=(15.9, 15.6),
        pose=Pose.dorsal(centre_um=(5000.0, 300.0, 5600.0), yaw_deg=3.0),
        camera=PinholeCamera(working_distance_mm=50.0),
        image_name="window.tif",
    )
    place = np.arange(REGION.size, dtype=np.float32).reshape(REGION.shape)
    is_tissue = REGION >= 0
    projection = Projection(
        scene=scene,
        registration=registration,
        settings=ProjectionSettings(),
        finest=np.where(is_tissue, 1 + 2 * REGION + IS_LEFT, 0).astype(np.uint16),
        depth_um=np.where(is_tissue, 100.0 + place, np.nan).astype(np.float32),
        surface_depth_um=np.where(is_tissue, place / 3.0, np.nan).astype(np.float32),
        incidence_deg=np.where(is_tissue, 30.0 + place / 7.0, np.nan).astype(np.float32),
        grouping=group(REGIONS, scene.ontology, split_hemispheres=split_hemispheres),
    )
    return dataclasses.replace(projection, **changes)


@pytest.fixture
def projection() -> Projection:
    """The projection by hand."""
    return make_projection()


@pytest.fixture
def projection_with() -> Callable[..., Projection]:
    """Makes the projection by hand, with changes."""
    return make_projection


@pytest.fixture
def labels() -> np.ndarray:
    """What its labels are."""
    return LABELS


@dataclasses.dataclass(frozen=True)
class SeenByImageJ:
    """What ImageJ finds in a file."""

    planes: list[np.ndarray]
    description: dict[str, str]
    info: str
    labels: list[str]
    pixel_size_um: tuple[float, float]


def as_imagej_reads(path: Path) -> SeenByImageJ:
    """Read a file as ImageJ does, with Pillow and from ImageJ's sources (``TiffDecoder.java``).

    Tag 50838 lists the sizes of the blocks in tag 50839: first a header ("IJIJ", then for each kind
    of block its four letters and how many), then the blocks, texts in UTF-16. The planes follow
    each other from the first strip on.
    """
    with PIL.Image.open(path) as picture:
        tags = dict(picture.tag_v2)
        size, mode = picture.size, picture.mode
    sizes, content = tags.get(50838, ()), tags.get(50839, b"")
    sizes = (sizes,) if isinstance(sizes, int) else sizes
    texts: dict[bytes, list[str]] = {}
    if sizes:
        order = "<" if content[:4] == b"JIJI" else ">"
        kinds = list(struct.iter_unpack(f"{order}4sI", content[4 : sizes[0]]))
        start, ends = sizes[0], iter(sizes[1:])
        for kind, count in kinds:
            kind = kind[::-1] if order == "<" else kind
            for _ in range(count):
                block = content[start : (start := start + next(ends))]
                texts.setdefault(kind, []).append(
                    block.decode("utf-16-le" if order == "<" else "utf-16-be")
                )
    lines = tags[270].replace("\0", "").strip().split("\n")
    description = dict(line.split("=", 1) for line in lines)
    dtype = {"L": "u1", "I;16": "<u2", "F": "<f4"}[mode]
    planes = int(description["images"])
    values = np.fromfile(path, dtype, planes * size[0] * size[1], offset=tags[273][0])
    return SeenByImageJ(
        planes=list(values.reshape(planes, size[1], size[0])),
        description=description,
        info="".join(texts.get(b"info", [])),
        labels=texts.get(b"labl", []),
        pixel_size_um=(1.0 / float(tags[283]), 1.0 / float(tags[282])),
    )


@pytest.fixture
def imagej() -> Callable[[Path], SeenByImageJ]:
    """Reads a file as ImageJ does."""
    return as_imagej_reads
