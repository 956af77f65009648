"""``stat.npy`` of suite2p, and pickles that want to do more than hold numbers."""

from __future__ import annotations

import datetime
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from napari_brainreg3d.io.points import read_points, read_suite2p
from napari_brainreg3d.io.points.plain_pickle import read_npy
from napari_brainreg3d.results.locate import PointsError, Rois


def stat(**changes: Any) -> np.ndarray:
    """Two cells with everything that suite2p writes of them, in its types."""
    rng = np.random.default_rng(4)
    cells = np.empty(2, object)
    for i, count in enumerate((5, 9)):
        rows = rng.integers(0, 40, count).astype(np.int32)
        cells[i] = {
            "ypix": rows,
            "xpix": rng.integers(0, 60, count).astype(np.int32),
            "lam": rng.uniform(0.1, 2.0, count).astype(np.float32),
            "med": [int(np.median(rows)), np.float64(3.5)],
            "footprint": np.float32(1.5),
            "npix": count,
            "overlap": np.array([False, True] * count)[:count],
            "soma_crop": rng.uniform(size=(2, 3)) > 0.5,
            "neuropil_mask": np.asfortranarray(rng.integers(0, 9, (3, 4))),
            "skew": np.nan,
            "manual": None,
            "name": np.str_("µ cell"),
            "big_endian": np.arange(3, dtype=">i4"),
            "nested": {"a": (1, [2.5, b"bytes", {True}])},
        }
    cells[0].update(changes)
    return cells


def saved(folder: Path, content: Any, name: str = "stat.npy") -> Path:
    path = folder / name
    np.save(path, content, allow_pickle=True)
    return path


def pickled(folder: Path, payload: bytes) -> Path:
    """A numpy file of objects whose pickle is ``payload``."""
    path = folder / "stat.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "|O", "fortran_order": False, "shape": (1,)}
        )
        stream.write(payload)
    return path


