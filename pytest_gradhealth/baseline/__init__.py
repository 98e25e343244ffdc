"""Golden gradient profiles: a model's gradient, layer by layer, kept in git beside its test.

``golden`` is a profile and its text, ``comparing`` holds two of them against each other, ``files``
says where a test's profile lies. None of them knows torch.
"""
