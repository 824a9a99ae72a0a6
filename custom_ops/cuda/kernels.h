// The CUDA kernels, free of TensorFlow: plain pointers, sizes and a stream.

#ifndef A2U_CUSTOM_OPS_CUDA_KERNELS_H_
#define A2U_CUSTOM_OPS_CUDA_KERNELS_H_

#include "custom_ops/kernels/affinity_problem.h"
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

// What makes kernel maps, in float32 and float64. `norms` are the scales of the norms of u and of v, then their
// offsets. `scratch` has room for as many elements as the function beside it says.
int64_t CudaAffinityScratch(const AffinityProblem& problem);
const char* CudaAffinity(DType dtype, const AffinityProblem& problem, const void* u, const void* v, const void* norms,
                         void* affinity, void* scratch, void* stream);
const char* CudaAffinityGradient(DType dtype, const AffinityProblem& problem, const void* u, const void* v,
                                 const void* norms, const void* upstream, void* to_u, void* to_v, void* to_norms,
                                 void* scratch, void* stream);
int64_t CudaKernelMapsGradientScratch(const KernelMapsProblem& problem);
const char* CudaKernelMaps(DType dtype, const KernelMapsProblem& problem, const void* affinity, const void* projection,
                           void* maps, void* stream);
const char* CudaKernelMapsGradient(DType dtype, const KernelMapsProblem& problem, const void* affinity,
                                   const void* projection, const void* upstream, void* to_affinity, void* to_projection,
                                   void* scratch, void* stream);

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_KERNELS_H_
