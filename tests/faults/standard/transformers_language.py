"""Language models of transformers at random init, small: encoders, decoders, both, and others."""

from __future__ import annotations

from tests.faults.standard.entry import Standard
from tests.faults.standard.hugging_face import (
    ENCODER_DECODER,
    SIZES,
    TEXT,
    classes,
    own_labels,
    replaced,
    standard,
    unmasked,
    unmasked_classes,
)

_GROUPED = {"num_key_value_heads": 2}
_DEEP = {"num_hidden_layers": 48}
_BLOCKS = {"vocab_size": 120, "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}
_GPT = {"vocab_size": 120, "n_embd": 64, "n_layer": 4, "n_head": 4, "n_positions": 64}
_T5 = {
    "vocab_size": 120,
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 128,
    "num_layers": 3,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}
_PROPHET = {
    "hidden_size": 64,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "num_encoder_attention_heads": 4,
    "num_decoder_attention_heads": 4,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
}
_QWEN = {"num_experts": 32, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 64}
_SWITCH = {"num_experts": 8, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1}
_MOBILE = {
    "num_hidden_layers": 6,
    "intermediate_size": 64,
    "embedding_size": 32,
    "true_hidden_size": 32,
    "intra_bottleneck_size": 32,
}
_MAMBA = {"vocab_size": 120, "hidden_size": 64, "num_hidden_layers": 4, "state_size": 8}
_MAMBA2 = {"num_heads": 8, "head_dim": 16, "n_groups": 2, "chunk_size": 8}
_GRIFFIN = {
    "num_hidden_layers": 3,
    "intermediate_size": 128,
    "lru_width": 64,
    "attention_window_size": 8,
    "num_key_value_heads": 1,
}
_JAMBA = {"num_experts": 4, "attn_layer_period": 4, "attn_layer_offset": 2, "mamba_d_state": 8}
_CANINE = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 64,
    "local_transformer_stride": 8,
    "num_hash_buckets": 64,
}
_DEBERTA = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16}
_WIDE_OUTSIDE = {"input_embedding_size": 32, "output_embedding_size": 48}
_FNET = {"vocab_size": 120, "hidden_size": 64, "num_hidden_layers": 4, "intermediate_size": 128}
_FUNNEL = {"block_sizes": [2, 2], "d_model": 64, "n_head": 4, "d_head": 16, "d_inner": 128}
_DISTILLED = {"dim": 64, "n_layers": 4, "n_heads": 4, "hidden_dim": 128}

_ENCODERS = (
    standard("BertForSequenceClassification", "BertConfig", classes, TEXT, SIZES),
    standard("BertForMaskedLM", "BertConfig", own_labels, TEXT, SIZES),
    standard("BertForMaskedLM", "BertConfig", own_labels, TEXT, SIZES, _DEEP, note="48 layers"),
    standard("RobertaForMaskedLM", "RobertaConfig", own_labels, TEXT, SIZES),
    standard(
        "AlbertForSequenceClassification", "AlbertConfig", classes, TEXT, SIZES, embedding_size=32
    ),
    standard(
        "DebertaV2ForSequenceClassification", "DebertaV2Config", classes, TEXT, SIZES, _DEBERTA
    ),
    standard("ElectraForPreTraining", "ElectraConfig", replaced, TEXT, SIZES, embedding_size=32),
    standard("DistilBertForSequenceClassification", "DistilBertConfig", classes, TEXT, _DISTILLED),
    standard("MPNetForSequenceClassification", "MPNetConfig", classes, TEXT, SIZES),
    standard(
        "MobileBertForSequenceClassification", "MobileBertConfig", classes, TEXT, SIZES, _MOBILE
    ),
    standard(
        "ConvBertForSequenceClassification",
        "ConvBertConfig",
        classes,
        TEXT,
        SIZES,
        embedding_size=64,
    ),
    standard("FNetForSequenceClassification", "FNetConfig", unmasked_classes, _FNET),
    standard("FunnelForSequenceClassification", "FunnelConfig", classes, _FUNNEL, vocab_size=120),
    standard(
        "LongformerForSequenceClassification",
        "LongformerConfig",
        classes,
        TEXT,
        SIZES,
        attention_window=8,
    ),
    standard(
        "BigBirdForSequenceClassification",
        "BigBirdConfig",
        classes,
        TEXT,
        SIZES,
        attention_type="original_full",
        idle=("bert.pooler",),
    ),
    standard("ModernBertForMaskedLM", "ModernBertConfig", own_labels, TEXT, SIZES, pad_token_id=0),
    standard(
        "RemBertForSequenceClassification", "RemBertConfig", classes, TEXT, SIZES, _WIDE_OUTSIDE
    ),
    standard("MegatronBertForMaskedLM", "MegatronBertConfig", own_labels, TEXT, SIZES),
    standard(
        "EsmForMaskedLM", "EsmConfig", own_labels, TEXT, SIZES, pad_token_id=1, mask_token_id=3
    ),
    standard(
        "CanineForSequenceClassification",
        "CanineConfig",
        classes,
        _CANINE,
        idle=("canine.projection", "canine.final_char_encoder"),
    ),
)

