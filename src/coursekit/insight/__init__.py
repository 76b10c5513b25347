"""What a graded class tells its teacher."""
