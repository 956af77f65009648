"""Numpy files that hold objects, read without running anything that is in them.

``numpy.save`` writes arrays of objects with :mod:`pickle`, and reading a pickle can run any program
that its author put there. Here only arrays and plain values can come out: what a file asks to be
called are stand-ins from this module, and everything else it may name is refused.
"""

from __future__ import annotations

import pickle
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import numpy as np
import numpy.lib.format as npy

from napari_brainreg3d.results.locate.points import PointsError

#: Kinds of plain numbers and texts.
_KINDS: Final = "biufcSU"


def read_npy(path: Path) -> Any:
    """Read a ``.npy`` file; arrays of objects with plain values only.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    ndarray of numbers, any shape, or of objects
        In an array of objects: None, numbers, texts, lists, tuples, dicts, sets, and arrays.

    Raises
    ------
    PointsError
        When the file is absent, damaged, not a numpy file, or holds anything else.
    """
    try:
        with path.open("rb") as stream:
            version = npy.read_magic(stream)
            header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            _, _, dtype = header(stream)
            if dtype.hasobject:
                return _plain(_PlainUnpickler(stream).load(), {})
        return np.load(path, allow_pickle=False)
    except PointsError as error:
        raise PointsError(f"cannot read {path}: {error}") from error
    except OSError as error:
        raise PointsError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:
        # A damaged pickle trips its reader in every conceivable way.
        raise PointsError(f"cannot read {path}: it is damaged or not a numpy file") from error


class _Array:
    """Stands for an array while its pickle is being read."""

    value: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, content = state
        shape = tuple(int(n) for n in shape)
        order: Literal["F", "C"] = "F" if is_fortran else "C"
        if dtype.value.hasobject:
            if not isinstance(content, list) or len(content) != prod(shape):
                raise PointsError("an array of objects has another size than it says")
            flat = np.empty(len(content), object)
            for place, item in enumerate(content):  # at once numpy would look into lists
                flat[place] = item
            self.value = flat.reshape(shape, order=order)
        else:
            if len(content) != prod(shape) * dtype.value.itemsize:
                raise PointsError("an array has another size than it says")
            array = np.frombuffer(content, dtype.value).reshape(shape, order=order)
            self.value = array.astype(dtype.value.newbyteorder("="), copy=False)


class _Dtype:
    """Stands for the type of an array."""

    def __init__(self, code: str, *_flags: Any) -> None:
        dtype = np.dtype(str(code))
        if not (dtype.kind in _KINDS or dtype == np.dtype(object)):
            raise PointsError(f"it holds values of type {dtype}; arrays of numbers can be read")
        self.value = dtype

    def __setstate__(self, state: Any) -> None:
        if len(state) > 3 and state[3:5] != (None, None):
            raise PointsError("it holds records; arrays of numbers can be read")
        if state[1] in ("<", ">") and not self.value.hasobject:
            self.value = self.value.newbyteorder(state[1])


class _ArrayType:
    """Stands for ``numpy.ndarray`` itself; never called."""


def _reconstruct(*_arguments: Any) -> _Array:
    return _Array()


def _scalar(dtype: _Dtype, content: Any = None) -> Any:
    if dtype.value.hasobject:
        raise PointsError("it holds objects where numbers were expected")
    return np.frombuffer(content, dtype.value, count=1)[0]


def _from_buffer(content: Any, dtype: _Dtype, shape: Any, order: str) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", content))
    return array


def _latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into pickles that Python 2 could read."""
    if encoding != "latin1":
        raise PointsError(f"it holds bytes in the encoding {encoding!r}")
    return str(text).encode("latin1")


#: What a file may name, whichever version of numpy wrote it, and what it gets instead.
_ALLOWED: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "ndarray"): _ArrayType,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _latin1,
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _from_buffer),
        )
    },
}


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise PointsError(
                f"it asks for {module}.{name}; only arrays, numbers, texts, lists and dicts are "
                "read, since anything else could run a program"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        raise PointsError("it refers to something outside the file")


def _plain(value: Any, done: dict[int, Any]) -> Any:
    """Replace the stand-ins by what they stand for; each thing once, however often it is named."""
    if id(value) not in done:
        done[id(value)] = _replaced(value, done)
    return done[id(value)]


def _replaced(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, _Array):
        array = value.value
        if isinstance(array, np.ndarray) and array.dtype == object:
            plain = np.empty(array.shape, object)
            for place, item in np.ndenumerate(array):
                plain[place] = _plain(item, done)
            return plain
        return array
    if isinstance(value, dict):
        return {key: _plain(item, done) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(item, done) for item in value)
    if isinstance(value, _Dtype) or callable(value):
        raise PointsError("it holds types where values were expected")
    return value
