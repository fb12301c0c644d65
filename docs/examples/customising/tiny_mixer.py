"""A model of one's own: a small MLP-Mixer (Tolstikhin et al., 2021) as a transformers model."""

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel


class TinyMixerConfig(PreTrainedConfig):
    model_type = "tiny-mixer"

    image_size: int = 64
    patch_size: int = 8
    hidden_size: int = 256
    num_hidden_layers: int = 6
    num_labels: int = 10


class _Block(nn.Module):
    def __init__(self, patches: int, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.tokens = nn.Sequential(nn.Linear(patches, 2 * patches), nn.GELU(), nn.Linear(2 * patches, patches))
        self.channels = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        states = states + self.tokens(self.norms[0](states).transpose(1, 2)).transpose(1, 2)
        return states + self.channels(self.norms[1](states))


class TinyMixerForImageClassification(PreTrainedModel):
    config_class = TinyMixerConfig
    main_input_name = "pixel_values"
    input_modalities = ("image",)

    def __init__(self, config: TinyMixerConfig) -> None:
        super().__init__(config)
        width, patch = config.hidden_size, config.patch_size
        patches = (config.image_size // patch) ** 2
        self.patches = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.blocks = nn.Sequential(*(_Block(patches, width) for _ in range(config.num_hidden_layers)))
        self.head = nn.Linear(width, config.num_labels)
        self.post_init()

    def forward(self, pixel_values: torch.Tensor) -> dict[str, torch.Tensor]:
        states = self.blocks(self.patches(pixel_values).flatten(2).transpose(1, 2))
        return {"logits": self.head(states.mean(dim=1))}
