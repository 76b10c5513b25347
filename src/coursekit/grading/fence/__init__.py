"""What keeps a student's code from everything but itself: an outer wall, and an inner fence."""
