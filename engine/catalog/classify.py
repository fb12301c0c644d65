"""Which family, task and traits a model type has, judged by what the library declares about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.catalog.library import ClassNames, NameTables, SourceFacts
from engine.domain.model import Family, ModelType, Tier

TASK_OF_TABLE: Mapping[str, str] = {
    "MODEL_FOR_SPEECH_SEQ_2_SEQ": "automatic-speech-recognition",
    "MODEL_FOR_CTC": "automatic-speech-recognition",
    "MODEL_FOR_RNNT": "automatic-speech-recognition",
    "MODEL_FOR_TDT": "automatic-speech-recognition",
    "MODEL_FOR_TEXT_TO_WAVEFORM": "text-to-audio",
    "MODEL_FOR_TEXT_TO_SPECTROGRAM": "text-to-audio",
    "MODEL_FOR_TIME_SERIES_PREDICTION": "time-series-forecasting",
    "MODEL_FOR_IMAGE_TEXT_TO_TEXT": "image-text-to-text",
    "MODEL_FOR_MULTIMODAL_LM": "any-to-any",
    "MODEL_FOR_MASKED_LM": "fill-mask",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM": "text2text-generation",
    "MODEL_FOR_CAUSAL_LM": "text-generation",
    "MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION": "zero-shot-image-classification",
    "MODEL_FOR_IMAGE_CLASSIFICATION": "image-classification",
    "MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION": "zero-shot-object-detection",
    "MODEL_FOR_OBJECT_DETECTION": "object-detection",
    "MODEL_FOR_UNIVERSAL_SEGMENTATION": "image-segmentation",
    "MODEL_FOR_SEMANTIC_SEGMENTATION": "image-segmentation",
    "MODEL_FOR_INSTANCE_SEGMENTATION": "image-segmentation",
    "MODEL_FOR_IMAGE_SEGMENTATION": "image-segmentation",
    "MODEL_FOR_DEPTH_ESTIMATION": "depth-estimation",
    "MODEL_FOR_MASK_GENERATION": "mask-generation",
    "MODEL_FOR_VIDEO_CLASSIFICATION": "video-classification",
    "MODEL_FOR_KEYPOINT_DETECTION": "keypoint-detection",
    "MODEL_FOR_KEYPOINT_MATCHING": "keypoint-matching",
    "MODEL_FOR_POSE_ESTIMATION": "pose-estimation",
    "MODEL_FOR_POINTMAP_ESTIMATION": "pointmap-estimation",
    "MODEL_FOR_NORMAL_ESTIMATION": "normal-estimation",
    "MODEL_FOR_IMAGE_MATTING": "image-matting",
    "MODEL_FOR_IMAGE_TO_IMAGE": "image-to-image",
    "MODEL_FOR_TEXT_RECOGNITION": "text-recognition",
    "MODEL_FOR_TABLE_RECOGNITION": "table-recognition",
    "MODEL_FOR_AUDIO_CLASSIFICATION": "audio-classification",
    "MODEL_FOR_AUDIO_FRAME_CLASSIFICATION": "audio-frame-classification",
    "MODEL_FOR_AUDIO_XVECTOR": "audio-xvector",
    "MODEL_FOR_AUDIO_TOKENIZATION": "audio-tokenization",
    "MODEL_FOR_TIME_SERIES_CLASSIFICATION": "time-series-classification",
    "MODEL_FOR_TIME_SERIES_REGRESSION": "time-series-regression",
    "MODEL_FOR_DECISION": "decision",
    "MODEL_FOR_RETRIEVAL": "retrieval",
    "MODEL_FOR_VISUAL_QUESTION_ANSWERING": "visual-question-answering",
    "MODEL_FOR_DOCUMENT_QUESTION_ANSWERING": "document-question-answering",
    "MODEL_FOR_TABLE_QUESTION_ANSWERING": "table-question-answering",
    "MODEL_FOR_SEQUENCE_CLASSIFICATION": "text-classification",
    "MODEL_FOR_TOKEN_CLASSIFICATION": "token-classification",
    "MODEL_FOR_QUESTION_ANSWERING": "question-answering",
    "MODEL_FOR_MULTIPLE_CHOICE": "multiple-choice",
    "MODEL_FOR_NEXT_SENTENCE_PREDICTION": "next-sentence-prediction",
    "MODEL_FOR_MASKED_IMAGE_MODELING": "masked-image-modeling",
    "MODEL_FOR_CAUSAL_IMAGE_MODELING": "causal-image-modeling",
    "MODEL_FOR_BACKBONE": "feature-extraction",
    "MODEL_FOR_TEXT_ENCODING": "feature-extraction",
    "MODEL_FOR_IMAGE": "feature-extraction",
    "MODEL": "feature-extraction",
}
"""Auto table -> task, the table that says most about a type's purpose first. Tables not named here are left aside."""