_DECODERS = (
    standard("GPT2LMHeadModel", "GPT2Config", own_labels, _GPT),
    standard("GPT2LMHeadModel", "GPT2Config", own_labels, _GPT, n_layer=48, note="48 layers"),
    standard("GPTJForCausalLM", "GPTJConfig", own_labels, _GPT, rotary_dim=8),
    standard("GPTNeoXForCausalLM", "GPTNeoXConfig", own_labels, TEXT, SIZES),
    standard("LlamaForCausalLM", "LlamaConfig", own_labels, TEXT, SIZES, _GROUPED),
    standard(
        "MistralForCausalLM", "MistralConfig", own_labels, TEXT, SIZES, _GROUPED, sliding_window=8
    ),
    standard(
        "MixtralForCausalLM",
        "MixtralConfig",
        own_labels,
        TEXT,
        SIZES,
        _GROUPED,
        num_local_experts=32,
        note="32 experts",
    ),
    standard(
        "Qwen2MoeForCausalLM",
        "Qwen2MoeConfig",
        own_labels,
        TEXT,
        SIZES,
        _GROUPED,
        _QWEN,
        note="32 experts",
    ),
    standard("Qwen3ForCausalLM", "Qwen3Config", own_labels, TEXT, SIZES, _GROUPED, head_dim=16),
    standard("Gemma2ForCausalLM", "Gemma2Config", own_labels, TEXT, SIZES, _GROUPED, head_dim=16),
    standard("PhiForCausalLM", "PhiConfig", own_labels, TEXT, SIZES),
    standard("Olmo2ForCausalLM", "Olmo2Config", own_labels, TEXT, SIZES),
    standard("CohereForCausalLM", "CohereConfig", own_labels, TEXT, SIZES),
    standard("FalconForCausalLM", "FalconConfig", own_labels, _BLOCKS),
    standard(
        "OPTForCausalLM",
        "OPTConfig",
        own_labels,
        TEXT,
        _BLOCKS,
        ffn_dim=128,
        word_embed_proj_dim=64,
    ),
    standard(
        "BloomForCausalLM",
        "BloomConfig",
        own_labels,
        vocab_size=120,
        hidden_size=64,
        n_layer=4,
        n_head=4,
    ),
    standard(
        "MptForCausalLM", "MptConfig", own_labels, vocab_size=120, d_model=64, n_layers=4, n_heads=4
    ),
    standard("CTRLLMHeadModel", "CTRLConfig", own_labels, _GPT, dff=128),
    standard(
        "XLNetLMHeadModel",
        "XLNetConfig",
        own_labels,
        vocab_size=120,
        d_model=64,
        n_layer=4,
        n_head=4,
        d_inner=128,
    ),
    standard(
        "XLMWithLMHeadModel", "XLMConfig", own_labels, TEXT, emb_dim=64, n_layers=4, n_heads=4
    ),
)

_BOTH = (
    standard("T5ForConditionalGeneration", "T5Config", own_labels, _T5),
    standard("MT5ForConditionalGeneration", "MT5Config", own_labels, _T5),
    standard(
        "SwitchTransformersForConditionalGeneration",
        "SwitchTransformersConfig",
        own_labels,
        _T5,
        _SWITCH,
    ),
    standard("BartForConditionalGeneration", "BartConfig", own_labels, TEXT, ENCODER_DECODER),
    standard("PegasusForConditionalGeneration", "PegasusConfig", own_labels, TEXT, ENCODER_DECODER),
    standard(
        "MarianMTModel",
        "MarianConfig",
        own_labels,
        TEXT,
        ENCODER_DECODER,
        decoder_start_token_id=0,
        pad_token_id=1,
    ),
    standard("M2M100ForConditionalGeneration", "M2M100Config", own_labels, TEXT, ENCODER_DECODER),
    standard("ProphetNetForConditionalGeneration", "ProphetNetConfig", own_labels, TEXT, _PROPHET),
)

_RECURRENT = (
    standard("MambaForCausalLM", "MambaConfig", unmasked, _MAMBA),
    standard("Mamba2ForCausalLM", "Mamba2Config", unmasked, _MAMBA, _MAMBA2),
    standard(
        "RwkvForCausalLM",
        "RwkvConfig",
        unmasked,
        vocab_size=120,
        hidden_size=64,
        num_hidden_layers=4,
        attention_hidden_size=64,
        context_length=32,
    ),
    standard("RecurrentGemmaForCausalLM", "RecurrentGemmaConfig", own_labels, _BLOCKS, _GRIFFIN),
    standard("JambaForCausalLM", "JambaConfig", own_labels, TEXT, SIZES, _GROUPED, _JAMBA),
)

LANGUAGE: tuple[Standard, ...] = (*_ENCODERS, *_DECODERS, *_BOTH, *_RECURRENT)
