"""Movies of all kinds: written by the libraries of others, read back frame by frame."""

from __future__ import annotations

import gc
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.errors import ImageError
from napari_brainreg3d.io.movies import StoredMovie, open_movie, open_svd
from napari_brainreg3d.io.movies.raw import open_dat
from napari_brainreg3d.io.movies.tiffs import in_natural_order

MOVIE = np.random.default_rng(0).integers(0, 60000, (13, 20, 28)).astype(np.uint16)
CHANNELS = np.random.default_rng(1).integers(0, 60000, (7, 2, 20, 28)).astype(np.uint16)


def whole(source: Any, *, chunk_bytes: int = 3000, **options: Any) -> np.ndarray:
    """All frames, in parts of a few; each part begins where the one before ended."""
    with open_movie(source, **options) as movie:
        parts, at = [], 0
        for first, frames in movie.chunks(chunk_bytes=chunk_bytes):
            assert first == at
            assert frames.dtype == movie.dtype
            assert frames.dtype.isnative
            at += len(frames)
            parts.append(frames)
        assert movie.shape == (at, *parts[0].shape[1:])
    return np.concatenate(parts)


def plain_tiff(path: Path) -> Path:
    file = path / "movie.tif"
    tifffile.imwrite(file, MOVIE, photometric="minisblack", metadata=None)
    return file


def shaped_tiff(path: Path) -> Path:
    file = path / "movie.tif"
    tifffile.imwrite(file, MOVIE, photometric="minisblack")
    return file


def imagej_tiff(path: Path) -> Path:
    file = path / "movie.tif"
    tifffile.imwrite(file, MOVIE, imagej=True, metadata={"axes": "TYX"})
    return file


def imagej_tiff_beyond_4_gb(path: Path) -> Path:
    """Only the first page is described, as ImageJ does in files beyond 4 GB."""
    file = path / "movie.tif"
    with tifffile.TiffWriter(file, imagej=True) as tif:
        tif.write(MOVIE, metadata={"axes": "TYX"}, truncate=True)
    return file


def big_tiff(path: Path) -> Path:
    file = path / "movie.btf"
    tifffile.imwrite(file, MOVIE, bigtiff=True, photometric="minisblack", byteorder=">")
    return file


def ome_tiff(path: Path) -> Path:
    file = path / "movie.ome.tif"
    tifffile.imwrite(
        file, MOVIE, photometric="minisblack", compression="zlib", metadata={"axes": "TYX"}
    )
    return file


def npy(path: Path) -> Path:
    np.save(path / "movie.npy", MOVIE)
    return path / "movie.npy"


def npy_fortran(path: Path) -> Path:
    np.save(path / "movie.npy", np.asfortranarray(MOVIE))
    return path / "movie.npy"


def npy_big_endian(path: Path) -> Path:
    np.save(path / "movie.npy", MOVIE.astype(">u2"))
    return path / "movie.npy"


def dat(path: Path) -> Path:
    file = path / "mouse_7_1_20_28_uint16.dat"
    MOVIE.tofile(file)
    return file


def dat_without_channels(path: Path) -> Path:
    file = path / "run_20_28_uint16.dat"
    MOVIE.tofile(file)
    return file


def zarr_2(path: Path) -> Path:
    return _zarr(path, 2)


def zarr_3(path: Path) -> Path:
    return _zarr(path, 3)


def zarr_in_group(path: Path) -> Path:
    import zarr

    group = zarr.open_group(path / "movie.zarr", mode="w")
    group.create_array("frames", shape=MOVIE.shape, dtype=MOVIE.dtype, chunks=(4, 9, 9))[:] = MOVIE
    return path / "movie.zarr"


def _zarr(path: Path, version: Any) -> Path:
    import zarr

    place = path / "movie.zarr"
    array = zarr.create_array(
        place, shape=MOVIE.shape, dtype=MOVIE.dtype, chunks=(4, 9, 9), zarr_format=version
    )
    array[:] = MOVIE
    return place


