"""What is measured on a registered image, without any widget: one class per kind of measurement."""
