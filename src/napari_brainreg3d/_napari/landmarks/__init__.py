"""Landmarks while they are placed: state without Qt, their layers, and the mouse on them."""
