from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tifffile
from numpy.testing import assert_allclose

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.pixel_size import from_dpi, from_ome, um_per_unit

PICTURE = np.arange(30 * 50, dtype=np.uint16).reshape(30, 50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.tif"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("um", 1.0),
        ("µm", 1.0),  # micro sign
        ("μm", 1.0),  # Greek letter
        ("\\u00B5m", 1.0),  # as ImageJ escapes it
        ("Âµm", 1.0),  # UTF-8 read as Latin-1
        ("micron", 1.0),
        ("microns", 1.0),
        ("Micrometer", 1.0),
        ("mm", 1000.0),
        ("cm", 10000.0),
        ("m", 1e6),
        ("nm", 0.001),
        ("inch", 25400.0),
        ("inches", 25400.0),
        ("Å", 1e-4),
        ("pixel", None),
        ("pixels", None),
        ("", None),
        ("s", None),
    ],
)
def test_units(unit: str, expected: float | None) -> None:
    assert um_per_unit(unit) == expected


class TestOme:
    @pytest.mark.parametrize(
        ("size", "unit"),
        [(15.9, "µm"), (0.0159, "mm"), (15900.0, "nm"), (15.9, None)],
        ids=["um", "mm", "nm", "no unit means um"],
    )
    def test_physical_sizes_are_read(self, path: Path, size: float, unit: str | None) -> None:
        metadata = {"axes": "YX", "PhysicalSizeY": size, "PhysicalSizeX": size / 2}
        if unit is not None:
            metadata |= {"PhysicalSizeYUnit": unit, "PhysicalSizeXUnit": unit}
        tifffile.imwrite(path, PICTURE, ome=True, metadata=metadata)
        assert_allclose(read_image(path).pixel_size_um, (15.9, 7.95), rtol=1e-12)

    def test_a_file_without_physical_size_has_none(self, path: Path) -> None:
        tifffile.imwrite(path, PICTURE, ome=True)
        assert read_image(path).pixel_size_um is None

    @pytest.mark.parametrize(
        "attributes",
        [
            'PhysicalSizeX="2" PhysicalSizeY="0"',
            'PhysicalSizeX="2"',
            'PhysicalSizeX="wide" PhysicalSizeY="2"',
            'PhysicalSizeX="2" PhysicalSizeY="2" PhysicalSizeXUnit="pixel"',
            'PhysicalSizeX="nan" PhysicalSizeY="2"',
        ],
    )
    def test_nonsense_is_no_size(self, attributes: str) -> None:
        assert from_ome(f"<OME><Image><Pixels {attributes}/></Image></OME>") is None

    def test_broken_xml_is_no_size(self) -> None:
        assert from_ome("<OME><Image>") is None
        assert from_ome("<OME/>") is None


class TestImageJ:
    @pytest.mark.parametrize(
        ("unit", "rows", "columns"),
        [
            ("um", 15.9, 15.6),
            ("micron", 15.9, 15.6),
            ("\\u00B5m", 15.9, 15.6),
            ("mm", 0.0159, 0.0156),
            ("cm", 0.00159, 0.00156),
            ("nm", 15900.0, 15600.0),
            ("inch", 15.9 / 25400, 15.6 / 25400),
        ],
    )
    def test_unit_and_resolution_are_read(
        self, path: Path, unit: str, rows: float, columns: float
    ) -> None:
        tifffile.imwrite(
            path, PICTURE, imagej=True, resolution=(1 / columns, 1 / rows), metadata={"unit": unit}
        )
        assert_allclose(read_image(path).pixel_size_um, (15.9, 15.6), rtol=1e-5)

    def test_large_pixels_in_um_are_believed(self, path: Path) -> None:
        tifffile.imwrite(
            path, PICTURE, imagej=True, resolution=(1 / 300, 1 / 300), metadata={"unit": "um"}
        )
        assert_allclose(read_image(path).pixel_size_um, (300, 300))

    @pytest.mark.parametrize(
        ("unit", "per_unit"), [("pixel", 1.0), ("inch", 72.0), ("inch", 300.0), ("", 0.05)]
    )
    def test_what_is_no_calibration_is_no_size(
        self, path: Path, unit: str, per_unit: float
    ) -> None:
        metadata = {"unit": unit} if unit else {}
        tifffile.imwrite(
            path, PICTURE, imagej=True, resolution=(per_unit, per_unit), metadata=metadata
        )
        assert read_image(path).pixel_size_um is None

    def test_heights_may_have_a_unit_of_their_own(self, path: Path) -> None:
        metadata = {"unit": "um", "yunit": "mm"}
        tifffile.imwrite(path, PICTURE, imagej=True, resolution=(0.1, 50.0), metadata=metadata)
        assert_allclose(read_image(path).pixel_size_um, (20.0, 10.0))


