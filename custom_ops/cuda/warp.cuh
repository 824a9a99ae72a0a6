// Sums over the lanes of a warp.

#ifndef A2U_CUSTOM_OPS_CUDA_WARP_CUH_
#define A2U_CUSTOM_OPS_CUDA_WARP_CUH_

#include "custom_ops/cuda/device.cuh"

namespace a2u {
namespace cuda {

template <typename A>
__device__ inline A WarpSum(A value) {
#pragma unroll
  for (int offset = kWarp / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffu, value, offset);
  return value;
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_WARP_CUH_
