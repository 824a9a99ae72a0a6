// The CUDA kernels, free of TensorFlow: plain pointers, sizes and a stream.

#ifndef A2U_CUSTOM_OPS_CUDA_KERNELS_H_
#define A2U_CUSTOM_OPS_CUDA_KERNELS_H_

#include "custom_ops/kernels/dtypes.h"
#include "custom_ops/kernels/problem.h"

namespace a2u {

// Tensors are dense, channels-last and on the device; `stream` is a cudaStream_t. Half precisions are accumulated in
// float32. Gradients are gathered, without atomics: two runs give the same bits. Each returns null, or the text of the
// CUDA error of its launch.
const char* CudaForward(DType dtype, const Problem& problem, const void* features, const void* kernels, void* output,
                        void* stream);
const char* CudaFeaturesGradient(DType dtype, const Problem& problem, const void* kernels, const void* upstream,
                                 void* gradient, void* stream);
const char* CudaKernelsGradient(DType dtype, const Problem& problem, const void* features, const void* upstream,
                                void* gradient, void* stream);

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_KERNELS_H_
