"""The leak gate: nothing of a solution, hidden test, mark scheme or student reaches students."""
