#include <type_traits>

#include "custom_ops/cuda/forward.cuh"
#include "custom_ops/cuda/gradients.cuh"
#include "custom_ops/cuda/kernels.h"

namespace a2u {
namespace {

using namespace cuda;  // NOLINT: this file is the door to it

template <typename T>
struct Pointers {
  const T *features, *kernels, *upstream;
  T* result;
  cudaStream_t stream;
};

// The channels that one thread holds: as many as fill 16 bytes, where the groups' borders and the channels allow it.
template <typename T>
constexpr int kPacket = 16 / sizeof(T);

template <typename T>
bool FitsPackets(const Problem& p) {
  return p.group_channels() % kPacket<T> == 0;
}

bool NeedsWideIndex(const Problem& p) {
  // Room for the last step of a grid's loop beyond the end.
  constexpr int64_t kLimit = (int64_t{1} << 31) - (int64_t{1} << 29);
  const int64_t results = p.batch * p.height * p.width * p.groups;
  return p.features_size() >= kLimit || p.output_size() >= kLimit || p.kernels_size() >= kLimit ||
         results * kWarp >= kLimit;
}

template <typename T, typename Index, int V>
void Forward(const Problem& p, const Pointers<T>& t) {
  const Sizes<Index> sizes(p);
  const bool cells = p.up == 2 && (p.kernel_size == 3 || p.kernel_size == 5);
  if (cells) {
    const auto kernel = p.kernel_size == 3 ? ForwardCells<T, Index, V, 3> : ForwardCells<T, Index, V, 5>;
    Launch(kernel, Blocks(p.features_size() / V), t.stream, sizes, t.features, t.kernels, t.result);
    return;
  }
  Launch(ForwardPixels<T, Index, V>, Blocks(p.output_size() / V), t.stream, sizes, t.features, t.kernels, t.result);
}

template <typename T, typename Index, int V>
void FeaturesGradient(const Problem& p, const Pointers<T>& t) {
  Launch(FeaturesGradientPixels<T, Index, V>, Blocks(p.features_size() / V), t.stream, Sizes<Index>(p), t.kernels,
         t.upstream, t.result);
}

template <typename T, typename Index, int V>
void KernelsGradient(const Problem& p, const Pointers<T>& t) {
  const Sizes<Index> sizes(p);
  if (p.broadcast) {
    Launch(SharedKernelsGradientBlocks<T, Index>, AtMost(p.kernels_size()), t.stream, sizes, t.features, t.upstream, t.result);
    return;
  }
  const bool known = p.kernel_size == 3 || p.kernel_size == 5 || p.kernel_size == 6;
  if (known && p.group_channels() >= 16) {
    const auto kernel = p.kernel_size == 3   ? KernelsGradientWarps<T, Index, V, 3>
                        : p.kernel_size == 5 ? KernelsGradientWarps<T, Index, V, 5>
                                             : KernelsGradientWarps<T, Index, V, 6>;
    Launch(kernel, Blocks(p.batch * p.height * p.width * p.groups * kWarp), t.stream, sizes, t.features, t.upstream,
           t.result);
    return;
  }
  Launch(KernelsGradientTaps<T, Index>, Blocks(p.kernels_size()), t.stream, sizes, t.features, t.upstream, t.result);
}

enum Pass { kForward, kFeaturesGradient, kKernelsGradient };

template <typename T, typename Index, int V>
void RunPass(Pass pass, const Problem& p, const Pointers<T>& t) {
  if (pass == kForward) Forward<T, Index, V>(p, t);
  if (pass == kFeaturesGradient) FeaturesGradient<T, Index, V>(p, t);
  if (pass == kKernelsGradient) KernelsGradient<T, Index, V>(p, t);
}

template <typename T>
void RunPass(Pass pass, const Problem& p, const void* features, const void* kernels, const void* upstream, void* result,
             void* stream) {
  const Pointers<T> t = {static_cast<const T*>(features), static_cast<const T*>(kernels),
                         static_cast<const T*>(upstream), static_cast<T*>(result), static_cast<cudaStream_t>(stream)};
  if (NeedsWideIndex(p)) {
    FitsPackets<T>(p) ? RunPass<T, int64_t, kPacket<T>>(pass, p, t) : RunPass<T, int64_t, 1>(pass, p, t);
  } else {
    FitsPackets<T>(p) ? RunPass<T, int32_t, kPacket<T>>(pass, p, t) : RunPass<T, int32_t, 1>(pass, p, t);
  }
}

const char* Run(Pass pass, DType dtype, const Problem& p, const void* features, const void* kernels,
                const void* upstream, void* result, void* stream) {
  const int64_t size = pass == kForward            ? p.output_size()
                       : pass == kFeaturesGradient ? p.features_size()
                                                   : p.kernels_size();
  if (size == 0) return nullptr;
  if (p.channels == 0) {  // a sum over nothing
    const size_t element = dtype == kDouble ? 8 : dtype == kFloat ? 4 : 2;
    cudaMemsetAsync(result, 0, size * element, static_cast<cudaStream_t>(stream));
  } else if (dtype == kHalf) {
    RunPass<__half>(pass, p, features, kernels, upstream, result, stream);
  } else if (dtype == kBFloat16) {
    RunPass<__nv_bfloat16>(pass, p, features, kernels, upstream, result, stream);
  } else if (dtype == kFloat) {
    RunPass<float>(pass, p, features, kernels, upstream, result, stream);
  } else {
    RunPass<double>(pass, p, features, kernels, upstream, result, stream);
  }
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

}  // namespace

const char* CudaForward(DType dtype, const Problem& problem, const void* features, const void* kernels, void* output,
                        void* stream) {
  return Run(kForward, dtype, problem, features, kernels, nullptr, output, stream);
}

const char* CudaFeaturesGradient(DType dtype, const Problem& problem, const void* kernels, const void* upstream,
                                 void* gradient, void* stream) {
  return Run(kFeaturesGradient, dtype, problem, nullptr, kernels, upstream, gradient, stream);
}

const char* CudaKernelsGradient(DType dtype, const Problem& problem, const void* features, const void* upstream,
                                void* gradient, void* stream) {
  return Run(kKernelsGradient, dtype, problem, features, nullptr, upstream, gradient, stream);
}

}  // namespace a2u
