"""From libcst to facts: what a file's layers, initialisers and training loops are.

``reader.read`` is the way in; everything else here is its machinery. Facts leave as the frozen
dataclasses of ``facts``; values of the interpretation never do.
"""
