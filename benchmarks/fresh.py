"""Measurements that need a process of their own: imports, first loads, peaks of memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

#: Ends a measured program: prints what it put into ``result``, and its peak of memory in MB. On
#: Linux not by getrusage, whose peak may be that of the process that started this one.
_EPILOGUE = """
import json, pathlib, sys
status = pathlib.Path("/proc/self/status")
if status.exists():
    line = next(l for l in status.read_text().splitlines() if l.startswith("VmHWM"))
    result["peak_mb"] = int(line.split()[1]) * 1024 / 1e6
else:
    import resource
    unit = 1 if sys.platform == "darwin" else 1024
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
print(json.dumps(result))
"""

_LOAD = """
import time
start = time.perf_counter()
import brainglobe_atlasapi
from napari_brainreg3d.atlas import brainglobe, mesh_faults, selection
from napari_brainreg3d.projection import caster_for
from benchmarks.subjects import subject, ten_regions
import embreex.rtcore_scene, trimesh.intersections
imported = time.perf_counter()
scene = ten_regions()
caster_for(scene.mesh), caster_for(scene.brain)
loaded = time.perf_counter()
result = {"import_s": imported - start, "load_s": loaded - imported, "faces": len(scene.mesh.faces)}
"""

_PROJECT = """
import time
from benchmarks.subjects import large_image, ten_regions
from napari_brainreg3d.projection import project
scene = ten_regions()
start = time.perf_counter()
projection = project(scene, large_image({side}, {side}))
projected = time.perf_counter()
seen = int(projection.table.pixels.sum())
result = {{"project_s": projected - start, "seen": seen}}
"""


def run_fresh(program: str) -> dict[str, Any]:
    """Run a program that fills the dictionary ``result``, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program + _EPILOGUE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def load_ten_regions() -> dict[str, Any]:
    """Seconds to load the ten regions and to build their search trees, imports apart."""
    return run_fresh(_LOAD)


def project_pixels(side: int) -> dict[str, Any]:
    """Seconds and peak of memory of a projection of ``side`` x ``side`` pixels and its table."""
    return run_fresh(_PROJECT.format(side=side))


def seconds_of(arguments: list[str], repeats: int = 3) -> float:
    """The shortest of several runs of Python with these arguments, seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, cwd=ROOT)
        times.append(time.perf_counter() - start)
    return min(times)
