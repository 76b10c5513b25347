"""From a file that a student handed in to a record of what it earned."""