@pytest.mark.parametrize(
    "write",
    [
        plain_tiff, shaped_tiff, imagej_tiff, imagej_tiff_beyond_4_gb, big_tiff, ome_tiff,
        npy, npy_fortran, npy_big_endian, dat, dat_without_channels,
        zarr_2, zarr_3, zarr_in_group,
    ],
)  # fmt: skip
def test_every_kind_gives_all_frames_in_order(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    file = write(tmp_path)
    assert_array_equal(whole(file), MOVIE)
    assert_array_equal(whole(str(file), chunk_bytes=1), MOVIE)
    with open_movie(file) as movie:
        assert_array_equal(movie.read(5, 7), MOVIE[5:7])


def test_arrays_are_read_without_being_changed(tmp_path: Path) -> None:
    import dask.array as da

    np.save(tmp_path / "movie.npy", MOVIE)
    mapped = np.load(tmp_path / "movie.npy", mmap_mode="r+")
    for array in (MOVIE, MOVIE[::-1], da.from_array(MOVIE, chunks=(5, 20, 28)), mapped):
        assert_array_equal(whole(array), np.asarray(array))
    mapped[3] = 7  # not yet in the file, and not lost when pages are given back
    assert (whole(mapped)[3] == 7).all()
    changed = np.load(tmp_path / "movie.npy", mmap_mode="c")
    changed[4] = 9  # never in the file
    assert (whole(changed)[4] == 9).all()
    assert (changed[4] == 9).all()


def test_arrays_of_hdf5_are_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="skipped: no h5py")
    with h5py.File(tmp_path / "movie.h5", "w") as file:
        file.create_dataset("frames", data=MOVIE, chunks=(4, 9, 9))
        assert_array_equal(whole(file["frames"]), MOVIE)


@pytest.mark.parametrize("channel", [0, 1])
def test_a_channel_is_taken_from_every_kind_that_has_them(channel: int, tmp_path: Path) -> None:
    expected = CHANNELS[:, channel]
    tifffile.imwrite(tmp_path / "j.tif", CHANNELS, imagej=True, metadata={"axes": "TCYX"})
    tifffile.imwrite(
        tmp_path / "o.ome.tif", CHANNELS, photometric="minisblack", metadata={"axes": "TCYX"}
    )
    CHANNELS.tofile(tmp_path / "frames_2_20_28_uint16.dat")
    np.save(tmp_path / "c.npy", CHANNELS)
    files = [f for f in sorted(tmp_path.iterdir()) if f.is_file()]
    assert len(files) == 4
    for source in (*files, CHANNELS):
        assert_array_equal(whole(source, channel=channel), expected)
        with pytest.raises(ImageError, match="2 channels: say which one, channel 0 to 1"):
            open_movie(source)
        with pytest.raises(ImageError, match="no channel 2"):
            open_movie(source, channel=2)


def test_many_tiffs_come_in_natural_order_whatever_the_order_of_the_list(tmp_path: Path) -> None:
    pieces = {"run_1.tif": MOVIE[:4], "run_2.tif": MOVIE[4:5], "run_10.tif": MOVIE[5:]}
    for name, frames in pieces.items():
        tifffile.imwrite(tmp_path / name, frames, photometric="minisblack")
    names = sorted(pieces)
    assert names == ["run_1.tif", "run_10.tif", "run_2.tif"]  # what a shell makes of them
    assert_array_equal(whole([tmp_path / name for name in names]), MOVIE)
    assert_array_equal(whole(tmp_path), MOVIE)
    with open_movie(tmp_path) as movie:
        assert_array_equal(movie.read(3, 6), MOVIE[3:6])


