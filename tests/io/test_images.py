from __future__ import annotations

import dataclasses
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import skimage.io
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.contrast import contrast_limits
from napari_brainreg3d.io.images import read_image
from napari_brainreg3d.io.pixels import hash_pixels

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (21, 34)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (21, 34, 3)).astype(np.uint8)
STACK = RNG.integers(0, 60000, (6, 21, 34)).astype(np.uint16)
HYPERSTACK = RNG.integers(0, 60000, (4, 3, 2, 21, 34)).astype(np.uint16)  # TZCYX

DTYPES = [f"{kind}{bits}" for kind in ("uint", "int") for bits in (8, 16, 32, 64)]
DTYPES += ["float16", "float32", "float64", "bool"]


def picture_of(dtype: str) -> np.ndarray:
    return (GREY > 100) if dtype == "bool" else (GREY.astype(np.float64) / 3.0 - 20).astype(dtype)


class TestPlainPictures:
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_every_type_of_number_is_read_as_it_is(self, tmp_path: Path, dtype: str) -> None:
        """brainreg3D crashed on int16, uint32 and float, some after the user had aligned."""
        expected = picture_of(dtype)
        tifffile.imwrite(tmp_path / "a.tif", expected)
        image = read_image(tmp_path / "a.tif")
        assert image.pixels.dtype == expected.dtype
        assert_array_equal(image.pixels, expected)
        low, high = contrast_limits(image.pixels)
        assert low < high

    @pytest.mark.parametrize(
        "values",
        [
            pytest.param(np.full((21, 34), 7, np.uint16), id="constant"),
            pytest.param(np.where(GREY > 9, GREY, np.nan).astype(np.float32), id="some NaN"),
            pytest.param(np.full((21, 34), np.nan), id="all NaN"),
            pytest.param(np.where(GREY > 9, GREY, np.inf), id="infinite"),
        ],
    )
    def test_pictures_without_contrast_or_with_gaps_are_read(
        self, tmp_path: Path, values: np.ndarray
    ) -> None:
        tifffile.imwrite(tmp_path / "a.tif", values)
        image = read_image(tmp_path / "a.tif")
        assert_array_equal(image.pixels, values)
        assert np.isfinite(contrast_limits(image.pixels)).all()

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"byteorder": ">"}, id="big endian"),
            pytest.param({"bigtiff": True}, id="BigTIFF"),
            pytest.param({"bigtiff": True, "byteorder": ">"}, id="big endian BigTIFF"),
            pytest.param({"compression": "zlib"}, id="deflate"),
            pytest.param({"compression": "zlib", "predictor": True}, id="deflate with predictor"),
            pytest.param({"tile": (16, 16)}, id="tiles"),
            pytest.param({"rowsperstrip": 4}, id="strips"),
            pytest.param({"imagej": True}, id="ImageJ"),
            pytest.param({"ome": True}, id="OME"),
            pytest.param({"photometric": "miniswhite"}, id="white is zero"),
        ],
    )
    def test_every_layout_of_a_tiff_gives_the_same_pixels(
        self, tmp_path: Path, options: dict[str, object]
    ) -> None:
        tifffile.imwrite(tmp_path / "a.tif", STACK[0], **options)
        image = read_image(tmp_path / "a.tif")
        assert_array_equal(image.pixels, STACK[0])
        assert image.pixels.dtype.isnative

    @pytest.mark.parametrize(
        "picture",
        [
            pytest.param(GREY, id="8 bits"),
            pytest.param(STACK[0], id="16 bits"),
            pytest.param(COLOUR, id="colours"),
        ],
    )
    @pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
    def test_usual_compressions_need_no_further_package(
        self, tmp_path: Path, picture: np.ndarray, compression: str
    ) -> None:
        """What Photoshop, ImageJ and MATLAB write."""
        PIL.Image.fromarray(picture).save(tmp_path / "a.tif", compression=compression)
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, picture)

    def test_frames_compressed_with_lzw_are_told_apart(self, tmp_path: Path) -> None:
        first, *more = [PIL.Image.fromarray(frame) for frame in STACK[:3]]
        first.save(tmp_path / "a.tif", compression="tiff_lzw", save_all=True, append_images=more)
        assert_array_equal(read_image(tmp_path / "a.tif", frame=2).pixels, STACK[2])
        assert_array_equal(
            read_image(tmp_path / "a.tif", frame="max").pixels, STACK[:3].max(axis=0)
        )

    def test_the_first_row_of_the_file_is_the_first_row(self, tmp_path: Path) -> None:
        picture = np.zeros((4, 6), np.uint8)
        picture[0, 1] = 200
        for name in ("a.png", "a.tif", "a.bmp"):
            PIL.Image.fromarray(picture).save(tmp_path / name)
            assert read_image(tmp_path / name).pixels[0].tolist() == [0, 200, 0, 0, 0, 0]

    def test_what_was_read_says_where_from(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "window.tif", GREY)
        image = read_image(str(tmp_path / "window.tif"))
        assert (image.name, image.path) == ("window.tif", tmp_path / "window.tif")
        assert (image.shape, image.taken, image.pixel_size_um) == ((21, 34), "", None)
        assert image.sha256 == hash_pixels(GREY)

    def test_what_was_read_cannot_be_changed(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", GREY)
        image = read_image(tmp_path / "a.tif")
        with pytest.raises(ValueError, match="read-only"):
            image.pixels[0, 0] = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            image.name = "b"  # type: ignore[misc]

    def test_the_content_decides_not_the_name(self, tmp_path: Path) -> None:
        PIL.Image.fromarray(GREY).save(tmp_path / "a.png")
        (tmp_path / "a.png").rename(tmp_path / "a.tif")
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, GREY)

    def test_the_published_sample_is_read(self, shared_dir: Path) -> None:
        path = shared_dir / "data" / "sample_image.tif"
        image = read_image(path, image_size_mm=(6.25, 4.0))
        assert_array_equal(image.pixels, skimage.io.imread(path))
        assert (image.shape, image.pixels.dtype) == ((251, 400), np.uint16)
        assert_allclose(image.pixel_size_um, (4000 / 251, 6250 / 400))


