"""What a graded class tells its teacher; and who did what with it."""
