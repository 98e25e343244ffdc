"""Checks of training as such: one assertion a file.

None of them diagnoses a symptom. Each measures one thing that training needs, on the user's own
model, batch, loss and optimizer, and leaves them as they were.
"""
