"""The report: what it says, and that it is HTML which needs nothing else."""

from __future__ import annotations

import base64
import dataclasses
import html.parser
import io
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from napari_brainreg3d.errors import Cancelled, OutputError
from napari_brainreg3d.geometry import Pose
from napari_brainreg3d.io.pixels import hash_pixels
from napari_brainreg3d.io.report import ReportSession, pictures, write_report
from napari_brainreg3d.io.report.findings import findings
from napari_brainreg3d.projection import project
from napari_brainreg3d.projection.uncertainty import Uncertainty
from napari_brainreg3d.registration import Landmark, Registration
from tests.fixtures.scenes import letter_scene

SHAPE, PIXEL_UM = (40, 50), 200.0
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(html.parser.HTMLParser):
    """Reads a page strictly: every element is closed where it should be, every id is unique."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.source = path.read_text("utf-8")
        self.feed(self.source)
        self.close()
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), tag
        self.tags.add(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "img":
            self.images.append(given)
        if tag == "a":
            self.links.append(given["href"])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if "style" not in self.open:
            self.words.append(data)
        if self.open and ("td" in self.open or "th" in self.open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def projection():
    """The letter F, with two of its corners as landmarks, one of them clicked 3 rows off."""
    marks = (
        Landmark("front", image_px=(9.5, 10.5), atlas_um=(2000.0, 1000.0, 8600.0)),
        Landmark("back", image_px=(32.5, 14.5), atlas_um=(6000.0, 1000.0, 7800.0)),
        Landmark("only clicked", image_px=(1.0, 1.0)),
    )
    registration = Registration(
        atlas="test_letter",
        image_shape=SHAPE,
        pixel_size_um=PIXEL_UM,
        pose=Pose.dorsal(centre_um=(4000.0, 500.0, 6600.0)),
        image_name="letter.tif",
        landmarks=marks,
    )
    return project(letter_scene(), registration)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return (rows * 100 + columns).astype(np.uint16)


@pytest.fixture(scope="module")
def page(tmp_path_factory, projection, picture) -> Page:
    path = tmp_path_factory.mktemp("report") / "letter.html"
    return Page(write_report(path, ReportSession(projection=projection, image=picture)))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank in place of the overview, which has tests of its own."""
    blank = np.full((60, 80, 3), 255, np.uint8)
    monkeypatch.setattr(pictures, "overview_picture", lambda *_, **__: blank)


def confirmed(projection, **changes):
    registration = projection.registration.replaced(side_confirmed=True, **changes)
    return dataclasses.replace(projection, registration=registration)


def test_the_page_is_whole_and_needs_nothing_else(page: Page) -> None:
    assert page.source.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert page.tags.isdisjoint({"script", "link", "iframe", "object"})
    assert "@import" not in page.source
    assert "url(" not in page.source
    assert all(link.startswith(("https://", "#")) for link in page.links)
    assert {"prefers-color-scheme: dark", "@media print"} <= set(
        re.findall(r"prefers-color-scheme: dark|@media print", page.source)
    )


def test_pictures_are_inside_with_their_size_and_a_text(page: Page) -> None:
    assert len(page.images) == 3
    for image in page.images:
        kind, _, data = image["src"].partition(";base64,")
        assert kind == "data:image/jpeg"
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(data)))
        assert (str(picture.width), str(picture.height)) == (image["width"], image["height"])
        assert image["alt"]


def test_an_unconfirmed_side_stands_first(page: Page) -> None:
    first = page.text.index("Problem: Nobody has confirmed")
    assert first < page.text.index("Pose and camera")
    assert first < page.text.index("Warning:")


