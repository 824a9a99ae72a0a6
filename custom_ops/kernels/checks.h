// Which sizes fit each other: one text for every way in which they do not.

#ifndef A2U_CUSTOM_OPS_KERNELS_CHECKS_H_
#define A2U_CUSTOM_OPS_KERNELS_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/problem.h"

namespace a2u {

struct Attributes {
  int64_t kernel_size = 1;
  int64_t up = 1;
  int64_t down = 1;
  int64_t groups = 1;
};

// Each returns an empty string, or what was expected, what was received and the way out.
std::string CheckAttributes(const Attributes& attributes);
std::string MakeProblem(const Attributes& attributes, const std::vector<int64_t>& features,
                        const std::vector<int64_t>& kernels, Problem* problem);

struct AffinityAttributes {
  int64_t rank = 1;
  int64_t norm_groups = 0;
  int64_t epsilon_bits = 0;  // of a float64, which no attribute of an op can be
};
std::string MakeAffinityProblem(const AffinityAttributes& attributes, const std::vector<int64_t>& encoded,
                                const std::vector<int64_t>& norms, AffinityProblem* problem);
// Of the affinity of encodings of that shape.
std::vector<int64_t> AffinityShape(const AffinityProblem& problem, std::vector<int64_t> encoded);

struct KernelMapsAttributes {
  int64_t scale = 1;
  int64_t groups = 1;
  int64_t taps = 1;
  std::string normalization;
};
std::string MakeKernelMapsProblem(const KernelMapsAttributes& attributes, const std::vector<int64_t>& affinity,
                                  const std::vector<int64_t>& projection, KernelMapsProblem* problem);

// Of an upstream gradient, by the shape of the output.
std::string CheckUpstream(const std::vector<int64_t>& output, const std::vector<int64_t>& upstream);

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_CHECKS_H_
