"""Between a class and its learning-management system: what comes in, and marks that go out."""
