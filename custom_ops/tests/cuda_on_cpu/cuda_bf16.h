// CUDA's bfloat16 on the CPU, by the conversions of the CPU kernels.

#ifndef A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_BF16_H_
#define A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_BF16_H_

#include "custom_ops/tests/cuda_on_cpu/cuda_fp16.h"

struct __nv_bfloat16 {
  __nv_bfloat16() = default;
  explicit __nv_bfloat16(float x) : bits(a2u::on_device::ToBFloat16(x)) {}
  operator float() const { return a2u::on_device::Widen(bits); }
  a2u::BFloat16 bits;
};

inline float __bfloat162float(__nv_bfloat16 x) { return x; }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return __nv_bfloat16(x); }

#endif  // A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_BF16_H_
