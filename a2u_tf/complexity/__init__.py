"""What operators and networks cost: parameters, multiply-accumulates and memory, by formula and counted from graphs."""

from a2u_tf.complexity.cost import Cost
from a2u_tf.complexity.formulas import network_cost, operator_cost
from a2u_tf.complexity.graph import GraphCost, count
from a2u_tf.complexity.methods import method_costs
from a2u_tf.complexity.table_1 import kernel_parameters

__all__ = [
    "Cost",
    "GraphCost",
    "count",
    "kernel_parameters",
    "method_costs",
    "network_cost",
    "operator_cost",
]
