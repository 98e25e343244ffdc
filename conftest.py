"""The suite's own set-up."""

import os

# The models here are tiny: more threads only wait for each other, by a factor where cores are busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
