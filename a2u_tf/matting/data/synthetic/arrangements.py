"""Arrangements: solid things or furry ones with plants, nets or wicker behind or before them."""

from numpy.random import Generator

from a2u_tf.matting.data.synthetic import bodies, fabrics, hair, plants
from a2u_tf.matting.data.synthetic.layers import over
from a2u_tf.types import Array

SOLID = (bodies.objects, bodies.objects, hair.fur)
FINE = (plants.plant, plants.plant, fabrics.net, fabrics.lace, bodies.wicker)
BEHIND = 0.65  # of the fine things are behind the solid one


def arrangement(rng: Generator, height: int, width: int) -> Array:
    """Draw a solid or furry thing and a fine one, of which one covers a part of the other."""
    solid = SOLID[rng.integers(len(SOLID))](rng, height, width)
    fine = FINE[rng.integers(len(FINE))](rng, height, width)
    return over(solid, fine) if rng.random() < BEHIND else over(fine, solid)
