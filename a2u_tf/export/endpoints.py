"""The function by which other programs call a model: named tensors in, a dict of named tensors out."""

import dataclasses
from collections.abc import Callable

import keras

from a2u_tf.matting import MattingModel
from a2u_tf.matting.conventions import KNOWN_WITHIN
from a2u_tf.matting.pictures.picture_limit import max_pixels


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A model's function and the shapes, dtypes and names of its arguments.

    Attributes:
        function: Takes tensors in the order of `inputs`, returns a dict of tensors.
        inputs: List of `tf.TensorSpec`; `None` where sizes vary.
        count: How many outputs the Keras model has.
    """

    function: Callable
    inputs: list
    count: int = 1

    def __call__(self, inputs):
        """Run the Keras model on the CPU, where what was exported is checked, too: dicts of arrays in and out."""
        import tensorflow as tf

        with tf.device("CPU:0"):
            outputs = self.function(*[tf.constant(inputs[spec.name]) for spec in self.inputs])
        if len(outputs) != self.count:
            raise ValueError(f"The model has {self.count} outputs, and its endpoint {len(outputs)}: {list(outputs)}")
        return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in outputs.items()}

    def of_one(self, size=None):
        """Return the endpoint for a batch of one; `size` is a height and width for those inputs that leave them open.

        Raises:
            ValueError: Where the model's own size is another.
        """
        import tensorflow as tf

        inputs = []
        for spec in self.inputs:
            own = tuple(spec.shape[1:3])
            if size is not None and any(a not in (None, b) for a, b in zip(own, size, strict=True)):
                raise ValueError(f"The model takes {spec.name!r} of height and width {own}. Received: size={size}")
            inputs.append(tf.TensorSpec((1, *(size or own), *spec.shape[3:]), spec.dtype, spec.name))
        return dataclasses.replace(self, inputs=inputs)

    def fixed(self):
        """Return the endpoint itself.

        Raises:
            ValueError: Where it leaves a height or width open.
        """
        if any(None in tuple(spec.shape) for spec in self.inputs):
            raise ValueError(
                "The model takes pictures of any size, and this format needs one. Pass it, as in size=(512, 512) or "
                "--size 512 512."
            )
        return self


def model_endpoint(model):
    """Return the `Endpoint` of a model.

    A `MattingModel` model takes `image`, uint8 `(N, H, W, 3)`, and `trimap`, uint8 `(N, H, W, 1)`, and returns `alpha`,
    float32 `(N, H, W, 1)`; `N * H * W` is at most `a2u_tf.matting.pictures.picture_limit.max_pixels()`, and no trimap
    background alone. A functional model takes and returns what it does, by the names of its inputs and outputs: keys of
    a dict of outputs, else the names of their layers, and `output_0`, `output_1` and so on where these repeat or are
    those of inputs.

    Raises:
        ValueError: For other models, and on other backends than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Export needs Keras on TensorFlow. Received: the backend {keras.backend.backend()}. Run with "
            "KERAS_BACKEND=tensorflow: a saved .keras file is the same on all backends."
        )
    if isinstance(model, MattingModel):
        return _matting_endpoint(model)
    if isinstance(model, keras.Model) and hasattr(model, "output_names"):
        return _functional_endpoint(model)
    raise ValueError(
        f"Expected a2u_tf.matting.MattingModel or a functional Keras model. Received: {type(model).__name__}"
    )


def _matting_endpoint(model):
    import tensorflow as tf

    limit = max_pixels()
    image_shape, trimap_shape = (None, None, None, 3), (None, None, None, 1)

    def matting(image, trimap):
        # Servers feed whatever they are sent: that of one channel would be broadcast to three.
        image, trimap = tf.ensure_shape(image, image_shape), tf.ensure_shape(trimap, trimap_shape)
        checks = [
            tf.debugging.assert_equal(
                tf.shape(image)[:3], tf.shape(trimap)[:3], "`image` and `trimap` must have the same size (N, H, W)"
            ),
            tf.debugging.assert_less_equal(
                tf.size(trimap, tf.int64), tf.constant(limit, tf.int64), f"The model takes up to {limit} pixels at once"
            ),
            tf.debugging.assert_greater(
                tf.reduce_max(tf.cast(trimap, tf.float32), axis=(1, 2, 3)),
                float(KNOWN_WITHIN),
                "Every trimap must have foreground, 255, or something unknown, 128; 0, the background, reaches to "
                f"{KNOWN_WITHIN}. Multiply its levels. The highest of each trimap",
            ),
        ]
        with tf.control_dependencies(checks):  # or another operation may fail first
            inputs = {"image": tf.identity(image), "trimap": tf.identity(trimap)}
        return model(inputs, training=False)

    specs = [tf.TensorSpec(image_shape, tf.uint8, "image"), tf.TensorSpec(trimap_shape, tf.uint8, "trimap")]
    return Endpoint(matting, specs)


def _functional_endpoint(model):
    import tensorflow as tf

    names = _output_names(model)

    def forward(*tensors):
        outputs = model(keras.tree.pack_sequence_as(model.input, tensors), training=False)
        return dict(zip(names, keras.tree.flatten(outputs), strict=True))

    specs = [tf.TensorSpec(x.shape, x.dtype, x.name) for x in model.inputs]
    return Endpoint(forward, specs, len(model.outputs))


def _output_names(model):
    """The keys of a dict of outputs, or the names of their layers; numbers where these repeat or name inputs, too."""
    if isinstance(model.output, dict) and not any(keras.tree.is_nested(output) for output in model.output.values()):
        names = [path[-1] for path, _ in keras.tree.flatten_with_path(model.output)]
    else:
        names = list(model.output_names)
    taken = [*names, *(x.name for x in model.inputs)]
    return names if len(set(taken)) == len(taken) else [f"output_{n}" for n in range(len(names))]
