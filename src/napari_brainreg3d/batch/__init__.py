"""Many sessions at once, from a table: in parallel processes, resumed where they stopped."""
