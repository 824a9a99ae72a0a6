"""Released parameters in our matting network against every recorded stage of the released model."""

import json

import keras
import numpy as np
import pytest

from a2u_tf.matting import matting_net
from a2u_tf.matting.losses import AlphaLoss, CompositionLoss, WeightedSum
from a2u_tf.matting.pytorch_release import assign_encoder, assign_matting
from a2u_tf.matting.pytorch_release.parameters import matting_sources
from tests.helpers import dtype_policy, to_numpy, working_dtype
from tests.matting.pytorch_release.recipe import channels_last, load, make_state, normal, released_layout

pytestmark = pytest.mark.network

TAGS = ["adobe", "adobe_unshare", "variant_s1_k3_unshare"]
# Our layer by recorded stage; those of A2UKernels have two outputs, in the order down, up.
STAGES = {
    "layer0": "encoder_stem_activation",
    "down0": "downsampling_1",
    "down1": "downsampling_2",
    "layer1": "encoder_1_3_activation",
    "dconv_pp.aspp1": "aspp_1_activation",
    "dconv_pp.aspp4": "aspp_4_pointwise_activation",
    "dconv_pp.global_avg_pool": "aspp_average_activation",
    "dconv_pp": "aspp_dropout",
    "decoder_layer4.sum": "decoder_4_sum",
    "decoder_layer1.sum": "decoder_1_sum",
    "pred.0": "head_activation",
}
for stage in (2, 3):
    STAGES[f"layer{stage}_1.layer1"] = f"encoder_{stage}_1_1_activation"
    STAGES[f"layer{stage}_1.down"] = f"downsampling_{stage + 1}"
    STAGES[f"layer{stage}_1"] = f"encoder_{stage}_1_activation"
    STAGES[f"layer{stage}_2"] = f"encoder_{stage}_4_activation"
for level, kernels in enumerate(("bilinear0", "bilinear1", "layer2_1.bilinear", "layer3_1.bilinear"), 1):
    STAGES[f"{kernels}.down"] = STAGES[f"{kernels}.up"] = f"kernels_{level}"
    STAGES[f"short{level - 1}"] = f"skip_{level}_activation"
    STAGES[f"decoder_layer{level}"] = f"decoder_{level}_2_activation"


def released_net(golden_dir, tag, dtype="float32"):
    config, state = make_state(golden_dir, tag)
    with dtype_policy(dtype):
        model = matting_net(
            channel_shared=config["share"],
            kernel_size=config["up_kernel_size"],
            encoding_size=config["encode_kernel_size"],
        )
    # In the model's dtype, as the released code does: gamma becomes |weight| + 1e-5, which float32 would round.
    assign_matting(model, {f"module.{name}": value.astype(dtype) for name, value in state.items()})
    return model


def with_stages(model):
    """The model with every recorded stage beside its output."""
    outputs = {}
    for name, layer in STAGES.items():
        output = model.get_layer(layer).output
        outputs[name] = output[name.endswith("up")] if isinstance(output, list) else output
    return keras.Model(model.input, {**outputs, "out": model.output})


