"""The course's text as data: where it lies, its cells, its variants, what is found in it."""