class TestColours:
    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({}, id="interleaved"),
            pytest.param({"planarconfig": "separate"}, id="planes"),
            pytest.param({"ome": True, "metadata": {"axes": "YXC"}}, id="OME"),
            pytest.param({"imagej": True}, id="ImageJ"),
            pytest.param({"compression": "zlib"}, id="compressed"),
        ],
    )
    def test_tiffs_give_height_width_3(self, tmp_path: Path, options: dict[str, object]) -> None:
        stored = np.moveaxis(COLOUR, -1, 0) if "planarconfig" in options else COLOUR
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", **options)
        image = read_image(tmp_path / "a.tif")
        assert_array_equal(image.pixels, COLOUR)
        assert image.shape == (21, 34)
        assert_array_equal(read_image(tmp_path / "a.tif", channel=1).pixels, COLOUR[..., 1])

    @pytest.mark.parametrize("dtype", ["uint16", "float32"])
    def test_deep_colours_are_kept(self, tmp_path: Path, dtype: str) -> None:
        deep = (COLOUR * 200.5).astype(dtype)
        tifffile.imwrite(tmp_path / "a.tif", deep, photometric="rgb")
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, deep)

    def test_opaque_pictures_keep_their_values(self, tmp_path: Path) -> None:
        """brainreg3D crashed on RGBA."""
        opaque = np.dstack([COLOUR, np.full(GREY.shape, 255, np.uint8)])
        tifffile.imwrite(tmp_path / "a.tif", opaque, photometric="rgb", extrasamples=["unassalpha"])
        PIL.Image.fromarray(opaque).save(tmp_path / "a.png")
        for name in ("a.tif", "a.png"):
            assert_array_equal(read_image(tmp_path / name).pixels, COLOUR)

    @pytest.mark.parametrize("name", ["a.tif", "a.png", "lzw.tif"])
    def test_transparent_pixels_lie_on_black(self, tmp_path: Path, name: str) -> None:
        alpha = np.full(GREY.shape, 255, np.uint8)
        alpha[3, 4], alpha[5, 6] = 0, 51
        mixed = np.dstack([COLOUR, alpha])
        if name == "a.tif":
            tifffile.imwrite(tmp_path / name, mixed, photometric="rgb", extrasamples=["unassalpha"])
        else:
            options = {"compression": "tiff_lzw"} if name == "lzw.tif" else {}
            PIL.Image.fromarray(mixed).save(tmp_path / name, **options)
        expected = COLOUR.copy()
        expected[3, 4] = 0
        expected[5, 6] = np.rint(COLOUR[5, 6] / 5.0)
        assert_array_equal(read_image(tmp_path / name).pixels, expected)

    def test_premultiplied_and_unknown_fourth_samples_are_dropped(self, tmp_path: Path) -> None:
        mixed = np.dstack([COLOUR, GREY])
        for kind in ("assocalpha", "unspecified"):
            tifffile.imwrite(tmp_path / "a.tif", mixed, photometric="rgb", extrasamples=[kind])
            assert_array_equal(read_image(tmp_path / "a.tif").pixels, COLOUR)

    @pytest.mark.parametrize("name", ["a.tif", "a.png"])
    def test_grey_with_transparency_is_grey(self, tmp_path: Path, name: str) -> None:
        mixed = np.dstack([GREY, np.full(GREY.shape, 255, np.uint8)])
        if name == "a.png":
            PIL.Image.fromarray(mixed).save(tmp_path / name)
        else:
            tifffile.imwrite(
                tmp_path / name,
                mixed,
                photometric="minisblack",
                planarconfig="contig",
                extrasamples=["unassalpha"],
            )
        assert_array_equal(read_image(tmp_path / name).pixels, GREY)

    @pytest.mark.parametrize("name", ["a.png", "a.tif", "a.gif"])
    def test_palettes_become_colours(self, tmp_path: Path, name: str) -> None:
        picture = PIL.Image.fromarray(COLOUR).quantize(40)
        picture.save(tmp_path / name)
        expected = np.asarray(picture.convert("RGB"))
        assert_array_equal(read_image(tmp_path / name).pixels, expected)
        assert_array_equal(read_image(tmp_path / name, channel=2).pixels, expected[..., 2])

    def test_palettes_of_imagej_are_only_a_display(self, tmp_path: Path) -> None:
        fire = RNG.integers(0, 65536, (3, 256)).astype(np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", GREY, imagej=True, colormap=fire)
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, GREY)

    def test_print_colours_are_converted(self, tmp_path: Path) -> None:
        PIL.Image.fromarray(COLOUR).convert("CMYK").save(tmp_path / "a.tif")
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, COLOUR)


