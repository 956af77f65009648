"""Movies of all kinds as one thing: frames of equal size, read a few at a time."""

from napari_brainreg3d.io.movies.decomposed import SvdMovie, open_svd
from napari_brainreg3d.io.movies.movie import FrameSource, StoredMovie
from napari_brainreg3d.io.movies.opening import open_movie

__all__ = ["FrameSource", "StoredMovie", "SvdMovie", "open_movie", "open_svd"]