_EXPERTS = re.compile(r"^(num_experts|n_routed_experts|num_local_experts|moe_num_experts|num_experts_per_tok)$")
_STATE_SPACE = re.compile(r"^(ssm_|mamba_|linear_(num|conv|key|value)_|time_step_rank|state_size$)")


def classify(name: str, tables: NameTables, facts: SourceFacts) -> ModelType:
    """One registered type as the library describes it, before any override."""
    config_class = tables.config_classes[name]
    offered = {table: tables.auto_classes[table][name] for table in TASK_OF_TABLE if name in tables.auto_classes[table]}
    encoder_decoder = config_class in facts.encoder_decoder_configs
    table, model_class = _choose_class(offered, encoder_decoder=encoder_decoder)
    tasks = tuple(dict.fromkeys(TASK_OF_TABLE[table] for table in offered))
    task = TASK_OF_TABLE[table] if table else "feature-extraction"
    modalities = facts.modalities.get(model_class, ("text",) if "text" in " ".join(tasks) or _is_lm(offered) else ())
    return ModelType(
        name=name,
        display_name=config_class.removesuffix("Config"),
        family=_family(modalities, tasks, offered, facts, encoder_decoder=encoder_decoder),
        task=task,
        tier=Tier.LOW,
        module=tables.module_of(name),
        config_class=config_class,
        model_class=model_class,
        tasks=tasks,
        modalities=modalities,
        traits=_traits(config_class, model_class, facts, encoder_decoder=encoder_decoder),
    )


def offered_classes(model: ModelType, tables: NameTables) -> list[str]:
    """Every class that an Auto table offers for the type, the one that a skillset should build first."""
    found = [model.model_class] if model.model_class else []
    for table in TASK_OF_TABLE:
        names = tables.auto_classes.get(table, {}).get(model.name, ())
        found += [names] if isinstance(names, str) else list(names)
    return list(dict.fromkeys(found))


def _choose_class(offered: Mapping[str, ClassNames], *, encoder_decoder: bool) -> tuple[str | None, str]:
    """The class that serves the type's main purpose; an empty name where no Auto class knows the type."""
    order = list(offered)
    if encoder_decoder:
        # Causal classes of these are the bare decoder; masked ones are the same class under a lesser name.
        order.sort(key=lambda table: table in ("MODEL_FOR_CAUSAL_LM", "MODEL_FOR_MASKED_LM"))
    for table in order:
        names = offered[table]
        return table, names if isinstance(names, str) else names[0]
    return None, ""


def _is_lm(offered: Iterable[str]) -> bool:
    return not {"MODEL_FOR_MASKED_LM", "MODEL_FOR_CAUSAL_LM", "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM"}.isdisjoint(offered)


def _family(
    modalities: tuple[str, ...],
    tasks: tuple[str, ...],
    offered: Iterable[str],
    facts: SourceFacts,
    *,
    encoder_decoder: bool,
) -> Family:
    """The family by what goes in; sub-models that no Auto class offers and that declare nothing are `other`."""
    kinds = set(modalities)
    if "time" in kinds or any(task.startswith("time-series") for task in tasks):
        return Family.TIME_SERIES
    if "audio" in kinds:
        return Family.OTHER if kinds & {"image", "video"} else Family.AUDIO
    if "text-to-audio" in tasks:
        return Family.AUDIO
    if "video-classification" in tasks and "text" not in kinds:
        return Family.VIDEO
    if "image" in kinds:
        return Family.VISION_TEXT if "text" in kinds else Family.VISION
    if "video" in kinds:
        return Family.VIDEO
    if not kinds:
        return _family_by_task(tasks)
    if encoder_decoder:
        return Family.TEXT_TO_TEXT
    if "MODEL_FOR_MASKED_LM" in offered:
        return Family.TEXT_ENCODER
    # The text part of a multimodal model has no head of its own; that its package generates tells a decoder.
    is_decoder = "MODEL_FOR_CAUSAL_LM" in offered or bool(facts.generating)
    return Family.TEXT_DECODER if is_decoder else Family.TEXT_ENCODER


def _family_by_task(tasks: tuple[str, ...]) -> Family:
    """For types whose source declares no modality, tasks are the only witness."""
    words = " ".join(tasks)
    if "speech" in words or "audio" in words:
        return Family.AUDIO
    if any(word in words for word in ("image", "object", "depth", "mask-", "keypoint", "pose")):
        return Family.VISION
    return Family.OTHER


def _traits(config_class: str, model_class: str, facts: SourceFacts, *, encoder_decoder: bool) -> tuple[str, ...]:
    fields = facts.config_fields.get(config_class, frozenset())
    claims = {
        "encoder_decoder": encoder_decoder,
        "mixture_of_experts": any(_EXPERTS.match(field) for field in fields),
        "state_space": model_class in facts.stateful or any(_STATE_SPACE.match(field) for field in fields),
        "generates": model_class in facts.generating,
    }
    return tuple(trait for trait, holds in claims.items() if holds)
