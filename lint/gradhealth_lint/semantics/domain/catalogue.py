"""What torch's own names are: which are affine layers, activations, norms, or harmless.

Tables only. A name that is missing here is read as "opaque", which silences rules, so that a
gap costs a finding and never makes a false one.
"""

from __future__ import annotations

from typing import Final

NN: Final = "torch.nn."
FUNCTIONAL: Final = "torch.nn.functional."
INIT: Final = "torch.nn.init."
OPTIM: Final = "torch.optim."
SCALER: Final = "torch.amp.GradScaler"

_CONV: Final = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias",
)  # fmt: skip
_CONV_TRANSPOSE: Final = (
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding", "groups",
    "bias", "dilation",
)  # fmt: skip
_RECURRENT: Final = (
    "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
)  # fmt: skip
_MAX_POOL: Final = ("kernel_size", "stride", "padding", "dilation")
_MEAN_POOL: Final = ("kernel_size", "stride", "padding", "ceil_mode")
_CELL: Final = ("input_size", "hidden_size", "bias")

#: Parameters of the constructors the linter reads, in order.
SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "Linear": ("in_features", "out_features", "bias"),
    "LazyLinear": ("out_features", "bias"),
    "Bilinear": ("in1_features", "in2_features", "out_features", "bias"),
    **{f"{lazy}Conv{d}d": _CONV[1:] if lazy else _CONV for d in "123" for lazy in ("", "Lazy")},
    **{f"ConvTranspose{d}d": _CONV_TRANSPOSE for d in "123"},
    **dict.fromkeys(("LSTM", "GRU"), _RECURRENT),
    "RNN": (*_RECURRENT[:3], "nonlinearity", *_RECURRENT[3:]),
    **dict.fromkeys(("LSTMCell", "GRUCell"), _CELL),
    "RNNCell": (*_CELL, "nonlinearity"),
    "Embedding": ("num_embeddings", "embedding_dim"),
    "EmbeddingBag": ("num_embeddings", "embedding_dim"),
    **{f"{kind}{d}d": ("num_features", "eps", "momentum", "affine") for d in "123"
       for kind in ("BatchNorm", "InstanceNorm")},
    "SyncBatchNorm": ("num_features", "eps", "momentum", "affine"),
    "LayerNorm": ("normalized_shape", "eps", "elementwise_affine", "bias"),
    "RMSNorm": ("normalized_shape", "eps", "elementwise_affine"),
    "GroupNorm": ("num_groups", "num_channels", "eps", "affine"),
    "MultiheadAttention": ("embed_dim", "num_heads", "dropout", "bias"),
    "LeakyReLU": ("negative_slope", "inplace"),
    "ELU": ("alpha", "inplace"),
    "CELU": ("alpha", "inplace"),
    "PReLU": ("num_parameters", "init"),
    "Hardtanh": ("min_val", "max_val", "inplace"),
    "Softplus": ("beta", "threshold"),
    "RReLU": ("lower", "upper", "inplace"),
    "Threshold": ("threshold", "value", "inplace"),
    "Hardshrink": ("lambd",),
    "Softshrink": ("lambd",),
    **dict.fromkeys(
        ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"),
        ("p", "inplace"),
    ),
    **{f"MaxPool{d}d": _MAX_POOL for d in "123"},
    **{f"AvgPool{d}d": _MEAN_POOL for d in "123"},
    **{f"Adaptive{kind}Pool{d}d": ("output_size",) for d in "123" for kind in ("Max", "Avg")},
    "Upsample": ("size", "scale_factor", "mode"),
}  # fmt: skip

LINEAR: Final = frozenset({"Linear", "LazyLinear"})
CONVOLUTION: Final = frozenset(
    f"{lazy}Conv{transpose}{d}d"
    for d in "123"
    for transpose in ("", "Transpose")
    for lazy in ("", "Lazy")
)
AFFINE_KINDS: Final = LINEAR | CONVOLUTION
RECURRENT: Final = frozenset({"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"})
ATTENTION: Final = frozenset(
    {
        "MultiheadAttention",
        "Transformer",
        "TransformerEncoder",
        "TransformerDecoder",
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
    }
)
NORMS: Final = frozenset(
    {
        *(f"{lazy}{k}{d}d" for k in ("BatchNorm", "InstanceNorm") for d in "123"
          for lazy in ("", "Lazy")),
        "SyncBatchNorm", "LayerNorm", "GroupNorm", "RMSNorm", "LocalResponseNorm",
        "CrossMapLRN2d",
    }
)  # fmt: skip
EMBEDDINGS: Final = frozenset({"Embedding", "EmbeddingBag"})
CONTAINERS: Final = frozenset({"Sequential", "ModuleList", "ModuleDict"})

