"""What the layers of this package share: their calls, their arguments as Keras spells them, and their sublayers."""

from types import SimpleNamespace

import keras
from keras.dtype_policies import DTypePolicy, DTypePolicyMap

from a2u_tf.layers.spelling import read_data_format, read_scale, refuse_interpolation
from a2u_tf.ops.dtypes import wide_dtype
from a2u_tf.ops.implementation import resolve_implementation


class ResamplingLayer(keras.layers.Layer):
    """Base of all layers. Where a layer takes two tensors, it takes a list of them, too."""

    fixed_scale: int | None = None  # of methods that have one scale only

    def __init__(self, scale=None, *, size=None, data_format=None, interpolation=None, **kwargs):
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.data_format = read_data_format(owner, data_format)
        refuse_interpolation(owner, interpolation)
        self.scale = read_scale(scale, size)
        if self.fixed_scale not in (None, self.scale):
            raise ValueError(f"{owner} upsamples by {self.fixed_scale} only. Received: scale={self.scale}")
        # The configurations of sublayers that were changed before the layer was saved; Keras would track a dict.
        self._saved = SimpleNamespace(sublayers={})

    def __call__(self, *args, **kwargs):
        if args and isinstance(args[0], list | tuple):
            args = (*args[0], *args[1:])
        if not self.built and isinstance(self.dtype_policy, DTypePolicyMap):
            # Before it has a path, the layer would read its first inputs by the map's default policy.
            named = {f"{name}_shape": x.shape for name, x in kwargs.items() if hasattr(x, "shape")}
            self.build(*(x.shape for x in args), **named)
        return super().__call__(*args, **kwargs)

    def _sublayer(self, layer_class, name, shape, wide=False, **settings):
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

    def _policy(self, wide):
        own = self.dtype_policy
        has_map = isinstance(own, DTypePolicyMap)
        policy = own[self.path] if has_map else own
        if wide:
            policy = DTypePolicy(wide_dtype(policy.compute_dtype))
        if has_map:
            policy = DTypePolicyMap(policy, {key: own[key] for key in own})
        return policy

    def get_config(self):
        config = {**super().get_config(), "data_format": self.data_format}
        if self.fixed_scale is None:
            config["scale"] = self.scale
        if changed := self._changed_sublayers():
            config["sublayers"] = changed
        return config

    def _changed_sublayers(self):
        """Configurations of the sublayers that were quantised, adapted or frozen by themselves since they were made."""
        if not self.built:
            return self._saved.sublayers
        configs = {}
        for layer in self._flatten_layers(include_self=False, recursive=False):
            config = layer.get_config()
            adapted = layer.quantization_mode is not None or config.get("lora_rank") or "sublayers" in config
            if adapted or layer.trainable != self.trainable:
                configs[layer.name] = config
        return configs

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        changed = config.pop("sublayers", {})
        layer = super().from_config(config)
        layer._saved.sublayers = changed
        return layer


class ReassemblingLayer(ResamplingLayer):
    """Base of the layers that reassemble features, by one implementation or another."""

    def __init__(self, scale=None, *, implementation="auto", **kwargs):
        super().__init__(scale, **kwargs)
        self.implementation = implementation
        # XLA cannot compile the compiled op.
        self.supports_jit = resolve_implementation(implementation)[0] != "compiled"

    def get_config(self):
        return {**super().get_config(), "implementation": self.implementation}