@pytest.mark.parametrize("tag", TAGS)
def test_every_stage(golden_dir, tag):
    model = with_stages(released_net(golden_dir, tag))
    meta, arrays = load(golden_dir / f"D_net_{tag}_eval.npz")
    for row in meta["inputs"]:
        prefix = f"i{row['index']}_"
        received = model(channels_last(arrays[f"{prefix}x"]), training=False)
        stages = [name.removeprefix(f"{prefix}act.") for name in arrays if name.startswith(f"{prefix}act.")]
        assert set(stages) == set(STAGES)
        for stage in stages:
            facts = row["activations"][stage]
            sc, sy, sx = facts["stride_chw"]
            ours = to_numpy(received[stage])
            assert [ours.shape[0], ours.shape[3], *ours.shape[1:3]] == facts["shape"]
            expected = channels_last(arrays[f"{prefix}act.{stage}"])
            tolerance = 1e-4 * max(abs(facts["min"]), abs(facts["max"]))
            np.testing.assert_allclose(ours[:, ::sy, ::sx, ::sc], expected, rtol=0, atol=tolerance, err_msg=stage)
            np.testing.assert_allclose(np.linalg.norm(ours), facts["l2"], rtol=1e-4, err_msg=stage)
        expected = channels_last(arrays[f"{prefix}out_f64"])
        np.testing.assert_allclose(to_numpy(received["out"]), expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("tag", TAGS)
def test_prediction_in_float64(golden_dir, tag):
    if working_dtype("float64") != "float64":
        pytest.skip("this backend computes float64 in float32")
    model = released_net(golden_dir, tag, "float64")
    model = keras.Model(model.input, model.get_layer("alpha_conv").output)  # the output after it is float32
    meta, arrays = load(golden_dir / f"D_net_{tag}_eval.npz")
    for row in meta["inputs"]:
        prefix = f"i{row['index']}_"
        received = model(channels_last(arrays[f"{prefix}x"]).astype("float64"), training=False)
        np.testing.assert_allclose(to_numpy(received), channels_last(arrays[f"{prefix}out_f64"]), rtol=0, atol=1e-7)


class Step:
    """One recorded forward and backward pass of the loss, which was recorded in float64."""

    def __init__(self, golden_dir, tag, mode):
        _, self.arrays = load(golden_dir / f"D_net_{tag}_train.npz")
        self.facts = json.loads((golden_dir / f"D_net_{tag}_train.json").read_text())["modes"][mode]
        self.mode, self.model = mode, released_net(golden_dir, tag, "float64")
        self.model.get_layer("aspp_dropout").rate = 0
        _, self.state = make_state(golden_dir, tag)

    def run(self):
        import tensorflow as tf

        losses = [AlphaLoss(dtype="float64"), CompositionLoss(dtype="float64")]
        loss = WeightedSum(losses, [0.5, 0.5], dtype="float64")
        x, target = (channels_last(self.arrays[name]).astype("float64") for name in ("x", "gt"))
        network = keras.Model(self.model.input, self.model.get_layer("alpha_conv").output)  # what follows is float32
        with tf.GradientTape() as tape:
            prediction = network(x, training=self.mode == "train")
            value = loss(target, prediction)
        variables = self.model.trainable_variables
        self.prediction, self.loss = to_numpy(prediction), float(value)
        self.gradients = {v.path: to_numpy(g) for v, g in zip(variables, tape.gradient(value, variables), strict=True)}
        return self

    def released_gradients(self):
        """Our gradients by released name and in the released layout."""
        layers = {weight.path: layer for layer in self.model.layers for weight in layer.weights}
        return {
            name: self._to_released(name, layers[variable.path], self.gradients[variable.path])
            for name, (variable, _) in matting_sources(self.model).items()
            if variable.path in self.gradients
        }

    def _to_released(self, name, layer, x):
        if isinstance(layer, keras.layers.BatchNormalization) and name.endswith("weight"):
            return x * np.where(self.state[name] >= 0, 1, -1)
        if "bconv" in name:
            return released_layout(name, x)
        if x.ndim == 4:
            return x.transpose((2, 3, 0, 1) if isinstance(layer, keras.layers.DepthwiseConv2D) else (3, 2, 0, 1))
        return x


@pytest.mark.tensorflow
@pytest.mark.parametrize("mode", ["evalbn", "train"])
@pytest.mark.parametrize("tag", ["adobe", "adobe_unshare"])
def test_gradients(golden_dir, tag, mode):
    """In float64: in float32 rounding moves units over the kinks of ReLUs, others on each machine, and small gradients
    change with them, in the released code by up to 36 % (`f32_rel_l2_err`)."""
    step = Step(golden_dir, tag, mode).run()
    np.testing.assert_allclose(step.loss, step.facts["loss"], rtol=1e-6)
    np.testing.assert_allclose(step.prediction, channels_last(step.arrays[f"{mode}_out"]), rtol=0, atol=1e-6)
    received = step.released_gradients()
    assert set(received) == set(step.facts["params"])
    for name, facts in step.facts["params"].items():
        # Some gradients amplify small differences more than others: those of large error in float32.
        tolerance = (1e-6 + 1e-4 * facts["f32_rel_l2_err"]) * facts["l2"]
        assert abs(np.linalg.norm(received[name]) - facts["l2"]) <= tolerance, name
        # Over all elements in their released order: a wrong layout shows.
        projection = float(np.dot(received[name].ravel(), normal(f"proj/{name}", received[name].size)))
        assert abs(projection - facts["proj"]) <= 10 * tolerance, name
        if f"{mode}_grad.{name}" in step.arrays:
            expected = step.arrays[f"{mode}_grad.{name}"]
            np.testing.assert_allclose(received[name], expected, rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.tensorflow
def test_convention_running_variance_is_of_the_batch(golden_dir):
    """The released code stores the unbiased variance, Keras the biased one: N / (N - 1) apart."""
    step = Step(golden_dir, "adobe", "train").run()
    batch, height, width = 2, 64, 64
    for brick, name, stride in (("encoder_stem", "layer0.1", 1), ("skip_2", "short1.1", 2)):
        layer = step.model.get_layer(f"{brick}_norm")
        count = batch * (height // stride) * (width // stride)
        mean, variance = (step.arrays[f"bn_after.{name}.running_{kind}"] for kind in ("mean", "var"))
        np.testing.assert_allclose(to_numpy(layer.moving_mean), mean, rtol=0, atol=1e-6)
        before = 0.9 * step.state[f"{name}.running_var"]
        biased = before + (variance - before) * (count - 1) / count
        np.testing.assert_allclose(to_numpy(layer.moving_variance), biased, rtol=0, atol=1e-6)


def test_every_problem_is_listed_and_nothing_assigned(golden_dir):
    net, state = matting_net(), make_state(golden_dir, "adobe")[1]
    before = net.get_weights()
    del state["short3.0.weight"], state["pred.1.weight"]
    state["short0.0.weight"] = state["short0.0.weight"][:, :3]
    state["optimizer_step"] = np.zeros(1)
    with pytest.raises(ValueError, match="do not fit") as error:
        assign_matting(net, state)
    message = str(error.value)
    assert "missing: short3.0.weight, pred.1.weight; not of this model: optimizer_step; wrongly shaped: " in message
    assert "short0.0.weight (64, 3, 3, 3) for a weight of shape (3, 3, 4, 64). Build" in message
    with pytest.raises(ValueError, match=r"missing: .* and \d+ more"):
        assign_matting(net, {})
    for x, y in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channel_shared": False}, "bconv_U.1.weight"),
        ({"kernel_size": 5}, "wrongly shaped: .*bconv_UP"),
        ({"variant": "static"}, "'variant': 'static'"),
        ({"width": 0.5}, "wrongly shaped"),
        ({"upsampling": "bilinear", "downsampling": "max_pool"}, "not of this model: bilinear0"),
        ({"downsampling": "conv"}, "no counterpart of 'encoder_downsampling_1"),
    ],
)
def test_other_networks(golden_dir, settings, message):
    with pytest.raises(ValueError, match=message):
        assign_matting(matting_net(**settings), make_state(golden_dir, "adobe")[1])


def backbone(golden_dir):
    """An ImageNet ResNet-34 file, made from the recorded network's encoder by the renaming that the release states."""
    _, state = make_state(golden_dir, "adobe")
    result = {}
    for name, value in state.items():
        head, _, rest = name.partition(".")
        if head == "layer0":
            which, rest = rest.split(".", 1)
            value = value[:, :3] if which == "0" else value
            result[f"mod1.{'conv1' if which == '0' else 'bn1'}.{rest}"] = value
        elif head == "layer1":
            result[f"mod2.{rest}"] = value
        elif head in ("layer2_1", "layer3_1") and not rest.startswith("bilinear"):
            rest = rest.replace("layer1.", "convs.").replace("layer2.", "convs.")
            result[f"mod{int(head[5]) + 1}.block1.{rest}"] = value
        elif head in ("layer2_2", "layer3_2"):
            block, rest = rest.split(".", 1)
            result[f"mod{int(head[5]) + 1}.block{int(block[5:]) + 1}.{rest}"] = value
    result["mod5.block1.convs.conv1.weight"] = result["fc.weight"] = np.zeros(3)
    return result


def test_backbone(golden_dir, rng):
    """The same encoder through the ImageNet file and through the whole network, where the trimap channel is zero."""
    _, state = make_state(golden_dir, "adobe")
    state["layer0.0.weight"][:, 3] = 0
    whole, model = matting_net(), matting_net(upsampling="bilinear", downsampling="max_pool")
    assign_matting(whole, state)
    files = {f"module.{name}": value for name, value in backbone(golden_dir).items()}
    part = {name: value for name, value in files.items() if "mod3.block1.proj_conv" not in name}
    with pytest.raises(ValueError, match=r"missing: mod3.block1.proj_conv.weight"):
        assign_encoder(model, part)
    assign_encoder(model, files)
    for layer in model.layers:
        if layer.weights and layer.name.startswith("encoder"):
            for ours, theirs in zip(layer.get_weights(), whole.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs, err_msg=layer.name)
