// What the CUDA kernels share: element types, short vectors of channels, and launches.

#ifndef A2U_CUSTOM_OPS_CUDA_DEVICE_CUH_
#define A2U_CUSTOM_OPS_CUDA_DEVICE_CUH_

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#include <math.h>  // the functions of either precision, in the global namespace

#include <cstdint>

#include "custom_ops/kernels/problem.h"

namespace a2u {
namespace cuda {

constexpr int kThreads = 256;
// Blocks that a multiprocessor shall hold at once. Without this the compiler spills registers for the sake of more of
// them; indices of 64 bits take twice the registers, and V channels are V sums.
template <typename Index, int V>
constexpr int kBlocks = sizeof(Index) == 8 ? 1 : V > 4 ? 3 : 4;
constexpr int kWarp = 32;

template <typename T>
struct AccumulatorOf {
  using Type = float;
};
template <>
struct AccumulatorOf<double> {
  using Type = double;
};
template <typename T>
using Accumulator = typename AccumulatorOf<T>::Type;

__device__ inline float Widen(float x) { return x; }
__device__ inline double Widen(double x) { return x; }
__device__ inline float Widen(__half x) { return __half2float(x); }
__device__ inline float Widen(__nv_bfloat16 x) { return __bfloat162float(x); }

__device__ inline void Narrow(float x, float* to) { *to = x; }
__device__ inline void Narrow(double x, double* to) { *to = x; }
__device__ inline void Narrow(float x, __half* to) { *to = __float2half_rn(x); }
__device__ inline void Narrow(float x, __nv_bfloat16* to) { *to = __float2bfloat16_rn(x); }

// V channels of one pixel, read and written in one access of up to 16 bytes; the address is a multiple of their size.
template <typename T, int V>
struct alignas(V * sizeof(T)) Packet {
  T values[V];
};

template <typename T, int V>
__device__ inline void Load(const T* from, Accumulator<T> (&to)[V]) {
  const Packet<T, V> packet = *reinterpret_cast<const Packet<T, V>*>(from);
#pragma unroll
  for (int v = 0; v < V; ++v) to[v] = Widen(packet.values[v]);
}

template <typename T, int V>
__device__ inline void Store(const Accumulator<T> (&from)[V], T* to) {
  Packet<T, V> packet;
#pragma unroll
  for (int v = 0; v < V; ++v) Narrow(from[v], &packet.values[v]);
  *reinterpret_cast<Packet<T, V>*>(to) = packet;
}

// A problem with the index type that its tensors need.
template <typename Index>
struct Sizes {
  explicit Sizes(const Problem& p)
      : batch(p.batch),
        source_height(p.source_height),
        source_width(p.source_width),
        height(p.height),
        width(p.width),
        channels(p.channels),
        kernel_size(p.kernel_size),
        up(p.up),
        down(p.down),
        groups(p.groups),
        group_channels(p.group_channels()),
        before(p.before()),
        taps(p.taps()),
        depth(p.depth()),
        maps(p.maps),
        broadcast(p.broadcast) {}

  __device__ Index Source(Index n, Index v, Index u) const {
    return ((n * source_height + v) * source_width + u) * channels;
  }
  __device__ Index Output(Index n, Index y, Index x) const { return ((n * height + y) * width + x) * channels; }
  __device__ Index Kernel(Index n, Index y, Index x) const {
    return (broadcast ? n * maps : (n * height + y) * width + x) * depth;
  }
  // Of the output, one of `maps`.
  __device__ Index MapSize() const { return batch * height * width * channels; }

  Index batch, source_height, source_width, height, width, channels, kernel_size, up, down, groups, group_channels;
  Index before, taps, depth, maps;
  bool broadcast;
};

// A loop over [0, count) by the whole grid.
template <typename Index>
struct GridRange {
  __device__ GridRange()
      : first(static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x),
        step(static_cast<Index>(gridDim.x) * blockDim.x) {}
  Index first, step;
};

// A grid is no larger than this; its loops do the rest. Tests make it small.
#ifndef A2U_MAX_BLOCKS
#define A2U_MAX_BLOCKS (1 << 20)
#endif

inline int64_t AtMost(int64_t blocks) { return blocks < A2U_MAX_BLOCKS ? blocks : A2U_MAX_BLOCKS; }

inline int64_t Blocks(int64_t threads) { return AtMost((threads + kThreads - 1) / kThreads); }

// Launches by a function of the runtime, which every C++ compiler can read.
template <typename... Expected, typename... Actual>
void Launch(void (*kernel)(Expected...), int64_t blocks, cudaStream_t stream, Actual... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(blocks));
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  cudaLaunchKernelEx(&config, kernel, arguments...);
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_DEVICE_CUH_
