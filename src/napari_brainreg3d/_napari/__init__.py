"""The napari plugin: a leaf that nothing else imports.

``session`` and ``layers`` know no Qt; widgets are thin.
"""
