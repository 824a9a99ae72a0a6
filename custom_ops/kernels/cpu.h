// The CPU kernels, compiled for several instruction sets and chosen by what the processor has.

#ifndef A2U_CUSTOM_OPS_KERNELS_CPU_H_
#define A2U_CUSTOM_OPS_KERNELS_CPU_H_

#include "custom_ops/kernels/dtypes.h"
#include "custom_ops/kernels/problem.h"

namespace a2u {

// Tensors are dense and channels-last. Half precisions are accumulated in float32. Every element of the result is
// written, by one thread and in one order: two runs give the same bits.
struct CpuKernels {
  void (*forward)(const Problem&, const void* features, const void* kernels, void* output);
  void (*features_gradient)(const Problem&, const void* kernels, const void* upstream, void* gradient);
  void (*kernels_gradient)(const Problem&, const void* features, const void* upstream, void* gradient);
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