#: Layers that leave the shape of a chain as it is.
HARMLESS_LAYERS: Final = frozenset(
    {
        "Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d",
        "AlphaDropout", "FeatureAlphaDropout", "PixelShuffle", "PixelUnshuffle", "Upsample",
        "UpsamplingNearest2d", "UpsamplingBilinear2d", "ZeroPad2d", "ReflectionPad2d",
        "ReplicationPad2d", "ConstantPad1d", "ConstantPad2d", "ReflectionPad1d", "ChannelShuffle",
        *(f"{adaptive}{kind}Pool{d}d" for adaptive in ("", "Adaptive") for kind in ("Max", "Avg")
          for d in "123"),
    }
)  # fmt: skip

#: Activation classes: theory's name and the constructor's numbers it takes, with their defaults.
ACTIVATION_LAYERS: Final[dict[str, tuple[str, tuple[tuple[str, float], ...]]]] = {
    "ReLU": ("relu", ()),
    "ReLU6": ("relu6", ()),
    "LeakyReLU": ("leaky_relu", (("negative_slope", 0.01),)),
    "PReLU": ("prelu", (("init", 0.25),)),
    "ELU": ("elu", (("alpha", 1.0),)),
    "CELU": ("celu", (("alpha", 1.0),)),
    "SELU": ("selu", ()),
    "GELU": ("gelu", ()),
    "SiLU": ("silu", ()),
    "Mish": ("mish", ()),
    "Sigmoid": ("sigmoid", ()),
    "Tanh": ("tanh", ()),
    "Hardsigmoid": ("hardsigmoid", ()),
    "Hardtanh": ("hardtanh", (("min_val", -1.0), ("max_val", 1.0))),
    "Hardswish": ("hardswish", ()),
    "Softplus": ("softplus", (("beta", 1.0),)),
    "Softsign": ("softsign", ()),
    "LogSigmoid": ("logsigmoid", ()),
    "Tanhshrink": ("tanhshrink", ()),
    "Hardshrink": ("hardshrink", (("lambd", 0.5),)),
    "Softshrink": ("softshrink", (("lambd", 0.5),)),
    "Threshold": ("threshold", (("threshold", 0.0), ("value", 0.0))),
    "RReLU": ("rrelu", (("lower", 1.0 / 8.0), ("upper", 1.0 / 3.0))),
    "GLU": ("glu", ()),
}
#: Activation functions and tensor methods: theory's name and parameters after the tensor.
ACTIVATION_FUNCTIONS: Final[dict[str, tuple[str, tuple[tuple[str, float], ...]]]] = {
    name: (name, parameters) for name, parameters in ACTIVATION_LAYERS.values() if name != "prelu"
} | {"expit": ("sigmoid", ())}
#: Those that torch.Tensor has as methods (with an underscore: in place).
ACTIVATION_METHODS: Final = frozenset({"relu", "sigmoid", "tanh"})

#: Bounded or one-sided-bounded activations whose slope dies on both sides or is at most 1/4.
SATURATING: Final = frozenset({"sigmoid", "tanh", "hardsigmoid", "softsign", "logsigmoid"})

#: What turns logits into probabilities, or those into their logarithms, by what it does.
SQUASHING_LAYERS: Final[dict[str, str]] = {
    "Softmax": "softmax",
    "Softmax2d": "softmax",
    "LogSoftmax": "log_softmax",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
}
SQUASHING_FUNCTIONS: Final[dict[str, str]] = {
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "sigmoid": "sigmoid",
    "expit": "sigmoid",
    "logsigmoid": "logsigmoid",
}
#: Activations that let no logit fall below a floor, or, of tanh's kind, leave a narrow interval.
RECTIFYING: Final = frozenset(
    {
        "relu", "relu6", "gelu", "silu", "mish", "hardswish", "elu", "celu", "selu", "softplus",
        "tanh", "hardtanh", "softsign",
    }
)  # fmt: skip
RECTIFYING_LAYERS: Final[dict[str, str]] = {
    kind: name for kind, (name, _) in ACTIVATION_LAYERS.items() if name in RECTIFYING
}
#: What functions are called as classes, and the parameters of those the linter reads, after the
#: tensor.
FUNCTION_CLASSES: Final[dict[str, str]] = {
    "flatten": "Flatten",
    "dropout": "Dropout",
    **{f"dropout{d}d": f"Dropout{d}d" for d in "123"},
    "alpha_dropout": "AlphaDropout",
    **{f"max_pool{d}d": f"MaxPool{d}d" for d in "123"},
    **{f"avg_pool{d}d": f"AvgPool{d}d" for d in "123"},
    **{f"adaptive_{kind}_pool{d}d": f"Adaptive{kind.capitalize()}Pool{d}d"
       for d in "123" for kind in ("max", "avg")},
    "interpolate": "Upsample",
    "upsample": "Upsample",
}  # fmt: skip
FUNCTION_SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    name: ("p", "training") if "drop" in name else SIGNATURES.get(kind, ())
    for name, kind in FUNCTION_CLASSES.items()
}

