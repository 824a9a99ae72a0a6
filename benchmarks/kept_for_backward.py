"""What a training step keeps for the backward pass of A2U's four stages: the matting network's, one picture.

    python -m benchmarks.kept_for_backward --output=benchmarks/kept_for_backward.json

Counted in TensorFlow's graph, each tensor once: what the forward function hands on to the backward one, the features
that come in included. Most networks keep these for their convolutions in any case.
"""

from typing import Any

import keras
import tensorflow as tf
from absl import app, flags

from a2u_tf.files import write_json
from a2u_tf.matting import matting_net
from a2u_tf.ops import compiled, use_implementation
from benchmarks.record import describe_run

LEVELS = (1, 2, 3, 4)


def stages(width: float, side: int) -> keras.Model:
    """Return down- and upsampling on all levels, each from features as the network has there."""
    network = matting_net(width=width)
    features, outputs = [], []
    for level in LEVELS:
        kernels, down, up = (network.get_layer(f"{kind}_{level}") for kind in ("kernels", "downsampling", "upsampling"))
        edge = side // 2 ** (level - 1)
        guidance = keras.Input((edge, edge, kernels.input.shape[-1]), 1)
        feature = keras.Input((edge // 2, edge // 2, up.input[0].shape[-1]), 1)
        made = kernels(guidance)
        features += [guidance, feature]
        outputs += [down(guidance, made["down"]), up(feature, made["up"])]
    return keras.Model(features, outputs)


def kept_bytes(model: keras.Model) -> int:
    """Return the bytes of all that the forward function of a model keeps."""
    specs = [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
    function = tf.function(lambda *inputs: model(list(inputs), training=True), autograph=False)
    concrete = function.get_concrete_function(*specs)
    # Nothing public tells the two functions apart that TensorFlow makes of one under a tape.
    _, backward = concrete._delayed_rewrite_functions.forward_backward()
    kept = {_source(x).ref() for x in backward.graph.external_captures if not hasattr(x, "numpy")}
    return sum(x.deref().shape.num_elements() * x.deref().dtype.size for x in kept if x.deref().dtype != tf.resource)


def _source(tensor: Any) -> Any:
    """The tensor whose memory this one is."""
    operation = tensor.op
    if operation.type in ("Identity", "StopGradient", "Reshape"):
        return _source(operation.inputs[0])
    return _source(operation.inputs[tensor.value_index]) if operation.type == "IdentityN" else tensor


def main(_: list[str]) -> None:
    rows = []
    for name in ("composite", *(() if compiled.unavailable() else ("compiled",))):
        with use_implementation(name):
            model = stages(flags.FLAGS.width, flags.FLAGS.side)
            kept = kept_bytes(model)
        features = sum(4 * x.shape.num_elements() for x in map(tf.TensorSpec, (x.shape for x in model.inputs)))
        rows.append({"side": name, "kept_mb": round(kept / 1e6, 1), "features_mb": round(features / 1e6, 1)})
        print(rows[-1], flush=True)
    write_json(
        flags.FLAGS.output, {**describe_run(), "width": flags.FLAGS.width, "side": flags.FLAGS.side, "results": rows}
    )


if __name__ == "__main__":
    flags.DEFINE_string("output", "benchmarks/kept_for_backward.json", "JSON file to write.")
    flags.DEFINE_float("width", 1.0, "Of the network.")
    flags.DEFINE_integer("side", 512, "Of the picture, in pixels: a multiple of 32.", lower_bound=32)
    app.run(main)