class TestPngAndJpeg:
    @pytest.mark.parametrize("picture", [GREY, STACK[0], COLOUR], ids=["8", "16", "colour"])
    def test_png_is_read_exactly(self, tmp_path: Path, picture: np.ndarray) -> None:
        PIL.Image.fromarray(picture).save(tmp_path / "a.png")
        image = read_image(tmp_path / "a.png")
        assert image.pixels.dtype == picture.dtype
        assert_array_equal(image.pixels, picture)

    def test_black_and_white_png_is_read(self, tmp_path: Path) -> None:
        PIL.Image.fromarray(GREY > 100).save(tmp_path / "a.png")
        assert_array_equal(read_image(tmp_path / "a.png").pixels, GREY > 100)

    def test_deep_colours_of_a_png_are_reduced_and_it_says_so(self, tmp_path: Path) -> None:
        deep = RNG.integers(0, 65536, (5, 7, 3)).astype(">u2")
        (tmp_path / "a.png").write_bytes(_png(deep, colour_type=2))
        image = read_image(tmp_path / "a.png")
        assert_array_equal(image.pixels, deep >> 8)
        assert image.taken == "16-bit colours reduced to 8 bits"

    @pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)], ids=["grey", "colour"])
    def test_jpeg_is_read(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        smooth = np.linspace(0, 250, int(np.prod(shape))).reshape(shape).astype(np.uint8)
        PIL.Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
        image = read_image(tmp_path / "a.jpg")
        assert image.pixels.shape == shape
        assert_allclose(image.pixels.astype(int), smooth.astype(int), atol=6)

    def test_frames_of_an_animation_are_told_apart(self, tmp_path: Path) -> None:
        frames = [PIL.Image.fromarray(GREY), PIL.Image.fromarray(GREY[::-1].copy())]
        frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
        image = read_image(tmp_path / "a.png", frame=1)
        assert_array_equal(image.pixels, GREY[::-1])
        assert image.taken == "frame 1 of 2"

    def test_100_megapixels_are_no_attack(self, tmp_path: Path) -> None:
        large = np.zeros((10_000, 10_000), bool)
        large[1234, 4321] = True
        PIL.Image.fromarray(large).save(tmp_path / "a.png")
        image = read_image(tmp_path / "a.png")
        assert image.shape == (10_000, 10_000)
        assert np.argwhere(image.pixels).tolist() == [[1234, 4321]]


def _png(samples: np.ndarray, *, colour_type: int) -> bytes:
    """A 16-bit PNG written by hand, which Pillow cannot write."""
    height, width = samples.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class TestStacks:
    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"imagej": True, "metadata": {"axes": "TYX"}}, id="ImageJ movie"),
            pytest.param({"imagej": True}, id="ImageJ without axes"),
            pytest.param({"imagej": True, "metadata": {"axes": "ZYX"}}, id="ImageJ z stack"),
            pytest.param(
                {"imagej": True, "metadata": {"axes": "TYX"}, "truncate": True},
                id="ImageJ with only the first page described",
            ),
            pytest.param({"ome": True, "metadata": {"axes": "TYX"}}, id="OME movie"),
            pytest.param({"metadata": None, "photometric": "minisblack"}, id="plain pages"),
            pytest.param({"photometric": "minisblack"}, id="shaped"),
            pytest.param({"photometric": "minisblack", "compression": "zlib"}, id="compressed"),
            pytest.param({"photometric": "minisblack", "tile": (16, 16)}, id="tiles"),
            pytest.param(
                {"photometric": "minisblack", "volumetric": True, "tile": (1, 16, 16)},
                id="one page holds a volume",
            ),
            pytest.param({"photometric": "minisblack", "byteorder": ">"}, id="big endian"),
            pytest.param({"photometric": "minisblack", "bigtiff": True}, id="BigTIFF"),
        ],
    )
    def test_every_kind_gives_the_frame_asked_for(
        self, tmp_path: Path, options: dict[str, object]
    ) -> None:
        tifffile.imwrite(tmp_path / "a.tif", STACK, **options)
        for number in (0, 4, 5):
            image = read_image(tmp_path / "a.tif", frame=number)
            assert_array_equal(image.pixels, STACK[number])
            assert image.taken == f"frame {number} of 6"
            assert image.sha256 == hash_pixels(STACK[number])
        assert_array_equal(read_image(tmp_path / "a.tif", frame="max").pixels, STACK.max(axis=0))

    def test_the_default_is_the_first_frame(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack")
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, STACK[0])

    @pytest.mark.parametrize("kind", ["imagej", "ome"])
    def test_time_depth_and_channel_are_kept_apart(self, tmp_path: Path, kind: str) -> None:
        options = {kind: True, "metadata": {"axes": "TZCYX"}}
        tifffile.imwrite(tmp_path / "a.tif", HYPERSTACK, **options)
        image = read_image(tmp_path / "a.tif", frame=7, channel=1)
        assert_array_equal(image.pixels, HYPERSTACK[2, 1, 1])  # 7 = 2 * 3 + 1
        assert image.taken == "frame 7 of 12 (T 2, Z 1), channel 1 of 2"
        first = read_image(tmp_path / "a.tif", frame=7)
        assert_array_equal(first.pixels, HYPERSTACK[2, 1, 0])
        assert first.taken.endswith("channel 0 of 2")

    def test_the_channel_may_be_the_slowest_axis(self, tmp_path: Path) -> None:
        tifffile.imwrite(
            tmp_path / "a.ome.tif", HYPERSTACK[:, 0].swapaxes(0, 1), metadata={"axes": "CTYX"}
        )
        image = read_image(tmp_path / "a.ome.tif", frame=3, channel=1)
        assert_array_equal(image.pixels, HYPERSTACK[3, 0, 1])

    def test_an_imagej_stack_of_channels_has_them_when_asked_for_one(self, tmp_path: Path) -> None:
        """Unasked it is a movie: that is how Python programs write one without naming its axes."""
        two = {"imagej": True, "metadata": {"axes": "CYX"}}
        tifffile.imwrite(tmp_path / "a.tif", STACK[:2], **two)
        image = read_image(tmp_path / "a.tif", channel=1)
        assert_array_equal(image.pixels, STACK[1])
        assert image.taken == "channel 1 of 2"
        assert read_image(tmp_path / "a.tif", frame=1).taken == "frame 1 of 2"

    def test_samples_of_a_pixel_that_are_not_colours_are_channels(self, tmp_path: Path) -> None:
        five = RNG.integers(0, 60000, (21, 34, 5)).astype(np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", five, photometric="minisblack", planarconfig="contig")
        image = read_image(tmp_path / "a.tif", channel=3)
        assert_array_equal(image.pixels, five[..., 3])
        assert image.taken == "channel 3 of 5"
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, five[..., 0])

    def test_mean_and_maximum_are_those_of_numpy(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", HYPERSTACK, imagej=True, metadata={"axes": "TZCYX"})
        mean = read_image(tmp_path / "a.tif", frame="mean", channel=1)
        assert_allclose(mean.pixels, HYPERSTACK[:, :, 1].mean(axis=(0, 1)), rtol=1e-6)
        assert mean.pixels.dtype == np.float32
        assert mean.taken == "mean of 12 frames, channel 1 of 2"
        largest = read_image(tmp_path / "a.tif", frame="max", channel=1)
        assert_array_equal(largest.pixels, HYPERSTACK[:, :, 1].max(axis=(0, 1)))
        assert largest.pixels.dtype == np.uint16

    def test_missing_values_do_not_count_in_mean_and_maximum(self, tmp_path: Path) -> None:
        """Registered movies have NaN borders that differ from frame to frame."""
        movie = STACK.astype(np.float32)
        movie[:2, :, :5] = np.nan
        movie[:, 0, 0] = np.nan
        movie[3, 9, 9] = np.inf
        tifffile.imwrite(tmp_path / "a.tif", movie, photometric="minisblack")
        expected = STACK.astype(np.float64).mean(axis=0)
        expected[:, :5] = STACK[2:, :, :5].astype(np.float64).mean(axis=0)
        expected[0, 0], expected[9, 9] = np.nan, np.inf
        mean = read_image(tmp_path / "a.tif", frame="mean").pixels
        assert_allclose(mean, expected, rtol=1e-6)
        largest = read_image(tmp_path / "a.tif", frame="max").pixels
        assert_array_equal(largest[1:, :5], STACK[2:, 1:, :5].max(axis=0))
        assert np.isnan(largest[0, 0])
        assert largest[9, 9] == np.inf

    def test_a_movie_of_colours_is_averaged_per_colour(self, tmp_path: Path) -> None:
        movie = RNG.integers(0, 256, (5, 21, 34, 3)).astype(np.uint8)
        tifffile.imwrite(tmp_path / "a.tif", movie, photometric="rgb")
        mean = read_image(tmp_path / "a.tif", frame="mean").pixels
        assert_allclose(mean, movie.mean(axis=0), rtol=1e-6)
        assert_array_equal(read_image(tmp_path / "a.tif", frame=3).pixels, movie[3])

    def test_a_picture_is_its_own_mean(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", GREY)
        image = read_image(tmp_path / "a.tif", frame="mean")
        assert_array_equal(image.pixels, GREY)
        assert image.taken == ""

    def test_files_of_several_pictures_give_the_first(self, tmp_path: Path) -> None:
        with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
            tif.write(GREY, metadata=None)
            tif.write(STACK[0, :9, :8], metadata=None)
        image = read_image(tmp_path / "a.tif")
        assert_array_equal(image.pixels, GREY)
        assert image.taken == "first of 2 images in the file"

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"imagej": True, "metadata": {"axes": "TYX"}}, id="contiguous"),
            pytest.param(
                {"metadata": None, "photometric": "minisblack", "compression": "zlib"}, id="pages"
            ),
        ],
    )
    @pytest.mark.parametrize("frame", [150, "mean", "max"])
    def test_a_long_stack_is_not_loaded(
        self, tmp_path: Path, options: dict[str, object], frame: int | str
    ) -> None:
        """200 frames of 128 kB; a mean needs float64 sums and a few frames besides."""
        movie = np.zeros((200, 256, 256), np.uint16)
        movie[:, 5, 7] = np.arange(200)
        tifffile.imwrite(tmp_path / "a.tif", movie, **options)
        read_image(tmp_path / "a.tif")  # so that what is imported on first use does not count
        tracemalloc.start()
        pixels = read_image(tmp_path / "a.tif", frame=frame).pixels
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert pixels[5, 7] == {150: 150, "mean": 99.5, "max": 199}[frame]
        assert peak < 25 * movie[0].nbytes