def test_landmarks_are_listed_with_how_far_they_are_off(page: Page) -> None:
    """By hand: the camera sees the front corner at row 19.5 + (2000 - 4000) / 200 = 9.5, column
    24.5 - (8600 - 6600) / 200 = 14.5, that is 4 columns or 800 um right of the click."""
    rows = {row[0]: row for row in page.rows if row}
    assert rows["front"][1:] == ["9.5, 10.5", "2000, 1000, 8600", "+0.0, +4.0", "800"]
    assert rows["back"][3:] == ["-3.0, +4.0", "1000"]
    assert float(rows["root mean square"][-1]) == round(np.sqrt((800**2 + 1000**2) / 2))
    assert "only clicked" not in rows
    assert "front, back off by more than 200 um" in page.text


def test_areas_are_those_of_the_pixels(page: Page, projection) -> None:
    rows = {row[0]: row for row in page.rows if row}
    for name, pixels in zip(("stem", "arm", "bar"), projection.table["pixels"], strict=True):
        assert rows[name][3:5] == [str(pixels), f"{pixels * 0.04:.3f}"]
    names = [row[0] for row in page.rows if row and row[0] in ("stem", "arm", "bar")]
    assert names == ["stem", "arm", "bar"]  # largest first


def test_numbers_versions_methods_and_citations_are_there(page: Page) -> None:
    for words in (
        "40 x 50 pixels (rows x columns)",
        "4000, 500, 6600 um in the atlas",
        "orthographic (parallel rays)",
        "For a methods section",
        "Images (40 x 50 pixels",
        "Left and right have not been confirmed",
        "Claudi et al., BrainGlobe Atlas API",
        "J. Ricotta, brainreg3D",
        "brainglobe-atlasapi",
        "axis 2 right to left of the animal",
    ):
        assert words in page.text, words


def test_the_flat_map_is_named_with_its_error(page: Page) -> None:
    assert "A flat similarity map on the same landmarks would label" in page.text


def test_everything_from_outside_is_escaped(tmp_path: Path, projection, quick) -> None:
    bad = '<script>alert("1")</script> & <b>\x00\udcff'
    scene = projection.scene
    regions = tuple(
        dataclasses.replace(region, name="<i>& region</i>", acronym="<u>")
        for region in scene.regions
    )
    rows = tuple(
        dataclasses.replace(row, region=region)
        for row, region in zip(projection.grouping.rows, regions, strict=True)
    )
    registration = projection.registration.replaced(
        image_name=bad, landmarks=(Landmark(bad, (1.0, 2.0), (2000.0, 1000.0, 8000.0)),)
    )
    odd = dataclasses.replace(
        projection,
        registration=registration,
        scene=dataclasses.replace(
            scene, atlas=dataclasses.replace(scene.atlas, citation="<a href='x'>", version='"<')
        ),
        grouping=dataclasses.replace(projection.grouping, rows=rows),
    )
    page = Page(write_report(tmp_path / "a.html", ReportSession(projection=odd)))
    assert page.tags.isdisjoint({"script", "b", "i", "u"})
    assert 'alert("1")</script> & <b>' in page.text
    assert "<i>& region</i>" in page.text


def test_confidence_is_shown_when_it_is_given(tmp_path: Path, projection, picture, quick) -> None:
    probability = np.full(SHAPE, 0.75, np.float32)
    probability[projection.labels == 1] = 1.0
    sure = Uncertainty(
        projection,
        probability,
        projection.labels,
        np.array([[3.0, 2.0, 1.0], [3.2, 2.0, 1.0]]),
        border_um=87.0,
    )
    session = ReportSession(projection=projection, image=picture, uncertainty=sure)
    page = Page(write_report(tmp_path / "a.html", session))
    assert len(page.images) == 4
    assert "± 87 um (one standard deviation)" in page.text
    rows = {row[0]: row for row in page.rows if row}
    assert rows["stem"][-2:] == ["0.141", "100%"]
    assert rows["bar"][-2:] == ["0.000", "0%"]


