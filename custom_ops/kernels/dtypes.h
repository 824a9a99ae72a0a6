// The element types of tensors: two of them have no name in C++17.

#ifndef A2U_CUSTOM_OPS_KERNELS_DTYPES_H_
#define A2U_CUSTOM_OPS_KERNELS_DTYPES_H_

#include <cstdint>

namespace a2u {

struct Half {
  uint16_t bits;
};

struct BFloat16 {
  uint16_t bits;
};

enum DType { kHalf, kBFloat16, kFloat, kDouble, kDTypes };

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_DTYPES_H_
