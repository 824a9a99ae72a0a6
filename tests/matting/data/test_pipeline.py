"""Batches: which samples they hold, whatever makes them, and that a resumed training sees the same ones."""

import itertools
import threading

import keras
import numpy as np
import pytest

from a2u_tf.matting.data import training_batches, training_sample
from a2u_tf.matting.pictures import PictureError
from a2u_tf.training import Share

SIZES = {"batch_size": 3, "crop_size": 16}


class Noise:
    """A source that is slow at random, so that workers overtake each other."""

    def __init__(self):
        self.threads = set()

    def foreground(self, rng):
        self.threads.add(threading.get_ident())
        threading.Event().wait(rng.choice([0, 0.02]))
        return rng.integers(0, 256, (24, 30, 3), dtype=np.uint8), rng.random((24, 30), np.float32)

    def background(self, rng):
        return rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)


@pytest.fixture(params=["backend", "numpy"])
def batches(request, monkeypatch):
    """Make the first batches as NumPy arrays, by the way of the backend and by that of the others."""
    if request.param == "numpy":
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")

    def make(count, *args, **settings):
        data = training_batches(*args, **settings)
        return [tuple(np.asarray(x) for x in batch) for batch in itertools.islice(data, count)]

    return make


def assert_same(first, second):
    assert len(first) == len(second)
    for x, y in zip(first, second, strict=True):
        for a, b in zip(x, y, strict=True):
            assert a.dtype == b.dtype == np.float32
            np.testing.assert_array_equal(a, b)


def test_tells_of_each_sample(batches):
    told = []
    batches(2, Noise(), first_step=5, on_sample=told.append, **SIZES)
    assert [told.count(step) for step in (5, 6)] == [3, 3]
    assert min(told) == 5


@pytest.mark.parametrize("workers", [1, 2, 5, None])
def test_batches_are_the_same_for_any_number_of_workers(batches, workers):
    source, expected = Noise(), []
    for step in range(4):
        samples = [training_sample(Noise(), np.random.default_rng([7, 3 * step + i]), 16) for i in range(3)]
        expected.append(tuple(np.stack(x) for x in zip(*samples, strict=True)))
    assert_same(batches(4, source, seed=7, workers=workers, **SIZES), expected)
    assert workers in (1, None) or len(source.threads) > 1


def test_resumed_training_sees_the_same(batches):
    steps_per_epoch = 3
    whole = batches(3 * steps_per_epoch, Noise(), seed=1, **SIZES)
    resumed = batches(steps_per_epoch, Noise(), seed=1, first_step=2 * steps_per_epoch, **SIZES)
    assert_same(whole[2 * steps_per_epoch :], resumed)
    assert (whole[0][0] != batches(1, Noise(), seed=2, **SIZES)[0][0]).any()


@pytest.mark.parametrize("first_step", [0, 3])
def test_sizes_in_turn(batches, first_step):
    """As many pixels in each batch, the same ones where a training goes on, and from any other function."""

    def make_sample(source, rng, size):
        return [np.full((size, size, channels), rng.random(), np.float32) for channels in (4, 11)]

    settings = {"batch_size": 2, "crop_size": (16, 32, 24), "seed": 4, "make_sample": make_sample}
    whole = batches(6, Noise(), **settings)
    assert [inputs.shape for inputs, _ in whole] == 2 * [(8, 16, 16, 4), (2, 32, 32, 4), (3, 24, 24, 4)]
    assert len({value for inputs, _ in whole for value in inputs[:, 0, 0, 0]}) == 2 * (8 + 2 + 3)
    assert_same(whole[first_step:], batches(6 - first_step, Noise(), first_step=first_step, **settings))
    halves = batches(12, Noise(), share=Share(0, 2, 2), **settings)
    for (inputs, _), *two in zip(whole, halves[::2], halves[1::2], strict=True):
        together = np.concatenate([half for half, _ in two])
        np.testing.assert_array_equal(together, inputs[: len(together)])  # 3 have no halves


@pytest.mark.parametrize("first_step", [0, 2])
def test_shares_make_the_whole(batches, first_step):
    """Two processes of one and of two devices, which train on three thirds of each batch."""
    settings = {"batch_size": 6, "crop_size": 16, "seed": 4, "first_step": first_step}
    whole = batches(2, Noise(), **settings)
    one = batches(2, Noise(), share=Share(0, 1, 3), **settings)
    two = batches(4, Noise(), share=Share(1, 2, 3), **settings)
    together = [tuple(map(np.concatenate, zip(one[i], two[2 * i], two[2 * i + 1], strict=True))) for i in (0, 1)]
    assert_same(whole, together)


def test_fit(tmp_path):
    """Interrupted after the first epoch, resumed for the second: the weights of one training of two epochs."""

    def model():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((16, 16, 4)), keras.layers.Conv2D(11, 3, padding="same")])
        model.compile("sgd", "mean_absolute_error")
        return model

    whole, parts = model(), model()
    whole.fit(training_batches(Noise(), **SIZES), epochs=2, steps_per_epoch=2, verbose=0)
    parts.fit(training_batches(Noise(), **SIZES), epochs=1, steps_per_epoch=2, verbose=0)
    data = training_batches(Noise(), first_step=2, **SIZES)
    parts.fit(data, initial_epoch=1, epochs=2, steps_per_epoch=2, verbose=0)
    for x, y in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(x, y, atol=1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("sizes", "batch", "side"), [(32, 4, 32), ((32, 64), None, None)])
def test_tensorflow_data(sizes, batch, side):
    data = training_batches(Noise(), batch_size=4, crop_size=sizes)
    inputs, target = data.element_spec
    assert inputs.shape.as_list() == [batch, side, side, 4]
    assert target.shape.as_list() == [batch, side, side, 11]
    assert data.options().autotune.enabled is False


def test_damaged_file_stops_with_its_name(batches):
    class Damaged(Noise):
        def background(self, rng):
            raise PictureError("wall.jpg is cut short")

    # TensorFlow has exceptions of its own, whose text holds the original's.
    with pytest.raises(Exception, match=r"PictureError: wall\.jpg is cut short|^wall\.jpg is cut short"):
        batches(1, Damaged(), **SIZES)


BELOW = {"batch_size": 0, "crop_size": 15, "seed": -1, "first_step": -1, "workers": 0}


@pytest.mark.parametrize(("name", "value"), [*BELOW.items(), ("seed", 0.5), ("seed", "0")])
def test_bad_arguments(name, value):
    with pytest.raises(ValueError, match=rf"`{name}` must be an integer of at least \d+. Received: {name}={value!r}"):
        training_batches(Noise(), **{name: value})
    with pytest.raises(ValueError, match=r"`crop_size` must be .*Received: an empty one"):
        training_batches(Noise(), crop_size=())
    with pytest.raises(ValueError, match=r"`batch_size` must be a multiple of 2\. Received: batch_size=3"):
        training_batches(Noise(), share=Share(0, 1, 2), **SIZES)
