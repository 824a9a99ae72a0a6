// Which sizes fit each other: one text for every way in which they do not.

#ifndef A2U_CUSTOM_OPS_KERNELS_CHECKS_H_
#define A2U_CUSTOM_OPS_KERNELS_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

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
std::string CheckUpstream(const Problem& problem, const std::vector<int64_t>& upstream);

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_CHECKS_H_
