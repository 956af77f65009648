"""What stands in an NWB file of a registered picture. Needs pynwb."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ndx_anatomical_localization import (
    AllenCCFv3Space,
    AnatomicalCoordinatesImage,
    BrainRegionMasks,
    Localization,
    Space,
)
from pynwb import H5DataIO, NWBFile
from pynwb.base import Images
from pynwb.core import DynamicTable, ElementIdentifiers, VectorData
from pynwb.image import GrayscaleImage, RGBImage

from napari_brainreg3d.io.exchange.ccf import is_in_ccf, to_allen_um
from napari_brainreg3d.io.maps import QUANTITIES, Quantity
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.pixels import Pixels, grey
from napari_brainreg3d.projection import Projection
from napari_brainreg3d.registration.schema import CONVENTIONS, to_json
from napari_brainreg3d.results.areas import region_table
from napari_brainreg3d.results.methods import methods_text

_ROWS_FIRST: Final = (
    "Arrays are [row, column]: the first index runs down the picture, the second one to its right."
)
#: Larger images get no name per pixel: HDF5 stores texts slowly and without compression.
_MOST_NAMED: Final = 1 << 20
_LEFT_RIGHT: Final = "left and right are the animal's own"
_OWN_SPACE: Final = (
    "{name} {version} as BrainGlobe has it (asr): x from the front, y from the top, z from the "
    "animal's right, from the corner of the volume"
)


def add_content(file: NWBFile, projection: Projection, image: Pixels) -> None:
    """Put everything into a new file.

    Parameters
    ----------
    file
        Changed.
    projection
        What to write.
    image : ndarray, shape (H, W) or (H, W, 3)
        The picture.
    """
    pictures, reference = _pictures(projection, image)
    file.add_acquisition(pictures)
    file.add_lab_meta_data(_localization(projection, reference))
    module = file.create_processing_module(
        name="ophys",
        description="Labels, maps and region table of the registration to the atlas. "
        f"{_ROWS_FIRST} {_LEFT_RIGHT}.",
    )
    for part in (_maps(projection), _region_table(projection), _texts(projection)):
        module.add(part)
    if projection.registration.landmarks:
        module.add(_landmarks(projection))


def _storable(text: str) -> str:
    """A text that HDF5 can hold: file names may have bytes that are not Unicode."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "?")


def _compressed(array: npt.NDArray[Any]) -> Any:
    return H5DataIO(np.ascontiguousarray(array), compression="gzip", shuffle=True)


def _pictures(projection: Projection, image: Pixels) -> tuple[Images, GrayscaleImage]:
    registration = projection.registration
    height, width = registration.pixel_size_um
    name = _storable(registration.image_name or "name not known")
    about = (
        f"Picture that was registered ({name}). "
        f"{_ROWS_FIRST} A pixel is {height:g} um high and {width:g} um wide in the plane of focus."
    )
    # NWB has one number, so that it can say only the size of square pixels: pixels per cm.
    resolution = 1e4 / height if height == width else None
    reference = GrayscaleImage(
        name="image", data=_image_data(grey(image)), description=about, resolution=resolution
    )
    images = [reference]
    if image.ndim == 3:
        reference.fields["description"] = f"Brightness. {about}"
        colour = RGBImage(
            name="image_in_colour",
            data=_image_data(image),
            description=about,
            resolution=resolution,
        )
        images.append(colour)
    return Images(name="registered_image", images=images, description=about), reference


def _image_data(image: Pixels) -> Any:
    return _compressed(image.astype(np.uint8) if image.dtype == np.bool_ else image)


def _localization(projection: Projection, reference: GrayscaleImage) -> Localization:
    regions = None
    if projection.labels.size <= _MOST_NAMED:
        names = [row.region.acronym for row in projection.grouping.rows]
        regions = np.array(["", *names], dtype=object)[projection.labels]
    places = projection.atlas_um.astype(np.float64)
    atlas, bregma = projection.scene.atlas, projection.registration.bregma
    if is_in_ccf(atlas):
        space: Space = AllenCCFv3Space()
        atlas_places = to_allen_um(places)
    else:
        space = Space(
            name=atlas.name,
            space_name=atlas.name,
            origin=_OWN_SPACE.format(name=atlas.name, version=atlas.version),
            units="um",
            orientation="PIL",
            extent=np.array(atlas.size_um),
        )
        atlas_places = places
    spaces, images = [space], []
    about = f"Where in the atlas each pixel looks; NaN where there is no tissue. {_ROWS_FIRST}"
    images.append(_coordinates("atlas_coordinates", about, space, atlas_places, reference, regions))
    if bregma is not None:
        ap, ml, dv = np.moveaxis(bregma.to_stereotaxic_mm(places) * 1000.0, -1, 0)
        stereotaxic = Space(
            name="bregma",
            space_name=f"bregma_{bregma.name}",
            origin=f"bregma, preset {bregma.name}: {bregma.atlas_um} um in the atlas (AP from the "
            f"front, DV from the top, ML from the animal's right); skull tilted by "
            f"{bregma.tilt_deg:g} degrees, scaled by {bregma.scale}",
            units="um",
            orientation="RAS",
        )
        spaces.append(stereotaxic)
        from_bregma = np.stack([ml, ap, dv], axis=-1)
        images.append(
            _coordinates("bregma_coordinates", about, stereotaxic, from_bregma, reference, None)
        )
    return Localization(
        spaces=spaces,
        anatomical_coordinates_images=images,
        brain_region_masks=[_masks(projection)],
    )