def test_the_frame_rate_is_that_of_the_file_unless_it_is_given(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    tifffile.imwrite(file, MOVIE, imagej=True, metadata={"axes": "TYX", "finterval": 0.04})
    ome = {"axes": "TYX", "TimeIncrement": 40.0, "TimeIncrementUnit": "ms"}
    tifffile.imwrite(tmp_path / "b.ome.tif", MOVIE, photometric="minisblack", metadata=ome)
    for name in ("a.tif", "b.ome.tif"):
        with open_movie(tmp_path / name) as movie:
            assert movie.fps == pytest.approx(25.0)
        with open_movie([tmp_path / name]) as movie:
            assert movie.fps == pytest.approx(25.0)
    with open_movie(file, fps=10.0) as movie:
        assert movie.fps == 10.0
    with open_movie(plain_tiff(tmp_path)) as movie:
        assert movie.fps is None


def test_natural_order_by_hand() -> None:
    names = ["b1.tif", "a10.tif", "a2b.tif", "a2.tif", "A1.tif"]
    found = [str(file) for file in in_natural_order([Path(name) for name in names])]
    assert found == ["A1.tif", "a2.tif", "a2b.tif", "a10.tif", "b1.tif"]


def test_an_ome_tiff_over_several_files_is_read_once(tmp_path: Path) -> None:
    """Its description names the other file; each file holds some of the frames."""
    names = ["one.ome.tif", "two.ome.tif"]
    blocks = "".join(
        f'<TiffData IFD="{t % 2}" FirstT="{t}" PlaneCount="1">'
        f'<UUID FileName="{names[t // 2]}">urn:uuid:{t // 2 + 1:036d}</UUID></TiffData>'
        for t in range(4)
    )
    for number, name in enumerate(names):
        description = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{number + 1:036d}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
            'DimensionOrder="XYZCT" Type="uint16" SizeX="28" SizeY="20" SizeZ="1" SizeC="1" '
            'SizeT="4"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
            f"{blocks}</Pixels></Image></OME>"
        )
        with tifffile.TiffWriter(tmp_path / name) as tif:
            for frame in MOVIE[2 * number : 2 * number + 2]:
                tif.write(
                    frame, photometric="minisblack", description=description, metadata=None,
                    contiguous=False,
                )  # fmt: skip
                description = ""
    assert_array_equal(whole(tmp_path / names[0]), MOVIE[:4])
    assert_array_equal(whole([tmp_path / name for name in names]), MOVIE[:4])


class TestOmeZarr:
    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_axes_rate_and_channel_are_those_of_the_description(
        self, version: str, tmp_path: Path
    ) -> None:
        import zarr

        place = tmp_path / "movie.ome.zarr"
        store = zarr.open_group(place, mode="w", zarr_format=2 if version == "0.4" else 3)
        array = store.create_array(
            "s0", shape=(7, 2, 1, 20, 28), dtype="u2", chunks=(2, 1, 1, 9, 9)
        )
        array[:] = CHANNELS[:, :, None]
        store.create_array("s1", shape=(7, 2, 1, 10, 14), dtype="u2")
        names = [("t", "time"), ("c", "channel"), ("z", "space"), ("y", "space"), ("x", "space")]
        axes: list[dict[str, str]] = [{"name": n, "type": kind} for n, kind in names]
        axes[0]["unit"] = "millisecond"
        image = {
            "version": version,
            "axes": axes,
            "datasets": [
                {
                    "path": path,
                    "coordinateTransformations": [{"type": "scale", "scale": [40.0, 1, 1, s, s]}],
                }
                for path, s in (("s0", 20.0), ("s1", 40.0))
            ],
        }
        store.attrs.update(
            {"multiscales": [image]} if version == "0.4" else {"ome": {"multiscales": [image]}}
        )
        assert_array_equal(whole(place, channel=1), CHANNELS[:, 1])
        with open_movie(place, channel=1) as movie:
            assert movie.fps == pytest.approx(25.0)
        with open_movie(place, channel=1, fps=3.0) as movie:
            assert movie.fps == 3.0
        with pytest.raises(ImageError, match="2 channels"):
            open_movie(place)

    def test_two_axes_that_could_be_time_are_refused(self, tmp_path: Path) -> None:
        import zarr

        store = zarr.open_group(tmp_path / "v.zarr", mode="w")
        store.create_array("0", shape=(3, 4, 5, 6), dtype="u2")
        axes = [{"name": name} for name in "tzyx"]
        image = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": []}]}
        store.attrs["ome"] = {"multiscales": [image]}
        with pytest.raises(ImageError, match=r"could be time: t \(3\), z \(4\)"):
            open_movie(tmp_path / "v.zarr")


