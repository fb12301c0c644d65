"""Fields of a configuration that explain a number of an input: by what the input holds, the likeliest first."""

from __future__ import annotations

import re

from engine.recipes.search.audio_inputs import BIN_NAMES

SIDES = ("image_size", "img_size", "input_size", "spec_size", "pretrain_image_size", "crop_size")
CHANNELS = ("num_channels", "in_channels", "in_chans", "num_input_channels", "channels")
PATCHES = ("patch_size", "spatial_patch_size")
MERGES = (
    "spatial_merge_size",
    "merge_size",
    "scale_factor",
    "pooling_kernel_size",
    "downsample_ratio",
    "downsample_factor",
    "pixel_shuffle_factor",
)
PIXELS = (*SIDES, "num_frames", "frames_per_clip", *CHANNELS, "max_num_tiles")
SOUND = (*BIN_NAMES, "max_length", "max_source_positions", "audio_channels")
CODES = ("num_codebooks", "num_channels", "channels", "n_codes_given")
COUNTS = (
    "image_seq_length",
    "mm_tokens_per_image",
    "num_image_tokens",
    "num_query_tokens",
    "image_seq_len",
    "vision_seq_length",
    "num_queries",
    "n_queries",
    "query_num",
    "resampler_n_latents",
    "vision_soft_tokens_per_image",
    "audio_soft_tokens_per_image",
    "max_source_positions",
    "num_latents",
)
WIDTHS = (
    "hidden_size",
    "d_model",
    "hidden_dim",
    "dim",
    "embed_dim",
    "encoder_hidden_size",
    "cross_attention_hidden_size",
    "latent_dim",
    "projection_dim",
    "vision_hidden_size",
    "out_hidden_size",
    "visual_embedding_dim",
    "input_dim",
    "action_dim",
    "state_dim",
    "act_dim",
    "max_action_dim",
    "max_state_dim",
)
TOWER = re.compile(r"(vision|image|visual|audio|speech|sound)")
SURE = frozenset(
    {
        *(*COUNTS, *CHANNELS, *SIDES, *CODES),
        *("num_frames", "num_mel_bins", "n_mels", "mel_bins", "feature_size", "feature_projection_input_dim"),
    }
)
"""Fields that explain a number even where it is the same in both configurations."""
TOKEN = re.compile(r"(_token_id|_token_index|vocab_size|_patch_id|_start_id)$")
