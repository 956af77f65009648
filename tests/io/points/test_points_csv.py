"""Points from CSV files, good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_brainreg3d.io.points import read_points, read_points_csv, read_shapes_csv
from napari_brainreg3d.io.points.points_csv import Kind, Unit
from napari_brainreg3d.results.locate import PointsError, Rois


def written(folder: Path, text: str, name: str = "points.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


class TestColumns:
    """Which columns are which coordinates."""

    @pytest.mark.parametrize(
        ("text", "unit", "frame"),
        [
            ("row,col\n1.5,-2\n3,4e1\n", None, "image_px"),
            ("name,Col ,note, ROW\na,-2,x,1.5\nb,40,y,3\n", None, "image_px"),
            ("x_px;y_px\n-2;1.5\n40;3\n", None, "image_px"),
            ("y\tx\n1.5\t-2\n3\t40\n", "px", "image_px"),
            ("y,x\n1.5,-2\n3,40\n", "um", "image_um"),
            ("row_um,col_um\n1.5,-2\n3,40\n", None, "image_um"),
            ("row,col,row_um,col_um\n9,9,1.5,-2\n9,9,3,40\n", "um", "image_um"),
            ("row,column,row_um,col_um\n1.5,-2,9,9\n3,40,9,9\n", "px", "image_px"),
            ('\ufeff"row","col"\r\n"1.5","-2"\r\n\r\n"3","40"\r\n', None, "image_px"),
            ("index,axis-0,axis-1\n0.0,1.5,-2\n1.0,3.0,40\n", None, "image_px"),
        ],
    )
    def test_points_of_an_image(
        self, tmp_path: Path, text: str, unit: Unit | None, frame: str
    ) -> None:
        points = read_points_csv(written(tmp_path, text), unit=unit)
        assert points.frame == frame
        assert points.values.tolist() == [[1.5, -2.0], [3.0, 40.0]]

    @pytest.mark.parametrize(
        ("text", "kind", "frame"),
        [
            ("dv_um,ap_um,ml_um\n2,1,3\n", "atlas", "atlas_um"),
            ("atlas_ap_um,atlas_dv_um,atlas_ml_um,row,col\n1,2,3,8,9\n", "atlas", "atlas_um"),
            ("AP_mm,ML_mm,DV_mm\n1,2,3\n", "stereotaxic", "stereotaxic_mm"),
            ("index,axis-0,axis-1,axis-2\n0,1,2,3\n", "atlas", "atlas_um"),
            ("index,axis-0,axis-1,axis-2\n0,1,2,3\n", "stereotaxic", "stereotaxic_mm"),
        ],
    )
    def test_places_in_the_brain(self, tmp_path: Path, text: str, kind: Kind, frame: str) -> None:
        points = read_points_csv(written(tmp_path, text), kind=kind)
        assert points.frame == frame
        assert points.values.tolist() == [[1.0, 2.0, 3.0]]

    def test_names_order_and_duplicates_are_kept(self, tmp_path: Path) -> None:
        path = written(tmp_path, "row,col,name\n9,1,z\n2,2,a\n9,1,m\n")
        points = read_points_csv(path)
        assert points.names == ("z", "a", "m")
        assert points.values.tolist() == [[9, 1], [2, 2], [9, 1]]

    def test_micrometres_become_pixels_by_the_pixel_size(self, tmp_path: Path) -> None:
        points = read_points_csv(written(tmp_path, "row_um,col_um\n30,80\n"))
        assert points.in_pixels((15.0, 20.0)).tolist() == [[2.0, 4.0]]

    def test_a_name_may_hold_anything(self, tmp_path: Path) -> None:
        """Commas, quotes, a new line; lines still count as an editor counts them."""
        path = written(tmp_path, 'name,row,col\n"a, ""b""\nc",1,2\nx\u2028y,3,4\nd,5,e\n')
        with pytest.raises(PointsError, match="line 5: col is 'e'"):
            read_points_csv(path)
        path = written(tmp_path, 'name,row,col\n"a, ""b""\nc",1,2\nx\u2028y,3,4\n')
        assert read_points_csv(path).names == ('a, "b"\nc', "x\u2028y")

    def test_pandas_wrote_it(self, tmp_path: Path) -> None:
        values = np.random.default_rng(2).normal(size=(1000, 2)) * 1e3
        path = tmp_path / "points.csv"
        pd.DataFrame(values, columns=["row", "col"]).to_csv(path)
        assert np.array_equal(read_points_csv(path).values, values)


class TestErrors:
    """Each names the file, the line and the value."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "points.csv is empty"),
            (" \n\n", "points.csv is empty"),
            ("row,col\n", "has a header but no points"),
            ("1,2\n3,4\n", "line 1: there are numbers where the names"),
            ("row,height\n1,2\n", "its columns are row, height; needed are row and col"),
            ("y,x\n1,2\n", "are y and x pixels or um"),
            ("row,col,row_um,col_um\n1,2,3,4\n", "columns in px and in um"),
            ("row,y_px,col\n1,2,3\n", "row and y_px say the same"),
            ("row,col\n1,2\n\n3,abc\n", "line 4: col is 'abc', not a finite number"),
            ("row,col\n1,2\n,5\n6,\n", "line 3: row is '', not a finite number"),
            ("row,col\n1,2\n3,nan\n-inf,1\n", "line 4: row is '-inf'"),
            ("row,col\n1,nan\n2,nan\n", r"line 2: col is 'nan', .* \(and 1 more\)"),
            ("row,col\n1,2\n3\n", "line 3: 1 cells, the header has 2"),
            ("row;col\n1,5;2\n", "line 2: row is '1,5'"),
            ("row,row,col\n1,2,3\n", "line 1: the column 'row' occurs twice"),
            ("name,row,col\na,1,2\nb,1,2\na,3,4\n", "line 4: name 'a' occurs twice, .* line 2"),
            ("name,row,col\na,1,2\n,1,2\n", "line 3: name is empty"),
            ("index,axis-0,axis-1,axis-2\n0,1,2,3\n", "has the axes axis-0, axis-1, axis-2"),
            ('row,col\n1,"2\n', "line 2"),
        ],
    )
    def test_bad_files(self, tmp_path: Path, text: str, message: str) -> None:
        path = written(tmp_path, text)
        with pytest.raises(PointsError, match=message) as caught:
            read_points_csv(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_places_that_locate_did_not_find_are_left_out(self, tmp_path: Path) -> None:
        """Only whole rows, only of tables with a status: elsewhere an empty cell is a mistake."""
        header = "name,atlas_ap_um,atlas_dv_um,atlas_ml_um,status\n"
        path = written(tmp_path, header + "a,1,2,3,region\nb,,,,past the brain\nc,4,5,6,region\n")
        with pytest.warns(UserWarning, match="1 of 3 points have no place in the brain"):
            points = read_points_csv(path, kind="atlas")
        assert points.names == ("a", "c")
        assert points.values.tolist() == [[1, 2, 3], [4, 5, 6]]
        path = written(tmp_path, header + "a,1,2,3,region\nb,1,,3,region\n")
        with pytest.raises(PointsError, match="line 3: atlas_dv_um is ''"):
            read_points_csv(path, kind="atlas")
        path = written(tmp_path, header + "b,,,,past the brain\n")
        with pytest.raises(PointsError, match="none of its points has a place"):
            read_points_csv(path, kind="atlas")
        path = written(tmp_path, "ap_um,dv_um,ml_um\n1,2,3\n,,\n4,5,\n")
        with pytest.raises(PointsError, match="line 4: ml_um is ''"):
            read_points_csv(path, kind="atlas")

    def test_a_unit_that_contradicts_the_columns(self, tmp_path: Path) -> None:
        path = written(tmp_path, "row_um,col_um\n1,2\n")
        with pytest.raises(PointsError, match="said to be px, but the columns are row_um and col_"):
            read_points_csv(path, unit="px")

    def test_points_of_the_wrong_kind(self, tmp_path: Path) -> None:
        path = written(tmp_path, "row,col\n1,2\n")
        with pytest.raises(PointsError, match="needed are ap_um, dv_um and ml_um"):
            read_points_csv(path, kind="atlas")

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(PointsError, match="No such file"):
            read_points_csv(tmp_path / "absent.csv")
        binary = tmp_path / "points.csv"
        binary.write_bytes(b"row,col\n\xff\xfe\x00\n")
        with pytest.raises(PointsError, match="not a text file"):
            read_points_csv(binary)
        with pytest.raises(PointsError, match="points are read from"):
            read_points(tmp_path / "points.xlsx")


SHAPES = """index,shape-type,vertex-index,axis-0,axis-1
7,polygon,2,10,12
7,polygon,0,0,0
0.0,rectangle,0.0,1,1
0.0,rectangle,1.0,1,5
7,polygon,1,10,0
0.0,rectangle,2.0,3,5
0.0,rectangle,3.0,3,1
"""


class TestShapes:
    """Shapes of napari."""

    def test_lines_may_be_in_any_order(self, tmp_path: Path) -> None:
        polygon, rectangle = read_shapes_csv(written(tmp_path, SHAPES))
        assert (polygon.name, polygon.shape_type) == ("7", "polygon")
        assert polygon.vertices_px.tolist() == [[0, 0], [10, 0], [10, 12]]
        assert (rectangle.name, rectangle.shape_type) == ("0", "rectangle")
        assert rectangle.vertices_px.tolist() == [[1, 1], [1, 5], [3, 5], [3, 1]]

    def test_they_are_regions_of_interest(self, tmp_path: Path) -> None:
        rois = read_points(written(tmp_path, SHAPES))
        assert isinstance(rois, Rois)
        assert rois.names == ("7", "0")
        assert rois.area_px2.tolist() == pytest.approx([60.0, 8.0], rel=0.03)

    def test_napari_wrote_it(self, tmp_path: Path) -> None:
        """The writers of napari itself: points and shapes come back as they were."""
        napari = pytest.importorskip("napari_builtins.io")
        points = np.array([(3.25, 4.5), (1.0, 900.0), (3.25, 4.5)])
        napari.napari_write_points(str(tmp_path / "p.csv"), points, {})
        read = read_points_csv(tmp_path / "p.csv")
        assert read.names == ("0", "1", "2")
        assert read.values.tolist() == points.tolist()
        places = np.array([(3.25, 4.5, 7.0), (1.0, 900.0, 3.5)])
        napari.napari_write_points(str(tmp_path / "a.csv"), places, {})
        assert read_points_csv(tmp_path / "a.csv", kind="atlas").values.tolist() == places.tolist()
        shapes = [np.array([(0, 0), (10.5, 0), (10, 12)]), np.array([(1, 1), (1, 5.25)])]
        kinds = {"shape_type": ["polygon", "line"]}
        napari.napari_write_shapes(str(tmp_path / "s.csv"), shapes, kinds)
        polygon, line = read_shapes_csv(tmp_path / "s.csv")
        assert (polygon.shape_type, line.shape_type) == ("polygon", "line")
        assert polygon.vertices_px.tolist() == shapes[0].tolist()
        assert line.vertices_px.tolist() == shapes[1].tolist()

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("7,polygon,1,", "7,ellipse,1,", "line 6: the shape is a ellipse, in line 2 it is a p"),
            ("7,polygon,1,", "7,star,1,", "line 6: unknown shape-type 'star'"),
            ("7,polygon,1,", "7,polygon,0,", "line 6: vertex 0 of the shape occurs twice"),
            ("2,10,12", "2,10,x", "line 2: axis-1 is 'x'"),
            ("vertex-index,", "vertex,", "the column 'vertex-index' is missing"),
            ("7,polygon,1,10,0\n", "", "polygon with 2 vertices; it needs 3"),
        ],
    )
    def test_damaged_files(self, tmp_path: Path, old: str, new: str, message: str) -> None:
        path = written(tmp_path, SHAPES.replace(old, new))
        with pytest.raises(PointsError, match=message) as caught:
            read_points(path)
        assert str(path) in str(caught.value)

    def test_they_are_no_places_in_the_brain(self, tmp_path: Path) -> None:
        with pytest.raises(PointsError, match="read from a CSV file of points"):
            read_points(written(tmp_path, SHAPES), kind="atlas")
