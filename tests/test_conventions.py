"""The code keeps the rules of ``CONVENTIONS.md``: its tables, and what it says of public names."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import napari_brainreg3d
from napari_brainreg3d.atlas.bregma import BREGMA_PRESETS, DEFAULT_BREGMA
from napari_brainreg3d.geometry import VIEWS, PixelGrid, Pose, frames
from napari_brainreg3d.projection.grouping import finest_labels

TEXT = Path(__file__).parents[1].joinpath("CONVENTIONS.md").read_text(encoding="utf-8")

#: Written out by hand from BrainGlobe's "asr": each axis of the atlas runs *towards* the word.
TOWARDS = {
    "posterior": (1, 0, 0),
    "anterior": (-1, 0, 0),
    "inferior": (0, 1, 0),
    "superior": (0, -1, 0),
    "left": (0, 0, 1),
    "right": (0, 0, -1),
}
PAIRS = (("anterior", "posterior"), ("superior", "inferior"), ("left", "right"))
OPPOSITE = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}


def table(first_header: str) -> list[list[str]]:
    """The cells of the table whose first column has this header, without the header rows."""
    block = re.search(rf"^\| {first_header} \|.*\n(?:\|.*\n)+", TEXT, re.MULTILINE)
    assert block, f"CONVENTIONS.md has no table {first_header!r}"
    rows = [line.strip("|").split("|") for line in block.group().splitlines()[2:]]
    return [[cell.strip().strip("`") for cell in row] for row in rows]


def direction(cell: str) -> tuple[int, int, int]:
    """The direction in ``atlas_um`` of a cell such as "anterior → posterior"."""
    start, end = cell.split(" → ")
    assert OPPOSITE[start] == end
    return TOWARDS[end]


class TestTables:
    """What the tables of the document say is what the code does."""

    def test_the_axes_of_the_atlas_are_those_of_the_table(self) -> None:
        row = next(row for row in table("frame") if row[0] == "atlas_um")
        for number, (name, cell) in enumerate(zip(["AP", "DV", "ML"], row[1:4], strict=True)):
            assert getattr(frames, name) == number
            assert direction(cell)[number] == 1
        for name, vector in TOWARDS.items():
            assert getattr(frames, name.upper()) == vector

    def test_all_views_are_in_the_table(self) -> None:
        assert [row[0] for row in table("view")] == list(VIEWS)

    @pytest.mark.parametrize("row", table("view"), ids=lambda row: row[0])
    def test_each_view_looks_as_its_row_says(self, row: list[str]) -> None:
        pose = Pose.from_view(row[0], centre_um=(5000.0, 300.0, 4000.0))
        expected = np.transpose([direction(cell) for cell in row[1:]])
        assert_allclose(pose.rotation, expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("row", table("angle"), ids=lambda row: row[0])
    def test_each_right_angle_turns_as_its_row_says(self, row: list[str]) -> None:
        name, degrees = row[0].split(" = ")
        pose = Pose.dorsal(centre_um=(5000.0, 300.0, 4000.0), **{name: float(degrees)})
        expected = np.transpose([direction(cell) for cell in row[1:]])
        assert_allclose(pose.rotation, expected, rtol=0, atol=1e-12)

    def test_angles_are_composed_in_the_written_order(self) -> None:
        written = re.search(r"\*\*`view @ (\w+) @ (\w+) @ (\w+)`\*\*", TEXT)
        assert written
        angles = {"yaw_deg": 20.0, "pitch_deg": -35.0, "roll_deg": 50.0}
        view, expected = VIEWS["dorsal"], VIEWS["dorsal"]
        for name in written.groups():
            one = Pose.dorsal(centre_um=(0, 0, 0), **{f"{name}_deg": angles[f"{name}_deg"]})
            expected = expected @ (view.T @ one.rotation)
        found = Pose.dorsal(centre_um=(0, 0, 0), **angles).rotation
        assert_allclose(found, expected, rtol=0, atol=1e-12)

    def test_bregma_presets_are_those_of_the_table(self) -> None:
        written = {row[0]: tuple(float(cell) for cell in row[1:]) for row in table("preset")}
        assert {name: preset.atlas_um for name, preset in BREGMA_PRESETS.items()} == written
        assert f"The default is `{DEFAULT_BREGMA}`." in TEXT


class TestRules:
    """Sentences of the document, each with numbers made by hand."""

    def test_the_first_pixel_is_centred_on_zero_and_the_image_on_the_origin(self) -> None:
        grid = PixelGrid((3, 5), (10.0, 20.0))
        assert grid.centre_px.tolist() == [1.0, 2.0]
        assert grid.to_offsets([0, 0]).tolist() == [-10.0, -40.0]
        assert grid.to_offsets([-0.5, 4.5]).tolist() == [-15.0, 50.0]

    def test_stereotaxic_signs_are_anterior_right_and_dorsal_positive(self) -> None:
        bregma = BREGMA_PRESETS["ibl"]
        # 1 mm in front of bregma, 2 mm to the animal's right, 3 mm deep.
        point = np.add(bregma.atlas_um, [-1000.0, 3000.0, -2000.0])
        assert_allclose(bregma.to_stereotaxic_mm(point), [1.0, 2.0, -3.0], rtol=0, atol=1e-12)

    def test_the_finest_label_is_as_written(self) -> None:
        assert "`1 + 2 * region + is_left`" in TEXT
        region = np.array([-1, -1, 0, 0, 7, 7])
        is_left = np.array([False, True] * 3)
        assert finest_labels(region, is_left).tolist() == [0, 0, 1, 2, 15, 16]


# ------------------------------------------------------------------------------------ public names


def _modules() -> Iterator[ModuleType]:
    package = napari_brainreg3d
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "._" not in found.name:  # the plugin and __main__ are no library
            yield importlib.import_module(found.name)


MODULES = list(_modules())


def _public() -> Iterator[tuple[str, Any]]:
    """Public functions and classes, and the public methods of the latter, with their names."""
    for module in MODULES:
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            if not (inspect.isfunction(thing) or inspect.isclass(thing)):
                continue
            yield f"{module.__name__}.{name}", thing
            if inspect.isclass(thing):
                for method, member in vars(thing).items():
                    if isinstance(member, classmethod | staticmethod):
                        member = member.__func__
                    if isinstance(member, property):
                        member = member.fget
                    if not method.startswith("_") and inspect.isfunction(member):
                        yield f"{module.__name__}.{name}.{method}", member


PUBLIC = dict(_public())


def _values(thing: Any) -> dict[str, str]:
    """Names and annotations of a function's parameters, or of a dataclass's fields."""
    if inspect.isfunction(thing):
        parameters = inspect.signature(thing).parameters
        return {name: str(p.annotation) for name, p in parameters.items() if name != "self"}
    if is_dataclass(thing):
        return {f.name: str(f.type) for f in fields(thing) if not f.name.startswith("_")}
    return {}


PROTOCOLS = [thing for thing in PUBLIC.values() if getattr(thing, "_is_protocol", False)]


def _documentation(name: str) -> str:
    """Docstring of a thing; of a method also the one it inherits or that a protocol states."""
    owner, method = PUBLIC.get(name.rpartition(".")[0]), name.rpartition(".")[2]
    if not inspect.isclass(owner):
        return inspect.getdoc(PUBLIC[name]) or ""
    found = [inspect.getdoc(getattr(each, method, None)) for each in (owner, *PROTOCOLS)]
    return next(filter(None, found), "")


def _says_shapes(name: str) -> bool:
    """Whether the docstring gives shapes, itself or by naming its inverse.

    What sets fields of its class is documented there.
    """
    owner = PUBLIC.get(name.rpartition(".")[0])
    given = _documentation(name)
    if inspect.isclass(owner) and _values(owner).keys() & _values(PUBLIC[name]).keys():
        given += _documentation(name.rpartition(".")[0])
    return re.search("shape|[Ii]nverse of", given) is not None


def test_every_module_says_what_it_is() -> None:
    silent = [module.__name__ for module in MODULES if not module.__doc__]
    assert not silent, silent


def test_every_public_thing_is_documented() -> None:
    silent = [name for name in PUBLIC if not _documentation(name).strip()]
    assert not silent, silent


#: What takes arrays of any shape.
ANY_SHAPE = {"napari_brainreg3d.geometry.frames.read_only"}


def test_arrays_state_their_shape() -> None:
    """Who takes or holds arrays says "shape" in its docstring, at the array or in the sentence."""
    silent = [
        name
        for name, thing in PUBLIC.items()
        if any("Array" in kind for kind in _values(thing).values())
        and name not in ANY_SHAPE
        and not _says_shapes(name)
    ]
    assert not silent, silent


#: Words that name a physical value, and so need a unit.
PHYSICAL = re.compile(
    r"(^|_)(distance|depth|radius|thickness|tolerance|resolution|extent|spacing|length|height|width|"
    r"centre|center|position|points?|offsets?|angles?|yaw|pitch|roll|tilt|incidence|area|duration)$"
)


def test_names_of_physical_values_end_in_their_unit() -> None:
    bare = [
        f"{name}: {value}"
        for name, thing in PUBLIC.items()
        for value, kind in _values(thing).items()
        if re.search(r"\b(float|int)\b|Array", kind)
        and PHYSICAL.search(value)
        and not value.startswith("cos_")  # dimensionless
    ]
    assert not bare, bare


def test_no_axis_is_called_x_y_or_z() -> None:
    letters = {"x", "y", "z", "dx", "dy", "dz", "xs", "ys", "zs", "xyz", "xy", "zyx"}
    named = [name for name, thing in PUBLIC.items() if letters & _values(thing).keys()]
    assert not named, named


def test_every_public_function_has_complete_types() -> None:
    def is_complete(function: Any) -> bool:
        signature = inspect.signature(function)
        kinds = [p.annotation for n, p in signature.parameters.items() if n not in ("self", "cls")]
        return inspect.Parameter.empty not in (*kinds, signature.return_annotation)

    functions = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
    assert len(functions) > 50
    untyped = [name for name, function in functions.items() if not is_complete(function)]
    assert not untyped, untyped


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions; each by the alphabet."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize(
    "module", [m for m in MODULES if hasattr(m, "__all__")], ids=lambda module: module.__name__
)
def test_all_lists_what_the_package_offers_in_order(module: ModuleType) -> None:
    listed = module.__all__
    assert listed == sorted(set(listed), key=_order)
    missing = [name for name in listed if not hasattr(module, name)]
    assert not missing
    offered = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__.startswith("napari_brainreg3d")
    }
    assert offered <= set(listed), f"imported but not in __all__: {sorted(offered - set(listed))}"
