"""Keys that work while the canvas has the focus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from napari_brainreg3d._napari.session import Session
from napari_brainreg3d._napari.work import telling


@dataclass(frozen=True, slots=True)
class Steps:
    """How far one key press moves and turns the image."""

    fine_um: float = 25.0
    coarse_um: float = 250.0
    fine_deg: float = 0.5
    coarse_deg: float = 5.0


class Views(Protocol):
    """What the keys need to know of the stage."""

    @property
    def session(self) -> Session:
        """What is moved and accepted."""
        ...

    @property
    def steps(self) -> Steps:
        """How far."""
        ...

    def toggle_look_through(self) -> None:
        """Switch between the brain view and the look through the camera."""
        ...

    def toggle_image_view(self) -> None:
        """Switch between the image view and the view before it."""
        ...


#: Arrow -> (down, right) on the image.
_ARROWS: Final = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}

KEYS_HELP: Final = (
    ("T", "look through the camera, or back at the whole brain"),
    ("I", "image view, or back"),
    ("Shift+arrows", "slide the image a little; with Ctrl: farther"),
    ("Q, W", "turn the image a little to the left, to the right; with Shift: farther"),
    ("PageUp, PageDown", "move the image towards the camera, into the brain; with Ctrl: farther"),
    ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
    ("Enter", "accept the alignment"),
    ("Ctrl+drag", "slide the image in its plane"),
    ("Ctrl+Shift+drag", "turn the image"),
    ("Shift+wheel", "move the image along the view"),
)
"""Keys and mouse gestures with what they do, for help texts."""


class Keys:
    """Binds keys of one viewer; whatever they were bound to comes back at the end.

    Parameters
    ----------
    viewer
        Whose keys.
    views
        What they act on.
    """

    def __init__(self, viewer: Any, views: Views) -> None:
        self._viewer, self._views = viewer, views
        self._before: dict[str, Callable[..., Any] | None] = {}
        for key, act in self._bindings().items():
            self.bind(key, act)

    def bind(self, key: str, act: Callable[[], None]) -> None:
        """Bind one more key until :meth:`close`; a key of ours gets another meaning."""
        before = self._viewer.bind_key(key, _telling(act), overwrite=True)
        self._before.setdefault(key, before)

    def close(self) -> None:
        """Let go of the keys."""
        for key, before in self._before.items():
            self._viewer.bind_key(key, before, overwrite=True)
        self._before.clear()

    def _bindings(self) -> dict[str, Callable[[], None]]:
        session, views = self._views.session, self._views
        aligner = session.aligner
        bindings: dict[str, Callable[[], None]] = {
            "T": views.toggle_look_through,
            "I": views.toggle_image_view,
            "Control-Z": aligner.undo,
            "Control-Shift-Z": aligner.redo,
            "Enter": session.accept,
        }
        for arrow, (down, right) in _ARROWS.items():
            bindings[f"Shift-{arrow}"] = partial(self._slide, down, right)
            bindings[f"Control-Shift-{arrow}"] = partial(self._slide, down, right, is_coarse=True)
        for key, deeper in (("PageUp", -1), ("PageDown", 1)):
            bindings[key] = partial(self._slide, deeper=deeper)
            bindings[f"Control-{key}"] = partial(self._slide, deeper=deeper, is_coarse=True)
        for key, way in (("Q", 1), ("W", -1)):
            bindings[key] = partial(self._turn, way)
            bindings[f"Shift-{key}"] = partial(self._turn, way, is_coarse=True)
        return bindings

    def _slide(
        self, down: int = 0, right: int = 0, *, deeper: int = 0, is_coarse: bool = False
    ) -> None:
        steps = self._views.steps
        step = steps.coarse_um if is_coarse else steps.fine_um
        self._views.session.aligner.slide(down * step, right * step, deeper * step)

    def _turn(self, way: int, *, is_coarse: bool = False) -> None:
        steps = self._views.steps
        degrees = steps.coarse_deg if is_coarse else steps.fine_deg
        self._views.session.aligner.turn(yaw_deg=way * degrees)


def _telling(act: Callable[[], None]) -> Callable[[Any], None]:
    def pressed(viewer: Any) -> None:
        with telling():
            act()

    return pressed
