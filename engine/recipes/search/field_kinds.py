"""What a configuration's field holds, told by its name: counts, widths, heads, images, indices of layers."""

from __future__ import annotations

import re

LAYERS = re.compile(
    r"^(num_hidden_layers|n_layers?|num_layers|(\w+_)?(num_hidden_|num_)?layers|num_\w*layers|num_\w*blocks|n_blocks|depth|\w+_depth"
    r"|num_\w*_layers|\w+_num_layers|\w+_num_hidden_layers|layers|num_hidden_groups|num_encoder_blocks)$"
)
NOT_LAYERS = re.compile(
    r"(max_depth|min_depth|max_window_layers|num_kv_shared|first_k|nextn|mtp_|_every_|feature_layer|depth_divisor|num_feature|"
    r"conv|postnet|residual|upsampl|downsampl|fusion|num_res_blocks|num_random_blocks|num_block_repeats|head_depth|stage|adapter"
    r"|num_encoder_blocks|multiscale|num_dense_layers|aligner_num_add_layers|max_depth|num_upscale|tdnn|no_rope_layers|hidden_layers_to)"
)
EXPERTS = re.compile(
    r"^(num_experts|n_routed_experts|num_local_experts|moe_num_experts|num_moe_experts|expert_count|ffn_num_experts|zero_expert_num)$"
)
TOP_K = re.compile(
    r"^(num_experts_per_tok(en)?|top_k_experts|moe_topk|moe_k|moe_top_k|num_experts_per_token|num_selected_experts)$"
)
GROUPS = re.compile(r"^(n_group|topk_group|num_expert_group|num_expert_groups)$")
VOCABULARY = re.compile(r"^(\w*_)?vocab_size(_\w+)?$|^unpadded_vocab_size$|^\w+_byte_group_vocab$")
HEADS = re.compile(
    r"^(num_attention_heads|num_heads|n_heads?|num_key_value_heads|\w+_attention_heads|\w+_num_attention_heads|\w+_num_key_value_heads"
    r"|num_kv_heads|n_kv_heads|index_n_heads|linear_num_key_heads|linear_num_value_heads|linear_num_heads|encoder_num_heads|decoder_num_heads"
    r"|resampler_heads|attention_heads|num_\w*_heads|\w+_num_heads|mamba_n_heads|n_mamba_heads|mamba_num_heads)$"
)
HEAD_WIDTH = re.compile(
    r"^(\w*head_dim|d_kv|d_head|dim_head|kv_channels|linear_key_head_dim|linear_value_head_dim|resampler_dim_head|rotary_dim)$"
)
WIDTH = re.compile(
    r"^(hidden_size|d_model|d_ff|d_inner|dim|\w+_dim|\w+_ff_dim|\w*hidden_size\w*|\w*intermediate_size\w*|ffn_dim|\w+_ffn_dim|n_embd|n_inner"
    r"|embedding_size|embed_dim|\w+_proj_size|\w*_lora_rank|mlp_dim|\w*width|\w+_hidden_dim|adapter_dim|dim_feedforward|\w+_units"
    r"|projection_size|pooler_output_size|model_dim|inner_dim|cross_attention_hidden_size|conv_dim|tdnn_dim|fusion_hidden_size"
    r"|\w*_embedding_size|lru_width|output_size|encoder_feedforward_dim|neck_out_channels|out_hidden_size|mask_feature_size|feature_size)$"
)
NOT_WIDTH = re.compile(
    r"(state_dim|conv_kernel_dim|per_group|codevector_groups|vocab|image|patch|kernel|window|crop|chunk|codebook_size|time_|_std|codebook_dim"
    r"|mask_|window_|max_|min_|num_|queries|input_dim|quantization_dim|mel_dim|action_dim|acoustic_dim|bbox)"
)
TOTALS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
STAGE_DEPTHS = (
    "depths",
    "num_blocks",
    "layer_depths",
    "stage_num_blocks",
    "num_layers",
    "depth",
    "num_hidden_layers",
    "encoder_layers_per_stage",
)
STAGES = (
    "depths",
    "num_heads",
    "embed_dims",
    "embed_dim",
    "dim",
    "depth",
    "num_attention_heads",
    "num_blocks",
    "stage_num_blocks",
    "layer_depths",
    "kernel_sizes",
    "in_channels",
    "encoder_hidden_sizes",
    "neck_hidden_sizes",
    "num_channels",
    "hidden_sizes",
)
"""Fields that hold a list in models of several stages, whose widths depend on each other in ways no rule knows."""
INDICES = re.compile(r"(layers$|index|indic|layer_ids|insert_layer)")
READ_INDICES = ("intermediate_layers_indices",)
"""Those that tell whose states are read, also where the library fills them in."""
CODEC = ("codebook_size", "upsampling_ratios", "upsample_rates", "num_filters", "downsampling_ratios", "num_codebooks")
IMAGE = ("image_size", "img_size", "input_size", "spec_size")
PERIOD = re.compile(r"(_period|_interval|sliding_window_pattern|cross_attention_frequency|_every_n_layers|_step)$")
