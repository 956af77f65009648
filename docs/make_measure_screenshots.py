"""Make the pictures of the panel `Measure`, from the plugin itself and the demo movie.

Run ``python docs/make_measure_screenshots.py``; where there is no screen, put ``xvfb-run -a -s
"-screen 0 1600x1200x24"`` before it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from make_screenshots import ROOT, Studio, settle


def make_all(output: Path, theme: str) -> None:
    """Open the demo movie, project it, and measure."""
    from napari_brainreg3d._napari.bench import bench_for

    studio = Studio(output, theme)
    viewer = studio.viewer
    viewer.open_sample("napari-brainreg3d", "demo_movie")
    bench = bench_for(viewer)

    def done() -> bool:
        return not bench.jobs.is_busy

    settle(lambda: bench.session.registration is not None and done(), 1.5)
    for dock in list(viewer.window.dock_widgets):
        viewer.window.remove_dock_widget(viewer.window.dock_widgets[dock])
    _, measure = viewer.window.add_plugin_dock_widget("napari-brainreg3d", "Measure")
    bench = measure.bench
    if bench.session.registration is None:
        raise RuntimeError("the panel took the alignment with it")
    bench.projecting.run(is_looked_at=True)
    settle(done, 1.0)
    sections = measure.contents.sections
    sections["traces"].body.fps.setValue(20.0)
    sections["traces"].body.run.click()
    settle(done, 1.0)
    bench.stage.set_frame(116)
    studio.picture("measure_traces")
    _open(sections, "standard")
    sections["standard"].body.show_drape.click()
    settle(done, 1.0)
    studio.picture("measure_drape")
    bench.close()
    viewer.close()


def _open(sections: dict[str, Any], name: str) -> None:
    for key, section in sections.items():
        section.set_open(key == name)


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--theme", choices=["dark", "light"], default="dark")
    options = parser.parse_args()
    make_all(options.output, options.theme)


if __name__ == "__main__":
    main()