class TestBadFiles:
    """Every one is refused with a single line that names the file."""

    @staticmethod
    def refused(path: Path, **options: object) -> str:
        with pytest.raises(ImageError) as caught:
            read_image(path, **options)
        message = str(caught.value)
        assert message.startswith(f"cannot read {path}: ")
        assert "\n" not in message
        for foreign in ("Traceback", "Error(", "tifffile", "PIL", "<"):
            assert foreign not in message
        return message

    def test_absent_file(self, tmp_path: Path) -> None:
        assert "no such file" in self.refused(tmp_path / "none.tif")

    def test_folder(self, tmp_path: Path) -> None:
        assert "folder" in self.refused(tmp_path)

    @pytest.mark.parametrize("name", ["a.tif", "a.png"])
    def test_empty_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).touch()
        assert "0 bytes" in self.refused(tmp_path / name)

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"hello, this is no image\n" * 9, id="text"),
            pytest.param(b"II*\0", id="nothing but the start of a TIFF"),
            pytest.param(b"II*\0" + bytes(60), id="TIFF of zeros"),
            pytest.param(b"MM\0+" + b"\xff" * 60, id="BigTIFF of ones"),
            pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(60), id="PNG of zeros"),
            pytest.param(b"x", id="one byte"),
        ],
    )
    def test_not_an_image(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a.tif").write_bytes(content)
        self.refused(tmp_path / "a.tif")

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"imagej": True, "metadata": {"axes": "TYX"}}, id="ImageJ"),
            pytest.param(
                {"imagej": True, "metadata": {"axes": "TYX"}, "truncate": True},
                id="ImageJ with only the first page described",
            ),
            pytest.param({"ome": True, "metadata": {"axes": "TYX"}}, id="OME"),
            pytest.param({"photometric": "minisblack"}, id="shaped"),
            pytest.param({"photometric": "minisblack", "metadata": None}, id="plain"),
            pytest.param({"photometric": "minisblack", "compression": "zlib"}, id="compressed"),
            pytest.param({"photometric": "minisblack", "bigtiff": True}, id="BigTIFF"),
        ],
    )
    @pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.98])
    def test_truncated_stack(
        self, tmp_path: Path, options: dict[str, object], share: float
    ) -> None:
        """Also where the frame that is asked for is whole: the file is not what it was."""
        tifffile.imwrite(tmp_path / "whole.tif", STACK, **options)
        whole = (tmp_path / "whole.tif").read_bytes()
        (tmp_path / "a.tif").write_bytes(whole[: int(share * len(whole))])
        self.refused(tmp_path / "a.tif")

    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "lzw.tif", "a.tif"])
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
    def test_truncated_picture(self, tmp_path: Path, name: str, share: float) -> None:
        options = {"compression": "tiff_lzw"} if name == "lzw.tif" else {}
        PIL.Image.fromarray(COLOUR).save(tmp_path / name, **options)
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
        self.refused(tmp_path / name)

    def test_complex_numbers(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 5), np.complex64))
        assert "complex" in self.refused(tmp_path / "a.tif")

    @pytest.mark.parametrize("shape", [(50,), (1, 50), (50, 1), (1, 1)])
    def test_one_dimension(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, np.uint16))
        assert any(word in self.refused(tmp_path / "a.tif") for word in ("dimension", "line"))

    def test_a_broken_private_tag_is_no_reason(self, tmp_path: Path) -> None:
        """Programs write nonsense into tags of their own; the picture is whole."""
        note = (65000, 2, 40, "x" * 39, True)
        tifffile.imwrite(tmp_path / "a.tif", GREY, metadata=None, extratags=[note])
        content = bytearray((tmp_path / "a.tif").read_bytes())
        entry = content.index(struct.pack("<HHI", 65000, 2, 40))
        content[entry + 8 : entry + 12] = struct.pack("<I", 2**31)
        (tmp_path / "a.tif").write_bytes(content)
        assert_array_equal(read_image(tmp_path / "a.tif").pixels, GREY)

    def test_no_pixels(self, tmp_path: Path) -> None:
        with pytest.warns(UserWarning, match="zero-size"):
            tifffile.imwrite(tmp_path / "a.tif", np.empty((0, 5), np.uint16))
        assert "empty" in self.refused(tmp_path / "a.tif")

    @pytest.mark.parametrize("frame", [6, -1, 10**9, "median", 1.5, True, None])
    def test_no_such_frame(self, tmp_path: Path, frame: object) -> None:
        tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, metadata={"axes": "TYX"})
        assert "6 frames (numbers 0 to 5)" in self.refused(tmp_path / "a.tif", frame=frame)

    @pytest.mark.parametrize("name", ["a.tif", "a.png"])
    def test_no_second_frame(self, tmp_path: Path, name: str) -> None:
        PIL.Image.fromarray(GREY).save(tmp_path / name)
        assert "one frame (number 0)" in self.refused(tmp_path / name, frame=1)

    @pytest.mark.parametrize("channel", [2, -1, "red"])
    def test_no_such_channel(self, tmp_path: Path, channel: object) -> None:
        tifffile.imwrite(tmp_path / "a.tif", HYPERSTACK, imagej=True, metadata={"axes": "TZCYX"})
        assert "2 channels" in self.refused(tmp_path / "a.tif", channel=channel)

    def test_a_compression_that_nothing_here_can_undo_names_the_package(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tifffile.imwrite(tmp_path / "a.tif", GREY, compression="zlib")

        def refuse(*args: object, **options: object) -> None:
            raise ValueError("<COMPRESSION.X: 1> requires the 'imagecodecs' package")

        def unknown(*args: object, **options: object) -> None:
            raise PIL.UnidentifiedImageError("cannot identify image file")

        monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)
        monkeypatch.setattr(PIL.Image, "open", unknown)
        assert "pip install imagecodecs" in self.refused(tmp_path / "a.tif")

    def test_no_permission(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        tifffile.imwrite(tmp_path / "a.tif", GREY)

        def refuse(*args: object, **options: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        assert "permission" in self.refused(tmp_path / "a.tif")

    def test_libraries_stay_silent(
        self,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        tifffile.imwrite(tmp_path / "whole.tif", STACK, photometric="minisblack", metadata=None)
        whole = (tmp_path / "whole.tif").read_bytes()
        (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
        self.refused(tmp_path / "a.tif")
        assert capfd.readouterr() == ("", "")
        assert not caplog.records
        # The same file does make the library speak, so this test can fail.
        with tifffile.TiffFile(tmp_path / "a.tif") as tif:
            len(tif.pages)
        assert caplog.records
