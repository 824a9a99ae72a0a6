// The CPU kernels for one instruction set: compiled once for each, with A2U_ISA naming it and the flags that switch it
// on.

#include "custom_ops/kernels/affinity.h"
#include "custom_ops/kernels/affinity_gradient.h"
#include "custom_ops/kernels/cpu.h"
#include "custom_ops/kernels/features_gradient.h"
#include "custom_ops/kernels/forward.h"
#include "custom_ops/kernels/kernel_maps.h"
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
typename Encodings<T>::Inputs AffinityInputs(const void* const from[6]) {
  const auto at = [&](int k) { return static_cast<const T*>(from[k]); };
  return {{at(0), at(1)}, {at(2), at(3)}, {at(4), at(5)}};
}

template <typename T>
void RunAffinity(const AffinityProblem& problem, const void* const inputs[6], void* affinity) {
  Affinity<T>(problem, AffinityInputs<T>(inputs)).Run(static_cast<T*>(affinity));
}

template <typename T>
void RunAffinityGradient(const AffinityProblem& problem, const void* const inputs[6], const void* upstream,
                         void* const gradients[6]) {
  const auto at = [&](int k) { return static_cast<T*>(gradients[k]); };
  AffinityGradient<T>(problem, AffinityInputs<T>(inputs))
      .Run(static_cast<const T*>(upstream), {{at(0), at(1)}, {at(2), at(3)}, {at(4), at(5)}});
}

template <typename T>
void RunKernelMaps(const KernelMapsProblem& problem, const void* affinity, const void* projection, void* maps) {
  KernelMaps<T>(problem, static_cast<const T*>(affinity), static_cast<const T*>(projection))
      .Forward(static_cast<T*>(maps));
}

template <typename T>
void RunKernelMapsGradient(const KernelMapsProblem& problem, const void* affinity, const void* projection,
                           const void* upstream, void* to_affinity, void* to_projection) {
  KernelMaps<T>(problem, static_cast<const T*>(affinity), static_cast<const T*>(projection))
      .Backward(static_cast<const T*>(upstream), static_cast<T*>(to_affinity), static_cast<T*>(to_projection));
}

template <typename T>
constexpr CpuKernels kKernels = {
    RunForward<T>, RunFeaturesGradient<T>, RunKernelsGradient<T>, nullptr, nullptr, nullptr, nullptr};
template <typename T>
constexpr CpuKernels kWideKernels = {RunForward<T>,           RunFeaturesGradient<T>, RunKernelsGradient<T>,
                                     RunAffinity<T>,          RunAffinityGradient<T>, RunKernelMaps<T>,
                                     RunKernelMapsGradient<T>};

}  // namespace

extern const CpuKernels kTable[kDTypes];
const CpuKernels kTable[kDTypes] = {kKernels<Half>, kKernels<BFloat16>, kWideKernels<float>, kWideKernels<double>};

}  // namespace A2U_ISA
}  // namespace a2u
