"""Sphinx configuration; builds without any network."""

from importlib.metadata import version as version_of

project = "napari-brainreg3d"
author = "napari-brainreg3d developers"
copyright = "2026, napari-brainreg3d developers"
version = release = version_of("napari-brainreg3d")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery"]  # docs/gallery/*.py become docs/examples/*.rst
suppress_warnings = [
    "ref.footnote",  # sources at the end of a docstring need no mark in its text
    "ref.python",  # a name such as Registration is described in its module and in the package
]
templates_path = ["_templates"]

html_theme = "furo"
html_title = "napari-brainreg3d"

autosummary_generate = True
autodoc_default_options = {"member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"\.py$",  # every example is run, and one that fails fails the build
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "download_all_examples": False,
    "write_computation_times": False,
    "show_signature": False,
}
