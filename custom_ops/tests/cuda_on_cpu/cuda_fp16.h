// CUDA's half precision on the CPU, by the conversions of the CPU kernels.

#ifndef A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_FP16_H_
#define A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_FP16_H_

#define A2U_ISA on_device
#include "custom_ops/kernels/vector.h"
#undef A2U_ISA

struct __half {
  __half() = default;
  explicit __half(float x) : bits(a2u::on_device::ToHalf(x)) {}
  operator float() const { return a2u::on_device::ToFloat(bits); }
  a2u::Half bits;
};

inline float __half2float(__half x) { return x; }
inline __half __float2half_rn(float x) { return __half(x); }

#endif  // A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_FP16_H_
