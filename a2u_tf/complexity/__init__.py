"""What operators and networks cost: parameters, multiply-accumulates and memory, by formula and counted from graphs."""

from a2u_tf.complexity.costs import kernel_parameters, method_costs, network_cost, operator_cost
from a2u_tf.complexity.formulas import Cost
from a2u_tf.complexity.graph import GraphCost, count

__all__ = ["Cost", "GraphCost", "count", "kernel_parameters", "method_costs", "network_cost", "operator_cost"]
