"""What a class folder keeps of students: who did what with it, other names, and forgetting."""
