"""Atlases: regions, meshes, annotation, and where bregma is."""
