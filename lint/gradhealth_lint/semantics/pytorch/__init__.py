"""What torch's objects do when the interpreter meets them."""
