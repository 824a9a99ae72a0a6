"""What the layers of this package share: their calls, their arguments as Keras spells them, and their sublayers."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Self

import keras
from keras.dtype_policies import DTypePolicy, DTypePolicyMap

from a2u_tf.layers.checks import check_features, check_guidance, read_data_format, read_scale
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.implementation import resolve_implementation
from a2u_tf.ops.reassembly import Reassemble
from a2u_tf.ops.validation import checked_when_run
from a2u_tf.types import Shape, Tensor


class ResamplingLayer(keras.layers.Layer):
    """Base of all layers. Where a layer takes two tensors, it takes a list of them, too."""

    fixed_scale: int | None = None  # of methods that have one scale only
    settings: tuple[str, ...] = ()  # a class's further arguments: attributes, which `get_config` saves

    def __init__(
        self, scale: Any = None, *, size: Any = None, data_format: Any = None, interpolation: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.data_format = read_data_format(owner, data_format)
        if interpolation is not None:
            raise ValueError(
                f"{owner} has no `interpolation`: it resamples by kernels of its own. Received: "
                f"interpolation={interpolation!r}. Leave it out, or use keras.layers.UpSampling2D."
            )
        self.scale = read_scale(scale, size)
        if self.fixed_scale not in (None, self.scale):
            raise ValueError(f"{owner} upsamples by {self.fixed_scale} only. Received: scale={self.scale}")
        # The configurations of sublayers that were changed before the layer was saved; Keras would track a dict.
        self._saved = SimpleNamespace(sublayers={})

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        if args and isinstance(args[0], list | tuple):
            args = (*args[0], *args[1:])
        if not self.built and isinstance(self.dtype_policy, DTypePolicyMap):
            # Before it has a path, the layer would read its first inputs by the map's default policy.
            named = {f"{name}_shape": x.shape for name, x in kwargs.items() if hasattr(x, "shape")}
            self.build(*(x.shape for x in args), **named)
        return super().__call__(*args, **kwargs)

    def compute_output_shape(self, inputs_shape: Shape) -> Any:
        check_features(self, inputs_shape)
        batch, height, width, channels = inputs_shape
        return (batch, *(size and size * self.scale for size in (height, width)), channels)

    def _dense(self, name: str, shape: Shape, units: int, wide: bool = True, **settings: Any) -> keras.layers.Dense:
        return self._sublayer(keras.layers.Dense, name, shape, wide, units=units, **settings)

    def _convolution(
        self, name: str, shape: Shape, filters: int, size: int, kind: Any = keras.layers.Conv2D, **settings: Any
    ) -> Any:
        settings = {"filters": filters, "kernel_size": size, "padding": "same", **settings}
        return self._sublayer(kind, name, shape, data_format=self.data_format, **settings)

    def _sublayer(self, layer_class: Any, name: str, shape: Shape, wide: bool = False, **settings: Any) -> Any:
        """Make and build a sublayer in this layer's `build`, or the one of that name that was changed and saved.

        It computes by this layer's dtype policy, where `wide` in float32 at least. What a `DTypePolicyMap` says of its
        own path goes before that.
        """
        if name in self._saved.sublayers:
            layer = layer_class.from_config(self._saved.sublayers[name])
        else:
            layer = layer_class(name=name, dtype=self._policy(wide), trainable=self.trainable, **settings)
        layer.build(shape)
        return layer

    def _policy(self, wide: bool) -> DTypePolicy | DTypePolicyMap:
        own = self.dtype_policy
        policy = own[self.path] if isinstance(own, DTypePolicyMap) else own
        if wide:
            policy = DTypePolicy(wide_dtype(policy.compute_dtype))
        return DTypePolicyMap(policy, dict(own)) if isinstance(own, DTypePolicyMap) else policy

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        if self.fixed_scale is None:
            config["scale"] = self.scale
        if changed := self._changed_sublayers():
            config["sublayers"] = changed
        return config | self._settings()

    def _settings(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.settings}
        return {name: _as_saved(value) for name, value in values.items()}

    def _changed_sublayers(self) -> dict[str, Any]:
        """Configurations of the sublayers that were quantised, adapted or frozen by themselves since they were made."""
        if not self.built:
            return dict(self._saved.sublayers)
        configs = {}
        for layer in self._flatten_layers(include_self=False, recursive=False):
            config = layer.get_config()
            adapted = layer.quantization_mode is not None or config.get("lora_rank") or "sublayers" in config
            if adapted or layer.trainable != self.trainable:
                configs[layer.name] = config
        return configs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        layer: Self = super().from_config({name: value for name, value in config.items() if name != "sublayers"})
        layer._saved.sublayers = config.get("sublayers", {})
        return layer


def _as_saved(value: Any) -> Any:
    if isinstance(value, keras.initializers.Initializer):
        return keras.initializers.serialize(value)
    return list(value) if isinstance(value, tuple) else value


class ReassemblingLayer(ResamplingLayer):
    """Base of the layers that reassemble features, by one implementation or another."""

    def __init__(self, scale: Any = None, *, implementation: str = "auto", **kwargs: Any) -> None:
        super().__init__(scale, **kwargs)
        self.implementation = implementation
        # XLA cannot compile the compiled op.
        self.supports_jit = resolve_implementation(implementation)[0] != "compiled"

    def _reassembles(self, direction: str, kernel_size: int, groups: int = 1) -> None:
        self._reassemble = Reassemble(direction, kernel_size, self.scale, groups, self.implementation)
        self.direction, self.kernel_size, _, self.groups = self._reassemble.window

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "implementation": self.implementation}


class GuidedUpSampling2D(ReassemblingLayer):
    """Base of the methods whose guidance has exactly `scale` times the size of the inputs; they define `upsample`."""

    upsample: Callable[[Tensor, Tensor], Tensor]

    def check_shapes(self, inputs_shape: Shape, guidance_shape: Shape | None) -> Shape:
        """Return the shape of the guidance; raise `ValueError` where there is none that fits the inputs."""
        name = type(self).__name__
        if guidance_shape is None:
            raise ValueError(f"{name} needs guidance: call it with (inputs, guidance).")
        check_guidance(guidance_shape)
        check_features(self, inputs_shape)
        pairs = zip(inputs_shape[1:3], guidance_shape[1:3], strict=True)
        if any(low is not None and high not in (None, self.scale * low) for low, high in pairs):
            raise ValueError(
                f"{name} needs guidance of exactly {self.scale} times the height and width of its inputs. Received: "
                f"inputs.shape={tuple(inputs_shape)}, guidance.shape={tuple(guidance_shape)}. Pad the picture to a "
                "multiple of all scales, or use A2UUpSampling2D, which takes odd sizes."
            )
        return guidance_shape

    def call(self, inputs: Tensor, guidance: Tensor | None = None) -> Tensor:
        self.check_shapes(inputs.shape, None if guidance is None else guidance.shape)
        ratios = [1, self.scale, self.scale]
        message = (
            f"{type(self).__name__} needs guidance of the same batch size and exactly {self.scale} times the height "
            "and width of its inputs: x below. Received: guidance.shape[:3] = y below"
        )
        tensors = checked_when_run(inputs, guidance, lambda low, high: (low[:3] * ratios, high[:3]), message)
        return self.upsample(*tensors)

    def compute_output_shape(self, inputs_shape: Shape, guidance_shape: Shape | None = None) -> Shape:
        return (*self.check_shapes(inputs_shape, guidance_shape)[:3], inputs_shape[-1])
