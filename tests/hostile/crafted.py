"""Graphs that call an op past our Python checks."""

import numpy as np


def run_crafted(tf, op, attributes, shapes):
    """Run a graph of placeholders that say nothing of their shapes, and the op; no check of ours has seen it."""
    graph = tf.compat.v1.GraphDef()
    names = [f"input_{number}" for number in range(len(shapes))]
    for name in names:
        node = graph.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["shape"].shape.unknown_rank = True
    node = graph.node.add(name="op", op=op, input=names)
    node.attr["T"].type = tf.float32.as_datatype_enum
    for name, value in attributes.items():
        if isinstance(value, str):
            node.attr[name].s = value.encode()
        elif value is not None:
            node.attr[name].i = value
    with tf.Graph().as_default():
        tf.graph_util.import_graph_def(graph, name="")
        with tf.compat.v1.Session() as session:
            feed = {f"{name}:0": np.zeros(shape, "float32") for name, shape in zip(names, shapes, strict=True)}
            return session.run("op:0", feed)
