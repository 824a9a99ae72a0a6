// The CPU kernels for one instruction set: compiled once for each, with A2U_ISA naming it and the flags that switch it
// on.

#include "custom_ops/kernels/cpu.h"
#include "custom_ops/kernels/features_gradient.h"
#include "custom_ops/kernels/forward.h"
#include "custom_ops/kernels/kernels_gradient.h"
#include "custom_ops/kernels/shared_kernels_gradient.h"

namespace a2u {
namespace A2U_ISA {
namespace {

template <typename T>
void RunForward(const Problem& problem, const void* features, const void* kernels, void* output) {
  Forward<T>(problem, static_cast<const T*>(features), static_cast<const T*>(kernels), static_cast<T*>(output)).Run();
}

template <typename T>
void RunFeaturesGradient(const Problem& problem, const void* kernels, const void* upstream, void* gradient) {
  FeaturesGradient<T>(problem, static_cast<const T*>(kernels), static_cast<const T*>(upstream),
                      static_cast<T*>(gradient))
      .Run();
}

template <typename T>
void RunKernelsGradient(const Problem& problem, const void* features, const void* upstream, void* gradient) {
  const T* x = static_cast<const T*>(features);
  const T* dy = static_cast<const T*>(upstream);
  if (problem.broadcast) {
    SharedKernelsGradient<T>(problem, x, dy, static_cast<T*>(gradient)).Run();
  } else {
    KernelsGradient<T>(problem, x, dy, static_cast<T*>(gradient)).Run();
  }
}

template <typename T>
constexpr CpuKernels kKernels = {RunForward<T>, RunFeaturesGradient<T>, RunKernelsGradient<T>};

}  // namespace

extern const CpuKernels kTable[kDTypes];
const CpuKernels kTable[kDTypes] = {kKernels<Half>, kKernels<BFloat16>, kKernels<float>, kKernels<double>};

}  // namespace A2U_ISA
}  // namespace a2u