class TestResolutionTags:
    @pytest.mark.parametrize(
        ("unit", "per_unit", "expected_um"),
        [
            pytest.param("CENTIMETER", 1000.0, 10.0, id="10 um"),
            pytest.param("CENTIMETER", 640.0, 15.625, id="15.6 um"),
            pytest.param("INCH", 2540.0, 10.0, id="10 um per inch"),
            pytest.param("CENTIMETER", 20000.0, 0.5, id="0.5 um"),
        ],
    )
    def test_plausible_ones_are_believed(
        self, path: Path, unit: str, per_unit: float, expected_um: float
    ) -> None:
        tifffile.imwrite(path, PICTURE, resolution=(per_unit, per_unit), resolutionunit=unit)
        assert_allclose(read_image(path).pixel_size_um, (expected_um, expected_um), rtol=1e-6)

    @pytest.mark.parametrize("dpi", [72, 96, 150, 200, 300, 600, 1200])
    def test_those_of_screens_and_printers_are_not(self, path: Path, dpi: int) -> None:
        tifffile.imwrite(path, PICTURE, resolution=(dpi, dpi), resolutionunit="INCH")
        assert read_image(path).pixel_size_um is None
        per_cm = round(dpi / 2.54, 2)
        tifffile.imwrite(path, PICTURE, resolution=(per_cm, per_cm), resolutionunit="CENTIMETER")
        assert read_image(path).pixel_size_um is None

    @pytest.mark.parametrize(
        ("unit", "resolution"),
        [
            pytest.param("NONE", (1000, 1000), id="no unit"),
            pytest.param("CENTIMETER", ((0, 1), (0, 1)), id="zero"),
            pytest.param("CENTIMETER", (1, 1), id="a pixel of 1 cm"),
            pytest.param("CENTIMETER", (10**9, 10**9), id="a pixel of 10 pm"),
        ],
    )
    def test_nonsense_is_no_size(self, path: Path, unit: str, resolution: object) -> None:
        tifffile.imwrite(path, PICTURE, resolution=resolution, resolutionunit=unit)
        assert read_image(path).pixel_size_um is None

    def test_a_division_by_zero_is_no_size(self, path: Path) -> None:
        tifffile.imwrite(path, PICTURE, resolution=(1000, 1000), resolutionunit="CENTIMETER")
        with tifffile.TiffFile(path, mode="r+") as tif:
            tif.pages.first.tags["XResolution"].overwrite((1000, 0))
        assert read_image(path).pixel_size_um is None

    def test_png_and_jpeg_are_held_to_the_same_rule(self, tmp_path: Path) -> None:
        picture = PIL.Image.fromarray(PICTURE.astype(np.uint8))
        for name, dpi in (("a.png", 72), ("a.jpg", 300), ("b.png", 96)):
            picture.save(tmp_path / name, dpi=(dpi, dpi))
            assert read_image(tmp_path / name).pixel_size_um is None
        picture.save(tmp_path / "c.png", dpi=(2540, 1270))
        assert_allclose(read_image(tmp_path / "c.png").pixel_size_um, (20.0, 10.0), rtol=1e-3)

    def test_dots_per_inch_are_per_axis(self) -> None:
        assert_allclose(from_dpi(1270.0, 2540.0), (20.0, 10.0))


class TestGivenSizes:
    def test_a_given_size_wins_over_that_of_the_file(self, path: Path) -> None:
        tifffile.imwrite(path, PICTURE, imagej=True, resolution=(0.1, 0.1), metadata={"unit": "um"})
        assert read_image(path, pixel_size_um=12.5).pixel_size_um == (12.5, 12.5)
        assert read_image(path, image_size_mm=(1.0, 0.3)).pixel_size_um == (10.0, 20.0)

    @pytest.mark.parametrize("given", [(15.9, 15.6), [15.9, 15.6], np.array([15.9, 15.6])])
    def test_two_numbers_are_row_and_column(self, path: Path, given: object) -> None:
        tifffile.imwrite(path, PICTURE)
        assert read_image(path, pixel_size_um=given).pixel_size_um == (15.9, 15.6)

    def test_one_number_in_a_row_is_for_both(self, path: Path) -> None:
        tifffile.imwrite(path, PICTURE)
        assert read_image(path, pixel_size_um=(10.0,)).pixel_size_um == (10.0, 10.0)

    def test_image_size_is_width_then_height_as_in_brainreg3d(self, path: Path) -> None:
        """30 rows, 50 columns: 6 mm wide, 1.5 mm high."""
        tifffile.imwrite(path, PICTURE)
        assert_allclose(read_image(path, image_size_mm=(6.0, 1.5)).pixel_size_um, (50.0, 120.0))

    @pytest.mark.parametrize(
        ("options", "wrong"),
        [
            ({"pixel_size_um": 0}, "pixel size"),
            ({"pixel_size_um": -3.0}, "pixel size"),
            ({"pixel_size_um": float("nan")}, "pixel size"),
            ({"pixel_size_um": (1.0, 2.0, 3.0)}, "pixel size"),
            ({"pixel_size_um": "wide"}, "pixel size"),
            ({"image_size_mm": (4.0,)}, "image size"),
            ({"image_size_mm": (4.0, float("inf"))}, "image size"),
            ({"image_size_mm": 4.0}, "image size"),
            ({"image_size_mm": (4.0, 3.0), "pixel_size_um": 1.0}, "not both"),
        ],
    )
    def test_sizes_that_are_none_are_refused(
        self, path: Path, options: dict[str, object], wrong: str
    ) -> None:
        tifffile.imwrite(path, PICTURE)
        with pytest.raises(ImageError, match=wrong):
            read_image(path, **options)


def test_micromanager_metadata_are_read(path: Path) -> None:
    text = b'{"PixelSizeUm": 6.5, "Camera": "x"}\0'
    tifffile.imwrite(path, PICTURE, metadata=None, extratags=[(51123, 2, len(text), text, True)])
    assert read_image(path).pixel_size_um == (6.5, 6.5)
