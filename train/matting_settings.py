"""The settings of a matting training, and the recipes: sets of them that belong together."""

import dataclasses
from typing import Any

from a2u_tf.layers import METHODS, Resampling
from a2u_tf.layers.resampling import DOWNSAMPLING
from a2u_tf.matting.data import photographic_sample, training_sample
from a2u_tf.matting.network.network import STRIDE
from train.matting_losses import LOSSES
from train.settings_flags import setting

PRETRAINED_FACTOR = 0.01  # of the learning rate, for an encoder that comes trained
RELEASED_RATE, FROM_NOTHING = 0.01, 0.002  # of learning, with such an encoder and without: results/start.md
FINE_TUNING = 0.0005  # from weights that are trained already
ENCODER = "encoder_"  # begins the names of its layers
SAMPLES = {"released": training_sample, "photographic": photographic_sample}
SCHEDULES = ("drops", "cosine")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What makes two runs the same run."""

    source: tuple[str, ...] = setting(
        ("synthetic",),
        "Foregrounds: synthetic, or KIND=FOLDER with composition_1k, distinctions_646, rgba (pictures with an alpha "
        "channel) or mattes (the same, of which only alpha is taken); *WEIGHT may follow. Repeat it to mix.",
    )
    backgrounds: tuple[str, ...] = setting(
        (),
        "Folder of background pictures; *WEIGHT may follow. Repeat it to mix. Or synthetic: procedural ones, which "
        "--source=synthetic brings along.",
    )
    validation: str = setting(
        "synthetic", "synthetic, or LAYOUT=FOLDER with composition_1k, distinctions_646 or alphamatting."
    )
    upsampling: str = setting("a2u_dynamic_cs", "Upsampling of the decoder.", METHODS)
    downsampling: str | None = setting(
        None, "Downsampling of the encoder. Default: a2u and indexnet with their own, else max_pool.", DOWNSAMPLING
    )
    width: float = setting(1.0, "Factor on all channels.", lower_bound=0.01, upper_bound=4)
    encoder_weights: str | None = setting(None, "ImageNet encoder, from a2u import-weights --encoder.")
    initial_weights: str | None = setting(
        None, "Start from these: small, the model.keras or the .weights.h5 of a network of the same settings."
    )
    encoder_factor: float | None = setting(
        None,
        f"Of the learning rate, for the encoder; 0 freezes it. Default: {PRETRAINED_FACTOR} with --encoder_weights, "
        "else 1.",
        lower_bound=0.0,
    )
    epochs: int = setting(30, "Epochs; the learning rate falls over all of them.", lower_bound=1)
    steps_per_epoch: int = setting(6000, "Steps from backup to backup.", lower_bound=1)
    samples: str = setting(
        "released", "How they are composed: as for the released model, or like photographs.", SAMPLES
    )
    batch_size: int = setting(16, "Samples per step, over all machines and GPUs; of the largest size.", lower_bound=1)
    crop_size: tuple[int, ...] = setting(
        (512,),
        f"Side of the samples, a multiple of {STRIDE}. Repeat it for several in turn: the smaller ones come in larger "
        "batches, of as many pixels.",
        lower_bound=STRIDE,
    )
    schedule: str = setting(
        "drops", "Of the learning rate: tenfold drops at 20/30 and 26/30, or a warm-up and a cosine to 0.", SCHEDULES
    )
    learning_rate: float | None = setting(
        None,
        f"Of Adam, the highest. Default: {RELEASED_RATE} with --encoder_weights, {FINE_TUNING} with "
        f"--initial_weights, else {FROM_NOTHING}.",
        lower_bound=0.0,
    )
    loss: tuple[str, ...] = setting(
        ("alpha:0.5", "composition:0.5"), f"NAME:WEIGHT, repeated; names: {', '.join(LOSSES)}."
    )
    clip_norm: float | None = setting(None, "Clip gradients to this global norm. Default: not.", lower_bound=0.0)
    mixed_precision: str = setting("none", "Compute dtype beside float32.", ("none", "float16", "bfloat16"))
    jit_compile: bool = setting(False, "Compile with XLA.")
    seed: int = setting(0, "Seed of weights and samples.", lower_bound=0, upper_bound=2**32 - 1)

    @property
    def highest_rate(self) -> float:
        if self.learning_rate is not None:
            return self.learning_rate
        return RELEASED_RATE if self.encoder_weights else FINE_TUNING if self.initial_weights else FROM_NOTHING

    @property
    def factors(self) -> dict[str, float]:
        """Factors of the learning rate by a part of the layers' names."""
        factor = self.encoder_factor
        if factor is None:
            factor = PRETRAINED_FACTOR if self.encoder_weights else 1
        return {} if factor == 1 else {ENCODER: factor}

    @property
    def resampling(self) -> Resampling:
        return Resampling.parse(self.upsampling, self.downsampling)

    def check(self) -> None:
        """Raise `ValueError` for settings that do not go together."""
        for size in self.crop_size:
            if size % STRIDE:
                raise ValueError(f"--crop_size must be a multiple of {STRIDE}. Received: {size}")
        if self.encoder_weights and self.initial_weights:
            raise ValueError("--initial_weights holds an encoder, too: leave out --encoder_weights.")


QUICK: dict[str, Any] = {"width": 0.25, "epochs": 2, "steps_per_epoch": 20, "batch_size": 4, "crop_size": (128,)}
RECIPES: dict[str, dict[str, Any]] = {
    "released": {},
    "small": {
        "width": 0.25,
        "samples": "photographic",
        "crop_size": (192, 320, 512),
        "batch_size": 2,
        "epochs": 40,
        "steps_per_epoch": 100,
        "schedule": "cosine",
        "clip_norm": 1.0,
    },
}
