// Gradients, gathered: every element of a result is the sum of one thread, warp or block in a fixed order.

#ifndef A2U_CUSTOM_OPS_CUDA_GRADIENTS_CUH_
#define A2U_CUSTOM_OPS_CUDA_GRADIENTS_CUH_

#include "custom_ops/cuda/device.cuh"
#include "custom_ops/cuda/warp.cuh"

namespace a2u {
namespace cuda {

// To the features: one thread sums V channels of one source pixel over the outputs whose windows reached it.
template <typename T, typename Index, int V>
__global__ void __launch_bounds__(kThreads, kBlocks<Index, V>)
    FeaturesGradientPixels(Sizes<Index> s, const T* __restrict__ kernels, const T* __restrict__ upstream,
                           T* __restrict__ gradient) {
  using A = Accumulator<T>;
  const Index packets = s.channels / V;
  const Index total = s.batch * s.source_height * s.source_width * packets;
  for (GridRange<Index> range; range.first < total; range.first += range.step) {
    const Index channel = range.first % packets * V;
    const Index pixel = range.first / packets;
    const Index u = pixel % s.source_width, v = pixel / s.source_width % s.source_height;
    const Index n = pixel / s.source_width / s.source_height;
    const Index group = channel / s.group_channels * s.taps;
    // Output rows y with 0 <= v + before - y * down / up < kernel_size, likewise columns.
    const Index last_row = v + s.before, last_column = u + s.before;
    const Index first_row = last_row - s.kernel_size + 1, first_column = last_column - s.kernel_size + 1;
    const Index y_begin = first_row <= 0 ? 0 : s.up > 1 ? first_row * s.up : (first_row + s.down - 1) / s.down;
    const Index x_begin = first_column <= 0 ? 0 : s.up > 1 ? first_column * s.up : (first_column + s.down - 1) / s.down;
    const Index y_last = s.up > 1 ? last_row * s.up + s.up - 1 : last_row / s.down;
    const Index x_last = s.up > 1 ? last_column * s.up + s.up - 1 : last_column / s.down;
    const Index y_end = y_last < s.height ? y_last + 1 : s.height;
    const Index x_end = x_last < s.width ? x_last + 1 : s.width;
    A sum[V] = {};
    for (Index y = y_begin; y < y_end; ++y) {
      const Index i = last_row - y * s.down / s.up;
      for (Index x = x_begin; x < x_end; ++x) {
        const Index j = last_column - x * s.down / s.up;
        for (Index m = 0; m < s.maps; ++m) {
          A from[V];
          Load<T, V>(upstream + m * s.MapSize() + s.Output(n, y, x) + channel, from);
          const A weight = Widen(kernels[s.Kernel(n, y, x) + m * s.depth + group + i * s.kernel_size + j]);
#pragma unroll
          for (int c = 0; c < V; ++c) sum[c] += weight * from[c];
        }
      }
    }
    Store<T, V>(sum, gradient + pixel * s.channels + channel);
  }
}

// To kernels of a known size: one warp makes all taps of one output and group, its lanes share the channels.
template <typename T, typename Index, int V, int kKernelSize>
__global__ void __launch_bounds__(kThreads, 1)
    KernelsGradientWarps(Sizes<Index> s, const T* __restrict__ features, const T* __restrict__ upstream,
                         T* __restrict__ gradient) {
  using A = Accumulator<T>;
  constexpr int kTaps = kKernelSize * kKernelSize;
  const Index lane = threadIdx.x % kWarp;
  const Index total = s.batch * s.height * s.width * s.groups;
  for (GridRange<Index> range; range.first / kWarp < total; range.first += range.step) {
    const Index item = range.first / kWarp;
    const Index group = item % s.groups, pixel = item / s.groups;
    const Index x = pixel % s.width, y = pixel / s.width % s.height, n = pixel / s.width / s.height;
    const Index top = y * s.down / s.up - s.before, left = x * s.down / s.up - s.before;
    A sums[kTaps] = {};
    const Index begin = group * s.group_channels;
    for (Index c = begin + lane * V; c < begin + s.group_channels; c += kWarp * V) {
      A from[V];
      Load<T, V>(upstream + pixel * s.channels + c, from);
#pragma unroll
      for (int i = 0; i < kKernelSize; ++i) {
        if (top + i < 0 || top + i >= s.source_height) continue;
#pragma unroll
        for (int j = 0; j < kKernelSize; ++j) {
          if (left + j < 0 || left + j >= s.source_width) continue;
          A read[V];
          Load<T, V>(features + s.Source(n, top + i, left + j) + c, read);
#pragma unroll
          for (int k = 0; k < V; ++k) sums[i * kKernelSize + j] += from[k] * read[k];
        }
      }
    }
#pragma unroll
    for (int tap = 0; tap < kTaps; ++tap) {
      const A sum = WarpSum(sums[tap]);
      if (lane == tap % kWarp) Narrow(sum, gradient + pixel * s.depth + group * kTaps + tap);
    }
  }
}

// To kernels of any size: one thread makes one tap.
template <typename T, typename Index>
__global__ void __launch_bounds__(kThreads, kBlocks<Index, 1>)
    KernelsGradientTaps(Sizes<Index> s, const T* __restrict__ features, const T* __restrict__ upstream,
                        T* __restrict__ gradient) {
  using A = Accumulator<T>;
  const Index total = s.batch * s.height * s.width * s.depth;
  for (GridRange<Index> range; range.first < total; range.first += range.step) {
    const Index pixel = range.first / s.depth, group = range.first % s.depth / s.taps, tap = range.first % s.taps;
    const Index x = pixel % s.width, y = pixel / s.width % s.height, n = pixel / s.width / s.height;
    const Index v = y * s.down / s.up - s.before + tap / s.kernel_size;
    const Index u = x * s.down / s.up - s.before + tap % s.kernel_size;
    A sum = 0;
    if (0 <= v && v < s.source_height && 0 <= u && u < s.source_width) {
      const T* from = upstream + pixel * s.channels + group * s.group_channels;
      const T* read = features + s.Source(n, v, u) + group * s.group_channels;
      for (Index c = 0; c < s.group_channels; ++c) sum += Widen(from[c]) * Widen(read[c]);
    }
    Narrow(sum, gradient + range.first);
  }
}

// To kernels that all pixels of a sample share: one block makes one tap, summed over pixels and channels.
template <typename T, typename Index>
__global__ void __launch_bounds__(kThreads)
    SharedKernelsGradientBlocks(Sizes<Index> s, const T* __restrict__ features, const T* __restrict__ upstream,
                                T* __restrict__ gradient) {
  using A = Accumulator<T>;
  __shared__ A warps[kThreads / kWarp];
  const Index depth = s.maps * s.depth, total = s.batch * depth;
  const Index count = s.height * s.width * s.group_channels;
  for (Index item = blockIdx.x; item < total; item += gridDim.x) {
    const Index n = item / depth, m = item % depth / s.depth, group = item % s.depth / s.taps, tap = item % s.taps;
    A sum = 0;
    for (Index k = threadIdx.x; k < count; k += blockDim.x) {
      const Index c = group * s.group_channels + k % s.group_channels;
      const Index pixel = k / s.group_channels, x = pixel % s.width, y = pixel / s.width;
      const Index v = y * s.down / s.up - s.before + tap / s.kernel_size;
      const Index u = x * s.down / s.up - s.before + tap % s.kernel_size;
      if (v < 0 || v >= s.source_height || u < 0 || u >= s.source_width) continue;
      sum += Widen(upstream[m * s.MapSize() + s.Output(n, y, x) + c]) * Widen(features[s.Source(n, v, u) + c]);
    }
    sum = WarpSum(sum);
    if (threadIdx.x % kWarp == 0) warps[threadIdx.x / kWarp] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
      for (int w = 1; w < kThreads / kWarp; ++w) sum += warps[w];
      Narrow(sum, gradient + item);
    }
    __syncthreads();
  }
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_GRADIENTS_CUH_
