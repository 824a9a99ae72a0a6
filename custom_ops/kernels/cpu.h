// The CPU kernels, compiled for several instruction sets and chosen by what the processor has.

#ifndef A2U_CUSTOM_OPS_KERNELS_CPU_H_
#define A2U_CUSTOM_OPS_KERNELS_CPU_H_

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/dtypes.h"
#include "custom_ops/kernels/problem.h"

namespace a2u {

// Tensors are dense and channels-last. Half precisions are accumulated in float32. Every element of the result is
// written, by one thread and in one order: two runs give the same bits.
struct CpuKernels {
  void (*forward)(const Problem&, const void* features, const void* kernels, void* output);
  void (*features_gradient)(const Problem&, const void* kernels, const void* upstream, void* gradient);
  void (*kernels_gradient)(const Problem&, const void* features, const void* upstream, void* gradient);
  // What makes kernel maps, in float32 and float64 alone: null for the others. Encodings and the scale and offset of
  // their norms are given as u, v, gamma of u, of v, beta of u, of v.
  void (*affinity)(const AffinityProblem&, const void* const inputs[6], void* affinity);
  void (*affinity_gradient)(const AffinityProblem&, const void* const inputs[6], const void* upstream,
                            void* const gradients[6]);
  void (*kernel_maps)(const KernelMapsProblem&, const void* affinity, const void* projection, void* maps);
  void (*kernel_maps_gradient)(const KernelMapsProblem&, const void* affinity, const void* projection,
                               const void* upstream, void* to_affinity, void* to_projection);
};

enum Isa { kBaseline, kAvx2, kAvx512, kIsas };

const char* IsaName(Isa isa);

// Whether this build and this processor have it.
bool IsaAvailable(Isa isa);

// What the ops use: the best, or the one that the environment variable A2U_TF_INSTRUCTION_SET names, for tests.
Isa ChosenIsa();

const CpuKernels& CpuKernelsFor(Isa isa, DType dtype);

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_CPU_H_