def test_several_sessions_have_a_summary_with_links(
    tmp_path: Path, projection, picture, quick
) -> None:
    sessions = [
        ReportSession(projection=projection, image=picture, title="first"),
        ReportSession(projection=confirmed(projection), title="second"),
    ]
    seen = []
    path = write_report(
        tmp_path / "a.html", sessions, progress=lambda done, total: seen.append((done, total))
    )
    page = Page(path)
    assert page.links[:2] == ["#session-1", "#session-2"]
    assert {"session-1", "session-2"} <= set(page.ids)
    assert page.rows[1][:3] == ["first", "no", "2"]
    assert page.rows[2][:3] == ["second", "yes", "2"]
    assert seen == [(0, 2), (1, 2), (2, 2)]


class TestFindings:
    """What a reader is warned of, and what not."""

    def texts(self, **session) -> dict[str, str]:
        return {finding.text: finding.weight for finding in findings(ReportSession(**session))}

    def test_another_image_is_a_problem(self, projection, picture) -> None:
        other = confirmed(projection, image_sha256=hash_pixels(picture + 1))
        assert any("other pixels" in text for text in self.texts(projection=other, image=picture))
        same = confirmed(projection, image_sha256=hash_pixels(picture))
        found = self.texts(projection=same, image=picture)
        assert not any("other pixels" in text for text in found)
        assert "problem" not in found.values()

    def test_missing_landmarks_are_a_warning(self, projection) -> None:
        found = self.texts(projection=confirmed(projection, landmarks=()))
        assert found[next(text for text in found if "no landmarks" in text)] == "warning"

    def test_seeing_nothing_is_a_problem(self, projection) -> None:
        nothing = dataclasses.replace(
            confirmed(projection), finest=np.zeros_like(projection.finest)
        )
        found = self.texts(projection=nothing)
        assert found["No pixel shows a selected region: the pose is wrong."] == "problem"

    def test_a_region_at_the_edge_is_named(self, projection) -> None:
        finest = np.array(projection.finest)
        finest[-1, 0] = 1 + 2 * 2
        cut = dataclasses.replace(confirmed(projection), finest=finest)
        assert any("partial: bar." in text for text in self.texts(projection=cut))
        assert not any("partial" in t for t in self.texts(projection=confirmed(projection)))

    def test_steep_tissue_is_a_warning(self, projection) -> None:
        steep = dataclasses.replace(
            confirmed(projection), incidence_deg=np.full(SHAPE, 70.0, np.float32)
        )
        assert any("100% of the labelled pixels" in text for text in self.texts(projection=steep))

    def test_a_schematic_atlas_is_a_problem(self, projection) -> None:
        info = dataclasses.replace(projection.scene.atlas, is_schematic=True)
        drawn = dataclasses.replace(
            confirmed(projection), scene=dataclasses.replace(projection.scene, atlas=info)
        )
        assert any("not for science" in text for text in self.texts(projection=drawn))


def test_an_image_from_the_side_has_no_flat_map(projection) -> None:
    side = projection.registration.replaced(
        pose=Pose.from_view("left", centre_um=(4000.0, 2000.0, 9000.0))
    )
    session = ReportSession(projection=dataclasses.replace(projection, registration=side))
    assert "not taken from there" in session.flat_map()


def test_what_does_not_belong_together_is_refused(tmp_path: Path, projection, picture) -> None:
    with pytest.raises(OutputError, match="39 x 50"):
        ReportSession(projection=projection, image=picture[:-1])
    other = Uncertainty(
        projection, np.ones((3, 3), np.float32), projection.labels, np.ones((2, 3)), 1.0
    )
    with pytest.raises(OutputError, match="another projection"):
        ReportSession(projection=projection, uncertainty=other)
    with pytest.raises(OutputError, match="at least one"):
        write_report(tmp_path / "a.html", [])
    assert not list(tmp_path.iterdir())


def test_an_existing_report_stays_and_cancelling_writes_nothing(tmp_path: Path, projection) -> None:
    path = tmp_path / "a.html"
    session = ReportSession(projection=projection)
    with pytest.raises(Cancelled):
        write_report(path, session, progress=lambda done, total: False)
    assert not list(tmp_path.iterdir())
    path.write_text("mine")
    with pytest.raises(OutputError, match="--overwrite"):
        write_report(path, session)
    assert path.read_text() == "mine"
