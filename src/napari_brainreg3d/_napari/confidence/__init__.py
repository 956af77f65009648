"""How far the labels can be trusted: the question, its answer, and how it is shown."""