class TestSuite2p:
    """The regions of interest in it."""

    def test_pixels_are_weighted(self, tmp_path: Path) -> None:
        cells = stat()
        rois = read_suite2p(saved(tmp_path, cells))
        assert rois.names == ("0", "1")
        assert rois.area_px2.tolist() == [5, 9]
        for cell, centroid in zip(cells, rois.centroids_px, strict=True):
            pixels = np.stack([cell["ypix"], cell["xpix"]], axis=1)
            assert_allclose(centroid, np.average(pixels, axis=0, weights=cell["lam"]))

    def test_the_folder_is_enough(self, tmp_path: Path) -> None:
        saved(tmp_path, stat())
        for rois in (
            read_suite2p(tmp_path),
            read_points(tmp_path),
            read_points(tmp_path / "stat.npy"),
        ):
            assert isinstance(rois, Rois)
            assert len(rois) == 2

    def test_cells_keep_their_numbers(self, tmp_path: Path) -> None:
        file = saved(tmp_path, stat())
        saved(tmp_path, np.array([(0.0, 0.2), (1.0, 0.9)]), "iscell.npy")
        rois = read_suite2p(file, cells_only=True)
        assert rois.names == ("1",)
        assert rois.area_px2.tolist() == [9]
        assert len(read_points(tmp_path)) == 2
        assert len(read_points(tmp_path, cells_only=True)) == 1
        saved(tmp_path, np.ones((3, 2)), "iscell.npy")
        with pytest.raises(PointsError, match=r"shape \(3, 2\); stat.npy has 2 regions"):
            read_points(file, cells_only=True)
        (tmp_path / "iscell.npy").unlink()
        with pytest.raises(PointsError, match=r"iscell\.npy: No such file"):
            read_points(file, cells_only=True)

    @pytest.mark.parametrize("lam", [np.zeros(5), np.full(5, -1.0), np.full(5, np.nan)])
    def test_without_usable_weights_all_pixels_count_alike(
        self, tmp_path: Path, lam: np.ndarray
    ) -> None:
        cells = stat(lam=lam)
        rois = read_suite2p(saved(tmp_path, cells))
        assert_allclose(rois.centroids_px[0, 0], cells[0]["ypix"].mean())

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"ypix": np.arange(4)}, r"entry 0 has ypix, xpix and lam of the shapes \(4,\), \(5,"),
            ({"ypix": "abc"}, "entry 0 has pixels that are not numbers"),
            ({"ypix": np.array([]), "xpix": np.array([]), "lam": []}, "entry 0 has no pixels"),
            ({"ypix": np.full(5, np.nan)}, "entry 0 has pixels that are not finite"),
        ],
    )
    def test_damaged_entries(self, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
        with pytest.raises(PointsError, match=message):
            read_suite2p(saved(tmp_path, stat(**changes)))

    def test_what_is_no_stat(self, tmp_path: Path) -> None:
        entries = np.array([{"x": 1}, 5], object)
        for content, message in (
            (np.arange(3), "no list of objects"),
            (np.empty(0, object), "has no regions of interest"),
            (entries[:1], "entry 0 has no 'ypix'"),
            (entries[1:], "entry 0 is a int, not a dict"),
        ):
            with pytest.raises(PointsError, match=message):
                read_suite2p(saved(tmp_path, content))
        with pytest.raises(PointsError, match="No such file"):
            read_suite2p(tmp_path / "absent")


class TestPlainPickles:
    """What may come out of a pickle, and what must not."""

    def test_values_are_those_that_numpy_reads(self, tmp_path: Path) -> None:
        path = saved(tmp_path, stat())
        for mine, theirs in zip(read_npy(path), np.load(path, allow_pickle=True), strict=True):
            assert list(mine) == list(theirs)
            for name, value in theirs.items():
                assert type(mine[name]) is type(value)
                assert_array_equal(mine[name], value)
                if isinstance(value, np.ndarray):
                    assert mine[name].dtype == value.dtype

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_any_protocol(self, tmp_path: Path, protocol: int) -> None:
        content = np.empty(1, object)
        content[0] = {"a": np.arange(6.0).reshape(2, 3), "b": np.float32(2.5), "c": np.ones(())}
        read = read_npy(pickled(tmp_path, pickle.dumps(content, protocol=protocol)))
        for name, value in content[0].items():
            assert_array_equal(read[0][name], value)

    def test_numbers_need_no_pickle(self, tmp_path: Path) -> None:
        values = np.arange(12, dtype=np.uint16).reshape(3, 4)
        assert_array_equal(read_npy(saved(tmp_path, values)), values)

    def test_nothing_is_run(self, tmp_path: Path) -> None:
        mark = tmp_path / "was run"

        class Evil:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(mark),)

        content = stat(note=Evil())
        with pytest.raises(PointsError, match=r"asks for (posix|nt)\.mkdir; only arrays"):
            read_suite2p(saved(tmp_path, content))
        assert not mark.exists()

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            ("builtins", "eval"), ("builtins", "getattr"), ("_codecs", "decode"), ("os", "system"),
            ("numpy", "load"), ("numpy.core.multiarray", "fromfile"), ("numpy", "ndarray.tofile"),
            ("napari_brainreg3d.io.points.plain_pickle", "read_npy"),
        ],
    )  # fmt: skip
    def test_only_what_is_known_to_be_harmless_is_called(
        self, tmp_path: Path, module: str, name: str
    ) -> None:
        text = f"c{module}\n{name}\n(S'1'\ntR.".encode()
        with pytest.raises(PointsError, match=f"asks for {module}.{name}"):
            read_npy(pickled(tmp_path, text))
        # By the way of the newer protocols.
        stacked = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode()
        stacked += b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93)R."
        with pytest.raises(PointsError, match="asks for"):
            read_npy(pickled(tmp_path, stacked))

    def test_other_types_are_refused(self, tmp_path: Path) -> None:
        for value, message in (
            (datetime.date(2026, 1, 2), "datetime.date"),
            (Path("x"), "pathlib"),
            (np.zeros(2, "M8[s]"), "values of type datetime64"),
            (np.zeros(2, [("a", "i4")]), "values of type|records"),
            (np.ndarray, "types where values were expected"),
        ):
            with pytest.raises(PointsError, match=message):
                read_npy(saved(tmp_path, np.array([{"a": value}], object)))

    def test_what_does_not_hold_together_is_refused(self, tmp_path: Path) -> None:
        array = np.arange(1000, dtype=np.int64)
        payload = pickle.dumps(np.array([{"a": array}, 0], object), protocol=4)
        short = payload.replace((1000).to_bytes(2, "little"), (2000).to_bytes(2, "little"), 1)
        assert short != payload
        for text in (payload[:-40], short, b"", b"garbage", b"\x80\x04Pabc\n."):
            with pytest.raises(PointsError, match="cannot read"):
                read_npy(pickled(tmp_path, text))

    def test_a_file_that_refers_to_itself_a_billion_times_is_read_once(
        self, tmp_path: Path
    ) -> None:
        deep: Any = [1]
        for _ in range(200):
            deep = [deep] * 10
        content = np.empty(1, object)
        content[0] = deep
        read = read_npy(saved(tmp_path, content))
        assert len(read[0]) == 10

    def test_files_that_are_no_numpy_files(self, tmp_path: Path) -> None:
        path = tmp_path / "stat.npy"
        path.write_bytes(b"PK\x03\x04 not numpy")
        with pytest.raises(PointsError, match="damaged or not a numpy file"):
            read_npy(path)
