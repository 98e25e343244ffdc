"""Standard architectures at random init, by people who never saw this package: all are healthy.

None is a label by training: that they train is the literature's word, not ours. Sizes are cut
(small images, narrow or few layers) where depth is not the point; init is the library's own.
"""

from __future__ import annotations

from tests.faults.standard.entry import Standard
from tests.faults.standard.timm_models import TIMM
from tests.faults.standard.torch_attention import ATTENTION
from tests.faults.standard.torch_generative import GENERATIVE
from tests.faults.standard.torch_images import IMAGES
from tests.faults.standard.torch_recurrent import RECURRENT
from tests.faults.standard.torch_tables import TABLES
from tests.faults.standard.torch_vectors import VECTORS
from tests.faults.standard.torch_worlds import WORLDS
from tests.faults.standard.transformers_language import LANGUAGE
from tests.faults.standard.transformers_senses import SENSES

_TORCH = (*IMAGES, *GENERATIVE, *RECURRENT, *ATTENTION, *VECTORS, *WORLDS, *TABLES)

STANDARD: tuple[Standard, ...] = (*TIMM, *LANGUAGE, *SENSES, *_TORCH)

__all__ = ["STANDARD", "Standard"]
