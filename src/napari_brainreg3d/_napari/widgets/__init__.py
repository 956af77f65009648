"""Thin Qt widgets: they show what the session says and call its methods, nothing else."""
