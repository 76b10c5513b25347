"""A sample class, made of a unit's declared answers, and graded as a real one is."""