class TestBounds:
    """No more than the asked for is in memory, and whole chunks of a store where that is little."""

    def test_parts_take_the_memory_that_they_may(self) -> None:
        frame = MOVIE[0].nbytes
        with open_movie(MOVIE) as movie:
            lengths = [len(part) for _, part in movie.chunks(chunk_bytes=4 * frame + 1)]
            assert lengths == [4, 4, 4, 1]
            assert [len(part) for _, part in movie.chunks(chunk_bytes=1)] == [1] * 13

    def test_stored_chunks_are_read_whole(self, tmp_path: Path) -> None:
        frame = MOVIE[0].nbytes
        with open_movie(zarr_3(tmp_path)) as movie:  # 4 frames in a chunk
            assert [len(p) for _, p in movie.chunks(chunk_bytes=6 * frame)] == [4, 4, 4, 1]
            assert [len(p) for _, p in movie.chunks(chunk_bytes=9 * frame)] == [8, 5]
            assert [len(p) for _, p in movie.chunks(chunk_bytes=frame)] == [4, 4, 4, 1]

    def test_large_stored_chunks_are_read_in_equal_parts(self) -> None:
        """10 frames of 27 MB are stored as one; two fit into 64 MB."""

        class Stored:
            shape, dtype, frames_together = (25, 3000, 4500), np.dtype(np.uint16), 10

            def read(self, first: int, stop: int) -> Any:
                return np.broadcast_to(np.uint16(0), (stop - first, 3000, 4500))

            def close(self) -> None:
                pass

        movie = StoredMovie(Stored(), "stored")
        assert [len(part) for _, part in movie.chunks()] == [2] * 12 + [1]


def cut(file: Path, share: float) -> None:
    os.truncate(file, int(file.stat().st_size * share))