def _coordinates(
    name: str,
    about: str,
    space: Space,
    places: npt.NDArray[np.float64],
    reference: GrayscaleImage,
    regions: npt.NDArray[Any] | None,
) -> AnatomicalCoordinatesImage:
    x, y, z = (_compressed(places[..., axis].astype(np.float32)) for axis in range(3))
    return AnatomicalCoordinatesImage(
        name=name,
        description=about,
        space=space,
        method="napari-brainreg3d: rays of a camera model cast into the meshes of the atlas",
        image=reference,
        x=x,
        y=y,
        z=z,
        **({} if regions is None else {"brain_region": _compressed(regions)}),
    )


def _masks(projection: Projection) -> BrainRegionMasks:
    rows, columns = np.nonzero(projection.labels)
    ids = np.array([0, *(row.region.id for row in projection.grouping.rows)], np.int32)
    is_left = projection.finest[rows, columns] % 2 == 0
    values = {
        "x": (columns.astype(np.int32), "column of the pixel, 0 at the left of the picture"),
        "y": (rows.astype(np.int32), "row of the pixel, 0 at the top of the picture"),
        "brain_region_id": (
            ids[projection.labels[rows, columns]],
            "id of the region in the atlas's own ontology",
        ),
        "is_left": (is_left, "whether the tissue lies in the animal's left hemisphere"),
    }
    return BrainRegionMasks(
        name="brain_region_masks",
        description=f"The region that each labelled pixel shows; {_LEFT_RIGHT}.",
        id=ElementIdentifiers(name="id", data=_compressed(np.arange(len(rows)))),
        columns=[
            VectorData(name=name, description=about, data=_compressed(data))
            for name, (data, about) in values.items()
        ],
    )


def _maps(projection: Projection) -> Images:
    labels = GrayscaleImage(
        name="labels",
        data=_compressed(projection.labels),
        description=f"Row of the table 'regions' for each pixel, from 1; 0 is none. {_ROWS_FIRST}",
    )
    quantities: tuple[Quantity, ...] = ("depth_um", "surface_depth_um", "incidence_deg")
    maps = [
        GrayscaleImage(
            name=name,
            data=_compressed(getattr(projection, name)),
            description=f"{QUANTITIES[name]}. {_ROWS_FIRST}",
        )
        for name in quantities
    ]
    return Images(
        name="maps", images=[labels, *maps], description="Label image and maps of the registration"
    )


#: Columns of the region table: name there -> name and description in NWB, where "id" is taken.
_COLUMNS: Final = {
    "label": ("label", "value in the label image"),
    "id": ("brain_region_id", "id in the atlas's own ontology"),
    "acronym": ("acronym", "short name"),
    "name": ("region_name", "full name"),
    "hemisphere": ("hemisphere", "the animal's left or right, or both"),
    "pixels": ("pixels", "pixels that show the region; 0 when it is out of view"),
    "color": ("color", "colour of the atlas, #rrggbb"),
    "parents": ("parents", "acronyms from the root of the ontology, joined by /"),
    "projected_mm2": ("projected_mm2", "area in the plane of focus, mm^2"),
    "surface_mm2": ("surface_mm2", "area of the tissue surface in view, mm^2"),
}


def _region_table(projection: Projection) -> DynamicTable:
    table = region_table(projection)
    columns = [
        VectorData(name=name, description=about, data=table[own].to_numpy().tolist())
        for own, (name, about) in _COLUMNS.items()
    ]
    return DynamicTable(
        name="regions", description=f"Regions of the label image; {_LEFT_RIGHT}.", columns=columns
    )


def _landmarks(projection: Projection) -> DynamicTable:
    marks = projection.registration.landmarks
    nowhere = (float("nan"),) * 3
    values = {
        "landmark": ([_storable(mark.name) for mark in marks], "name"),
        "row": ([(mark.image_px or nowhere)[0] for mark in marks], "in the image, pixels; or NaN"),
        "column": ([(mark.image_px or nowhere)[1] for mark in marks], "in the image, pixels"),
        **{
            name: ([(mark.atlas_um or nowhere)[axis] for mark in marks], f"um from the {origin}")
            for axis, (name, origin) in enumerate(
                (("atlas_ap", "front"), ("atlas_dv", "top"), ("atlas_ml", "animal's right"))
            )
        },
    }
    columns = [
        VectorData(name=name, description=about, data=data)
        for name, (data, about) in values.items()
    ]
    return DynamicTable(
        name="landmarks", description="Points placed in image and atlas", columns=columns
    )


def _texts(projection: Projection) -> DynamicTable:
    about = metadata_of(projection, "picture registered to an atlas")
    texts = {
        "registration": to_json(projection.registration),
        "conventions": f"{CONVENTIONS} {_ROWS_FIRST} The space AllenCCFv3 counts z from the "
        "animal's left: z = 11400 - atlas_um[2].",
        "provenance": json.dumps(about, indent=2),
        "methods": methods_text(projection),
    }
    return DynamicTable(
        name="registration",
        description="Texts: the registration as JSON (a *.brainreg3d.json file), conventions, "
        "where this comes from, a paragraph for a methods section",
        columns=[
            VectorData(name="item", description="what the text is", data=list(texts)),
            VectorData(name="text", description="the text", data=list(texts.values())),
        ],
    )
