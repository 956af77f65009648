"""Which layers are ours: told by their metadata, never by their name."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

Role: TypeAlias = Literal[
    "plane",
    "brain",
    "regions",
    "outlines",
    "marks",
    "frustum",
    "bounds",
    "labels",
    "mask",
    "map",
    "volume",
    "unresolved",
    "template",
    "landmarks",
    "residuals",
    "curves",
    "confidence",
    "drape",
    "standard view",
]

LayerTuple: TypeAlias = tuple[Any, dict[str, Any], str]
"""Data, options and type of a layer, as napari's readers return them."""

KEY: Final = "napari_brainreg3d"
"""Where our entry lies in the metadata of a layer."""

RESULT_ROLES: Final = ("labels", "mask", "map", "volume", "unresolved")
"""Layers that stay in the viewer as ordinary layers when everything else of ours goes."""


def owned(role: Role, **details: Any) -> dict[str, Any]:
    """Metadata that mark a layer as ours."""
    return {KEY: {"role": role, **details}}


def details_of(layer: Any) -> dict[str, Any]:
    """What we noted about a layer; empty for a layer that is not ours."""
    found = getattr(layer, "metadata", {}).get(KEY, {})
    return found if isinstance(found, dict) else {}


def role_of(layer: Any) -> Role | None:
    """What a layer is for, None when it is not ours."""
    return details_of(layer).get("role")
