"""An earlier session of the same animal: shown in its place, and matched with the new image."""
