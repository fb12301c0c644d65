"""What each verified type needs beyond what the catalogue knows: its tiny configuration and how long an input it reads.

Tiny configurations keep the default's position tables, so that a custom sequence length is judged alike for both sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    template: str
    """File in templates/skillset, without its ending."""
    tiny: Mapping[str, object]
    """Arguments of the configuration class that shrink it; a nested mapping is a sub-configuration."""
    sequence_limit: str | None = None
    """Expression for the longest input inside a Skillset method; None where the type sets no limit."""
    first_token: int = 3
    """Lowest token drawn for inputs: ids below it mean padding, start or end."""
    generation_arguments: Mapping[str, object] = field(default_factory=dict)
    """What generate() must be told because the default configuration leaves it open."""


_POSITIONS = "self.model.config.max_position_embeddings"

_BERT_TINY = {
    "vocab_size": 512,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}

_LLAMA_TINY = {
    "vocab_size": 512,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}

RECIPES: Mapping[str, Recipe] = {
    "bert": Recipe(template="text_encoder", tiny=_BERT_TINY, sequence_limit=_POSITIONS),
    "distilbert": Recipe(
        template="text_encoder",
        tiny={"vocab_size": 512, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
        sequence_limit=_POSITIONS,
    ),
    # Positions count from the padding token's id plus one, which costs two rows of the table.
    "roberta": Recipe(template="text_encoder", tiny=_BERT_TINY, sequence_limit=f"{_POSITIONS} - 2"),
    "gpt2": Recipe(
        template="text_decoder",
        tiny={"vocab_size": 512, "n_embd": 32, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 0},
        sequence_limit=_POSITIONS,
        generation_arguments={"pad_token_id": 0},
    ),
    "llama": Recipe(
        template="text_decoder",
        tiny=_LLAMA_TINY,
        sequence_limit=_POSITIONS,
        generation_arguments={"pad_token_id": 0},
    ),
    "mixtral": Recipe(
        template="text_decoder",
        tiny={**_LLAMA_TINY, "num_local_experts": 4},
        sequence_limit=_POSITIONS,
        generation_arguments={"pad_token_id": 0},
    ),
    "mamba": Recipe(
        template="text_decoder",
        tiny={"vocab_size": 512, "hidden_size": 32, "state_size": 8, "num_hidden_layers": 2},
    ),
    "t5": Recipe(
        template="text_to_text",
        tiny={"vocab_size": 512, "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2},
        generation_arguments={"decoder_start_token_id": 0},
    ),
    "bart": Recipe(
        template="text_to_text",
        tiny={
            "vocab_size": 512,
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
        },
        sequence_limit=_POSITIONS,
    ),
    "vit": Recipe(
        template="vision",
        tiny={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "image_size": 32,
            "patch_size": 8,
        },
    ),
    "clip": Recipe(
        template="vision_text",
        tiny={
            "text_config": {
                "vocab_size": 512,
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "bos_token_id": 0,
                "eos_token_id": 2,
            },
            "vision_config": {
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "image_size": 32,
                "patch_size": 8,
            },
            "projection_dim": 16,
        },
        sequence_limit="self.model.config.text_config.max_position_embeddings",
    ),
    "whisper": Recipe(
        template="speech_to_text",
        tiny={
            "vocab_size": 512,
            "num_mel_bins": 16,
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "max_source_positions": 50,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "decoder_start_token_id": 1,
            "begin_suppress_tokens": [2],
        },
    ),
    "wav2vec2": Recipe(
        template="audio",
        tiny={
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "conv_dim": [16, 16, 16, 16, 16, 16, 16],
            "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 2,
        },
    ),
}
"""Model type -> recipe. A type is verified in the catalogue exactly if it stands here."""
