"""Regions of interest: their middle, their majority, and shapes that were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from skimage.measure import regionprops

from napari_brainreg3d import PinholeCamera, Pose, Registration, project, uncertainty
from napari_brainreg3d.results.locate import (
    Outline,
    PointsError,
    Rois,
    locate,
    locate_rois,
    rois_of_labels,
    rois_of_outlines,
)
from tests.fixtures.scenes import letter_scene

LETTER = letter_scene()


def tilted() -> Registration:
    """A pinhole close to the letter F, with pixels that are not square."""
    return Registration(
        atlas="demo_mouse",
        image_shape=(50, 70),
        pixel_size_um=(97.0, 83.0),
        pose=Pose.dorsal(centre_um=(4100.0, 600.0, 7000.0), yaw_deg=17.0, roll_deg=12.0),
        camera=PinholeCamera(working_distance_mm=14.0),
    )


def cells() -> np.ndarray:
    """Blobs that differ in size, with labels that are neither sorted nor without gaps."""
    rng = np.random.default_rng(11)
    labels = np.zeros((50, 70), np.uint32)
    for label in (7, 3_000_000_000, 40, 12, 5, 999):
        row, col = rng.integers(0, 40), rng.integers(0, 60)
        labels[row : row + rng.integers(2, 9), col : col + rng.integers(3, 12)] = label
    return labels


class TestLabelImages:
    """A label image of cellpose or napari."""

    def test_middle_and_area_are_those_of_scikit_image(self) -> None:
        labels = cells()
        rois = rois_of_labels(labels)
        ranks = np.searchsorted(np.unique(labels), labels)
        expected = regionprops(ranks)
        assert rois.names == ("5", "7", "12", "40", "999", "3000000000")
        assert_allclose(rois.centroids_px, [region.centroid for region in expected])
        assert_array_equal(rois.area_px2, [region.area for region in expected])

    def test_the_majority_is_that_of_the_pixels(self) -> None:
        labels = cells()
        projection = project(LETTER, tilted())
        table = locate_rois(projection, rois_of_labels(labels))
        acronyms = ["", *projection.table["acronym"]]
        mixed = 0
        for row in table.to_dict("records"):
            under = np.bincount(projection.labels[labels == int(row["name"])], minlength=4)
            best = int(under[1:].argmax()) + 1 if under[1:].any() else 0
            assert row["majority_label"] == best
            assert row["majority_region"] == acronyms[best]
            share = under[best] / under.sum() if best else 0.0
            assert row["majority_share"] == pytest.approx(share)
            mixed += 0 < share < 1
        assert mixed > 0
        assert (table["inside_share"] == 1).all()
        assert_allclose(table["area_mm2"], table["area_px2"] * 0.097 * 0.083)

    def test_the_rest_is_what_locate_says_of_the_middle(self) -> None:
        rois = rois_of_labels(cells())
        projection = project(LETTER, tilted())
        sure = uncertainty(projection, {"down_um": 100.0}, poses=3)
        table = locate_rois(projection, rois, uncertainty=sure, bregma="pinpoint_2024")
        middle = locate(
            projection, rois.centroids_px, names=rois.names, uncertainty=sure,
            bregma="pinpoint_2024",
        )  # fmt: skip
        assert table[list(middle.columns)].equals(middle)
        assert table.attrs["bregma"].startswith("pinpoint_2024")
        assert list(table.columns[:3]) == ["name", "area_px2", "area_mm2"]

    @pytest.mark.parametrize(
        ("image", "message"),
        [
            (np.zeros((4, 5), int), "0 everywhere"),
            (np.ones((2, 4, 5), int), r"two axes .* \(2, 4, 5\)"),
            (np.ones((4, 5)), "float64"),
            (np.full((4, 5), -1), "no negative numbers, got -1"),
        ],
    )
    def test_what_is_no_label_image_is_refused(self, image: np.ndarray, message: str) -> None:
        with pytest.raises(PointsError, match=message):
            rois_of_labels(image)


class TestWeights:
    """Samples count by their weight, in the middle and in the majority."""

    def test_middle_and_shares_are_weighted(self) -> None:
        samples = np.array([(0.0, 0.0), (0.0, 4.0), (10.0, 0.0), (22.0, 32.0), (999.0, 0.0)])
        rois = Rois(
            ("a", "b"), samples, np.array([3.0, 1.0, 1.0, 2.0, 6.0]), np.array([0, 0, 0, 1, 1]),
            np.array([3.0, 2.0]),
        )  # fmt: skip
        assert_allclose(rois.centroids_px, [(2.0, 0.8), ((44 + 5994) / 8, 8.0)])
        table = locate_rois((LETTER, tilted()), rois)
        assert table["inside_share"].tolist() == pytest.approx([1.0, 0.25])
        assert table["status"].tolist()[1] == "outside the image"
        one = locate((LETTER, tilted()), samples)["region"].tolist()
        assert one[3] != ""
        assert table["majority_region"].tolist()[1] == one[3]
        assert table["majority_share"][1] == pytest.approx(0.25)

    def test_weights_are_positive_and_everyone_has_a_sample(self) -> None:
        with pytest.raises(PointsError, match="must be positive"):
            Rois(("a",), np.zeros((1, 2)), np.zeros(1), np.zeros(1, int), np.ones(1))
        with pytest.raises(PointsError, match="needs a sample"):
            Rois(("a", "b"), np.zeros((1, 2)), np.ones(1), np.zeros(1, int), np.ones(2))


class TestDrawnShapes:
    """Shapes of napari, against the formulas of geometry."""

    def test_a_turned_rectangle(self) -> None:
        turn = np.radians(25.0)
        sides = np.array([(-3, -7), (-3, 7), (3, 7), (3, -7)]) @ np.array(
            [(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]
        )
        rois = rois_of_outlines([Outline("r", "rectangle", sides + (20.3, 31.9))])
        assert rois.area_px2[0] == pytest.approx(6 * 14, rel=0.01)
        assert_allclose(rois.centroids_px[0], (20.3, 31.9), rtol=0, atol=0.05)

    def test_a_polygon_that_is_not_convex(self) -> None:
        """The letter L: 4 x 10 pixels and 8 x 3 pixels beside its foot."""
        corners = np.array([(0, 0), (10, 0), (10, 12), (7, 12), (7, 4), (0, 4)], float)
        rois = rois_of_outlines([Outline("L", "polygon", corners + (5.5, 8.25))])
        middle = (40 * np.array([5.0, 2.0]) + 24 * np.array([8.5, 8.0])) / 64
        assert rois.area_px2[0] == pytest.approx(64, rel=0.02)
        assert_allclose(rois.centroids_px[0], middle + (5.5, 8.25), rtol=0, atol=0.1)

    def test_an_ellipse_within_its_rectangle(self) -> None:
        corners = np.array([(10, 20), (10, 50), (22, 50), (22, 20)], float)
        rois = rois_of_outlines([Outline("e", "ellipse", corners)])
        assert rois.area_px2[0] == pytest.approx(np.pi * 6 * 15, rel=0.01)
        assert_allclose(rois.centroids_px[0], (16, 35), rtol=0, atol=0.05)

    def test_one_smaller_than_a_pixel_has_its_area(self) -> None:
        corners = np.array([(3.1, 4.2), (3.1, 4.5), (3.3, 4.5)])
        rois = rois_of_outlines([Outline("t", "polygon", corners)])
        assert rois.area_px2[0] == pytest.approx(0.2 * 0.3 / 2, rel=0.03)
        assert_allclose(rois.centroids_px[0], corners.mean(axis=0), rtol=0, atol=0.005)

    def test_a_path_counts_by_its_length(self) -> None:
        path = np.array([(0, 0), (0, 30), (10, 30)], float)
        rois = rois_of_outlines([Outline("p", "path", path), Outline("l", "line", path[:2])])
        assert rois.area_px2.tolist() == [0, 0]
        expected = [(30 * np.array([0, 15]) + 10 * np.array([5, 30])) / 40, (0, 15)]
        assert_allclose(rois.centroids_px, expected, rtol=0, atol=0.05)

    def test_many_keep_their_order(self) -> None:
        """Each drawn shape is located on its own, in the given order."""
        corners = np.array([(20, 30), (20, 34), (24, 34), (24, 30)], float)
        outlines = [
            Outline("z", "rectangle", corners), Outline("a", "rectangle", corners + (9, -14)),
        ]  # fmt: skip
        table = locate_rois((LETTER, tilted()), rois_of_outlines(outlines))
        assert table["name"].tolist() == ["z", "a"]
        single = locate((LETTER, tilted()), [(22, 32), (31, 18)])
        assert table["region"].tolist() == single["region"].tolist()
        assert len(set(table["region"])) == 2

    @pytest.mark.parametrize(
        ("shape_type", "vertices", "message"),
        [
            ("polygon", [(0, 0), (1, 1)], "needs 3"),
            ("star", [(0, 0), (1, 1), (2, 0)], "unknown type 'star'"),
            ("polygon", [(0, 0), (1, np.nan), (2, 0)], "not finite"),
            ("rectangle", [(0, 0), (0, 1), (0, 2), (0, 3)], "no area"),
            ("line", [(1, 1), (1, 1)], "no length"),
        ],
    )
    def test_damaged_shapes_are_refused(
        self, shape_type: str, vertices: list[tuple[float, float]], message: str
    ) -> None:
        with pytest.raises(PointsError, match=f"shape 's'.*{message}|{message}"):
            rois_of_outlines([Outline("s", shape_type, np.array(vertices))])  # type: ignore[arg-type]

    def test_none_are_refused(self) -> None:
        with pytest.raises(PointsError, match="no shapes"):
            rois_of_outlines([])
