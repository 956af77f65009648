"""Traces as a table in a file: CSV with its description beside it, or Parquet with it inside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pandas as pd

from napari_brainreg3d.atomic import check_free, replacing
from napari_brainreg3d.errors import ImageError, OutputError
from napari_brainreg3d.io.metadata import metadata_of
from napari_brainreg3d.io.targets import check_ending
from napari_brainreg3d.registration.schema import CONVENTIONS, software_versions
from napari_brainreg3d.results.traces import Traces

_FRAME, _TIME = "frame", "time_s"
_KEY: Final = b"napari-brainreg3d"
_SIDES: Final = "_left and _right in the names of columns: the animal's own sides"


@dataclass(frozen=True, slots=True, eq=False)
class TraceTable:
    """Traces as read from a file.

    Attributes
    ----------
    table
        One row per frame (index ``frame``), one column per region.
    time_s
        Time of each frame, s; None when the file does not say.
    regions
        One row per column of ``table``; empty when the description is missing.
    metadata
        Movie, settings, atlas, conventions; empty when the description is missing.
    """

    table: pd.DataFrame
    time_s: pd.Series[float] | None
    regions: pd.DataFrame
    metadata: dict[str, Any]


def sidecar_path(path: str | os.PathLike[str]) -> Path:
    """Where the description of a CSV lies: ``a_traces.csv`` -> ``a_traces.json``."""
    return Path(path).with_suffix(".json")


def check_traces_path(path: str | os.PathLike[str], *, overwrite: bool = False) -> list[Path]:
    """Return the files that :func:`write_traces` will write, if it may.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, the name does not end in .csv or .parquet, or a
        package for Parquet is missing.
    """
    target = check_ending(path, "traces", ".csv", ".parquet")
    suffix = target.suffix.lower()
    if suffix == ".parquet":
        _parquet()
    files = [target] if suffix == ".parquet" else [target, sidecar_path(target)]
    for file in files:
        check_free(file, overwrite=overwrite)
    return files


def write_traces(
    path: str | os.PathLike[str],
    traces: Traces,
    *,
    labels_info: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write traces with everything one needs to understand them.

    Parameters
    ----------
    path
        Ends in ``.csv``, or in ``.parquet``, which needs pyarrow.
    traces
        What to write.
    labels_info
        Of traces from a label image: what its file says of itself (``LabelImage.metadata``).
    overwrite
        Whether existing files may be replaced.

    Returns
    -------
    list of Path
        The table with the columns ``frame``, ``time_s`` (where the frame rate is known) and one per
        region; for CSV also its description, ``.json`` beside it. In Parquet the description
        is in the schema under ``napari-brainreg3d``.

    Raises
    ------
    OutputError
        When a file exists and may not be replaced, or cannot be written. None is then there.
    """
    files = check_traces_path(path, overwrite=overwrite)
    description = json.dumps(_description(traces, labels_info), indent=2, ensure_ascii=False)
    table = traces.table.reset_index(names=_FRAME)
    if traces.time_s is not None:
        table.insert(1, _TIME, traces.time_s)
    with ExitStack() as stack:
        target, *others = (
            stack.enter_context(replacing(file, overwrite=overwrite)) for file in files
        )
        if not others:
            _save_parquet(target, table, description)
        else:
            table.to_csv(target, index=False, encoding="utf-8", lineterminator="\n")
            others[0].write_text(description + "\n", encoding="utf-8")
    return files


def read_traces(path: str | os.PathLike[str]) -> TraceTable:
    """Read traces written by :func:`write_traces`.

    Raises
    ------
    ImageError
        When the file is absent or no such table.
    """
    file = Path(path)
    try:
        if file.suffix.lower() == ".parquet":
            _, parquet = _parquet()
            content = parquet.read_table(file)
            table = content.to_pandas()
            text = (content.schema.metadata or {}).get(_KEY, b"{}").decode()
        else:
            table = pd.read_csv(file, encoding="utf-8")
            sidecar = sidecar_path(file)
            text = sidecar.read_text(encoding="utf-8") if sidecar.is_file() else "{}"
        metadata: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise ImageError(f"cannot read {file}: it is absent or not a table of traces") from error
    if _FRAME not in table.columns:
        raise ImageError(f"cannot read {file}: it has no column {_FRAME!r}, so holds no traces")
    table = table.set_index(_FRAME)
    time_s = table.pop(_TIME) if _TIME in table.columns else None
    return TraceTable(table, time_s, pd.DataFrame(metadata.get("regions", [])), metadata)


def _description(traces: Traces, labels_info: Mapping[str, Any] | None) -> dict[str, Any]:
    how = "dF/F, dimensionless" if traces.settings.get("dff_baseline") else "in the movie's units"
    content = f"{traces.settings.get('statistic')} of each region per frame, {how}"
    regions = json.loads(traces.regions.to_json(orient="records"))
    more = {"sides": _SIDES, "traces": dict(traces.settings), "regions": regions}
    if traces.projection is not None:
        return metadata_of(traces.projection, content, **more)
    described = {
        "content": content,
        **more,
        "conventions": CONVENTIONS,
        "software": software_versions(),
    }
    return {**described, **({"labels": dict(labels_info)} if labels_info else {})}


def _save_parquet(path: Path, table: pd.DataFrame, description: str) -> None:
    arrow, parquet = _parquet()
    content = arrow.Table.from_pandas(table, preserve_index=False)
    described = {**(content.schema.metadata or {}), _KEY: description.encode()}
    parquet.write_table(content.replace_schema_metadata(described), path)


def _parquet() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise OutputError(
            "Parquet files need another package; install it with: python -m pip install "
            '"napari-brainreg3d[parquet]", or write .csv'
        ) from error