#: Tensor methods and torch functions that return the same numbers in another form.
HARMLESS_METHODS: Final = frozenset(
    {
        "view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "permute", "transpose",
        "t", "contiguous", "to", "cuda", "cpu", "float", "double", "half", "bfloat16", "clone",
        "type", "type_as", "view_as", "reshape_as", "requires_grad_", "movedim", "swapaxes",
        "retain_grad", "moveaxis", "swapdims", "squeeze_", "unsqueeze_", "rename", "refine_names",
    }
)  # fmt: skip
HARMLESS_FUNCTIONS: Final = frozenset(
    {
        "flatten", "reshape", "squeeze", "unsqueeze", "permute", "transpose", "t", "clone",
        "movedim", "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout",
        "feature_dropout", "feature_alpha_dropout", "max_pool1d", "max_pool2d", "max_pool3d",
        "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
        "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d", "interpolate",
        "upsample", "pad", "identity",
    }
)  # fmt: skip
NORM_FUNCTIONS: Final = frozenset(
    {"layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize"}
)
#: Tensor attributes and methods that give numbers or sizes, not tensors with a gradient.
SHAPE_METHODS: Final = frozenset(
    {"size", "dim", "numel", "nelement", "item", "tolist", "ndimension", "element_size",
     "is_contiguous", "get_device", "stride", "storage_offset", "backward", "register_hook",
     "is_floating_point", "numpy", "new_zeros", "new_ones", "new_empty", "new_full"}
)  # fmt: skip
SHAPE_ATTRIBUTES: Final = frozenset(
    {"shape", "device", "dtype", "ndim", "is_cuda", "requires_grad", "grad", "is_sparse",
     "grad_fn", "layout", "is_leaf", "is_nested", "is_quantized"}
)  # fmt: skip

#: Wrappers that return the module they are given, as far as a chain is concerned.
TRANSPARENT_WRAPPERS: Final = frozenset(
    {
        "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel", "torch.compile",
        "torch.jit.script", "torch.jit.trace", "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "torch.jit.ignore", "torch.fx.wrap",
    }
)  # fmt: skip
#: Reparametrisations: the weight is no longer what the initialiser left.
REPARAMETRISATIONS: Final = frozenset(
    {"weight_norm", "spectral_norm", "orthogonal", "register_parametrization"}
)

#: Parameters a layer owns, by what kind of layer it is, are in inits.py.
INIT_SIGNATURES: Final[dict[str, tuple[tuple[str, ...], tuple[tuple[str, object], ...]]]] = {
    "normal_": (("mean", "std", "generator"), (("mean", 0.0), ("std", 1.0))),
    "uniform_": (("a", "b", "generator"), (("a", 0.0), ("b", 1.0))),
    "trunc_normal_": (
        ("mean", "std", "a", "b", "generator"),
        (("mean", 0.0), ("std", 1.0), ("a", -2.0), ("b", 2.0)),
    ),
    "constant_": (("val",), ()),
    "ones_": ((), ()),
    "zeros_": ((), ()),
    "eye_": ((), ()),
    "dirac_": (("groups",), ()),
    "kaiming_normal_": (
        ("a", "mode", "nonlinearity", "generator"),
        (("a", 0), ("mode", "fan_in"), ("nonlinearity", "leaky_relu")),
    ),
    "kaiming_uniform_": (
        ("a", "mode", "nonlinearity", "generator"),
        (("a", 0), ("mode", "fan_in"), ("nonlinearity", "leaky_relu")),
    ),
    "xavier_normal_": (("gain", "generator"), (("gain", 1.0),)),
    "xavier_uniform_": (("gain", "generator"), (("gain", 1.0),)),
    "orthogonal_": (("gain", "generator"), (("gain", 1),)),
    "sparse_": (("sparsity", "std", "generator"), ()),
}
#: Names of torch.nn.init from before the underscores; they still work and warn.
INIT_ALIASES: Final = {name.removesuffix("_"): name for name in INIT_SIGNATURES}
#: In-place tensor methods that set a parameter: as which init they count, and their arguments.
METHOD_INITS: Final[dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, object], ...]]]] = {
    "normal_": ("normal_", ("mean", "std"), (("mean", 0.0), ("std", 1.0))),
    "uniform_": ("uniform_", ("a", "b"), (("a", 0.0), ("b", 1.0))),
    "fill_": ("constant_", ("val",), ()),
    "zero_": ("zeros_", (), ()),
}