@pytest.mark.parametrize(
    "write",
    [plain_tiff, shaped_tiff, imagej_tiff, imagej_tiff_beyond_4_gb, big_tiff, ome_tiff, npy, dat],
)
@pytest.mark.parametrize("share", [0.3, 0.73, 0.97])
def test_a_truncated_file_is_refused(
    write: Callable[[Path], Path], share: float, tmp_path: Path
) -> None:
    file = write(tmp_path)
    cut(file, share)
    with pytest.raises(ImageError, match=rf"{file.name}: .*") as caught:
        whole(file)
    assert "\n" not in str(caught.value)


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    file = dat(tmp_path)
    with open_movie(file) as movie:
        cut(file, 0.5)
        with pytest.raises(ImageError, match="breaks off"):
            movie.read(5, 9)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frames_2_20_28_int7.dat", "unknown type 'int7'"),
        ("frames_2_20_28_object.dat", "unknown type 'object'"),
        ("frames.dat", "frames_2_540_640_uint16.dat"),
        ("frames_20_uint16.dat", "frames_2_540_640_uint16.dat"),
        ("frames_2_0_28_uint16.dat", "0 x 28"),
        ("frames_3_20_28_uint16.dat", "not a whole number of frames"),
        ("movie.avi", "movies are TIFFs"),
    ],
)
def test_names_that_say_nothing_are_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(bytes(2 * 2 * 20 * 28))
    with pytest.raises(ImageError, match=message):
        open_movie(tmp_path / name, channel=0)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("frames_2_540_640_uint16", (3, 540, 640)),
        ("a_b_1_2_540_640_uint16", (3, 540, 640)),
        ("2_540_640_uint16", (3, 540, 640)),
        ("540_640_uint16", (6, 540, 640)),
    ],
)
def test_names_are_read_as_wfield_does(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    """The last three numbers before the type, or two where there are no three."""
    file = tmp_path / f"{name}.dat"
    with file.open("wb") as stream:
        stream.truncate(6 * 540 * 640 * 2)
    frames = open_dat(file, 0)
    assert frames.shape == shape
    frames.close()


def test_what_is_no_movie_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "no.tif").write_bytes(b"II*\0" + struct.pack("<I", 8) + b"\0\0" + bytes(4))
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    np.save(tmp_path / "flat.npy", np.zeros((3, 4)))
    np.save(tmp_path / "complex.npy", np.zeros((3, 4, 5), complex))
    np.save(tmp_path / "none.npy", np.zeros((0, 4, 5)))
    (tmp_path / "folder").mkdir()
    expected = {
        "gone.tif": "no such file",
        "empty.tif": "empty",
        "text.npy": "no array of numbers",
        "no.tif": "damaged|no image|one dimension",
        "objects.npy": "no array of numbers",
        "flat.npy": r"shape \(3, 4\)",
        "complex.npy": "complex",
        "none.npy": "0 frames of 4 x 5",
        "folder": "holds no TIFFs",
    }
    for name, message in expected.items():
        with pytest.raises(ImageError, match=message) as caught:
            open_movie(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_tiffs_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "1.tif", tmp_path / "2.tif"
    tifffile.imwrite(one, MOVIE, photometric="minisblack")
    tifffile.imwrite(two, MOVIE[:, :, :9], photometric="minisblack")
    with pytest.raises(ImageError, match=r"2\.tif: .* \(20, 9\) pixels"):
        open_movie([one, two])
    tifffile.imwrite(two, MOVIE.astype(np.uint8), photometric="minisblack")
    with pytest.raises(ImageError, match="type uint8"):
        open_movie([one, two])
    with pytest.raises(ImageError, match="more than once"):
        open_movie([one, one])
    with pytest.raises(ImageError, match="list of TIFFs is empty"):
        open_movie([])
    np.save(tmp_path / "3.npy", MOVIE)
    with pytest.raises(ImageError, match="not a TIFF"):
        open_movie([one, tmp_path / "3.npy"])


def test_a_closed_movie_cannot_be_read_and_its_file_is_free(tmp_path: Path) -> None:
    for file in (shaped_tiff(tmp_path), dat(tmp_path)):
        movie = open_movie(file)
        movie.close()
        movie.close()
        with pytest.raises(ImageError, match="has been closed"):
            movie.read(0, 1)
        with pytest.raises(ImageError, match="has been closed"):
            next(movie.chunks())
    gc.collect()  # a file left open would warn now, which is an error


def test_frames_that_are_not_there_are_named() -> None:
    with open_movie(MOVIE) as movie, pytest.raises(ImageError, match=r"no frames 10:14, it has 13"):
        movie.read(10, 14)


@pytest.mark.parametrize("options", [{"channel": -1}, {"channel": True}, {"fps": 0.0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ImageError):
        open_movie(MOVIE, **options)


class TestSvd:
    """Components by wfield (H, W, K), (K, H, W) and (pixels, K) are the same movie."""

    U = np.random.default_rng(2).standard_normal((6, 9, 4)).astype(np.float32)
    SVT = np.random.default_rng(3).standard_normal((4, 11)).astype(np.float32)

    def product(self) -> np.ndarray:
        return np.array([sum(self.U[..., k] * self.SVT[k, t] for k in range(4)) for t in range(11)])

    def test_all_layouts_make_the_same_frames(self, tmp_path: Path) -> None:
        np.save(tmp_path / "U.npy", self.U)
        np.save(tmp_path / "SVT.npy", self.SVT)
        for given, shape in (
            (tmp_path / "U.npy", None),
            (self.U, None),
            (np.moveaxis(self.U, -1, 0), None),
            (self.U.reshape(54, 4), (6, 9)),
        ):
            with open_svd(given, tmp_path / "SVT.npy", shape=shape, fps=30.0) as movie:
                assert movie.shape == (11, 6, 9)
                frames = np.concatenate([part for _, part in movie.chunks(chunk_bytes=700)])
            assert_allclose(frames, self.product(), rtol=1e-5, atol=1e-6)

    def test_the_average_is_added(self) -> None:
        average = np.arange(54.0).reshape(6, 9)
        with open_svd(self.U, self.SVT, average=average) as movie:
            assert_allclose(movie.read(2, 3)[0], self.product()[2] + average, rtol=1e-5)

    @pytest.mark.parametrize(
        ("u", "svt", "shape", "message"),
        [
            (np.ones((6, 9, 4)), np.ones((11, 4)), None, "turned over"),
            (np.ones((6, 9, 4)), np.ones((5, 11)), None, "do not fit"),
            (np.ones((54, 4)), np.ones((4, 11)), None, "do not say rows and columns"),
            (np.ones((54, 4)), np.ones((4, 11)), (7, 9), "7 x 9 pixels are not the 54"),
            (np.ones((4, 9, 4)), np.ones((4, 11)), None, "read in two ways"),
            (np.ones((6, 9, 4)), np.ones(4), None, "components, frames"),
            (np.ones((6, 9, 4), complex), np.ones((4, 11)), None, "real numbers"),
            (np.ones((6, 9, 4)), np.ones((4, 0)), None, "empty"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, u: np.ndarray, svt: np.ndarray, shape: tuple[int, int] | None, message: str
    ) -> None:
        with pytest.raises(ImageError, match=message):
            open_svd(u, svt, shape=shape)

    def test_a_missing_or_broken_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match=r"U\.npy: there is no such file"):
            open_svd(tmp_path / "U.npy", self.SVT)
        np.save(tmp_path / "U.npy", self.U)
        cut(tmp_path / "U.npy", 0.6)
        with pytest.raises(ImageError, match=r"U\.npy: it is damaged, incomplete"):
            open_svd(tmp_path / "U.npy", self.SVT)
