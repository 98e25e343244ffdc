"""Which numbers a tensor can be, and what a gradient makes of them."""
