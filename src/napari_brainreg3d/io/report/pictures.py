"""The pictures of a report, ready to stand inside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from napari_brainreg3d.io.report.session import ReportSession
from napari_brainreg3d.results.image_panels import ImageRaster, image_panel
from napari_brainreg3d.results.map_panel import map_bar, map_panel, shown_picture
from napari_brainreg3d.results.overview import overview_picture

_PANEL_PX: Final = (620, 760)
_BAR_PX: Final = (420, 34)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with its words.

    Attributes
    ----------
    source
        ``data:`` address of the picture.
    width_px, height_px
        Size.
    caption
        What is under it.
    alternative
        What it shows, for those who do not see it.
    """

    source: str
    width_px: int
    height_px: int
    caption: str
    alternative: str


def report_pictures(session: ReportSession) -> tuple[Picture, ...]:
    """The overview, then the image with its outlines, the incidence angle, and how sure it is."""
    projection = session.projection
    overview = overview_picture(projection, session.pixels, title=session.name)
    pictures = [
        _picture(
            Image.fromarray(overview),
            "Image and regions, regions of the atlas, depth under the plane of focus, and where "
            "the image lies on the brain. Letters are directions of the animal.",
            f"Overview of {session.name}: image with outlines, label image, depth map, brain",
        )
    ]
    raster = ImageRaster(projection, shown_picture(projection, session.pixels), _PANEL_PX)
    pictures.append(
        _picture(
            image_panel(raster),
            "Outlines on the image."
            if session.pixels is not None
            else "Outlines on the tissue of the atlas, as the camera would see it.",
            f"{session.name} with the outlines and names of its regions",
        )
    )
    tilt = _with_bar(
        map_panel(raster, projection.incidence_deg, (0.0, 90.0)), (0.0, 90.0), "degrees"
    )
    pictures.append(
        _picture(
            tilt,
            "Incidence: angle between the line of sight and the normal of the surface; 0 is face "
            "on.",
            "Map of the incidence angle",
        )
    )
    if session.uncertainty is not None:
        doubt = np.where(projection.labels > 0, 1.0 - session.uncertainty.probability, np.nan)
        sure = _with_bar(map_panel(raster, 100.0 * doubt, (0.0, 50.0)), (0.0, 50.0), "%")
        pictures.append(
            _picture(
                sure,
                "Doubt: how often a pixel gets another label when the pose is off by its own "
                "error.",
                "Map of the doubt in each label",
            )
        )
    return tuple(pictures)


def _with_bar(panel: Image.Image, limits: tuple[float, float], unit: str) -> Image.Image:
    bar = map_bar(limits, unit, *_BAR_PX)
    page = Image.new("RGB", (panel.width, panel.height + bar.height + 4), (255, 255, 255))
    page.paste(panel, (0, 0))
    page.paste(bar, ((panel.width - bar.width) // 2, panel.height + 2))
    return page


def _picture(picture: Image.Image, caption: str, alternative: str) -> Picture:
    buffer = io.BytesIO()
    # Fine lines and letters on a photograph: full colour resolution, moderate size.
    picture.convert("RGB").save(buffer, format="JPEG", quality=88, subsampling=0, optimize=True)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    source = f"data:image/jpeg;base64,{text}"
    return Picture(source, picture.width, picture.height, caption, alternative)
