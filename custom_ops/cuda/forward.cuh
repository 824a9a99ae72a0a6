// Forward pass. Neighbouring threads hold neighbouring channels, so that maps are read and written in whole lines; the
// weights of a pixel are the same address for all of its threads.

#ifndef A2U_CUSTOM_OPS_CUDA_FORWARD_CUH_
#define A2U_CUSTOM_OPS_CUDA_FORWARD_CUH_

#include "custom_ops/cuda/device.cuh"

namespace a2u {
namespace cuda {

// Upsampling by 2 with a known kernel: one thread makes V channels of the four outputs that share a window.
template <typename T, typename Index, int V, int kKernelSize>
__global__ void __launch_bounds__(kThreads, kBlocks<Index, V>) ForwardCells(Sizes<Index> s, const T* __restrict__ features,
                                                         const T* __restrict__ kernels, T* __restrict__ output) {
  using A = Accumulator<T>;
  const Index packets = s.channels / V;
  const Index total = s.batch * s.source_height * s.source_width * packets;
  for (GridRange<Index> range; range.first < total; range.first += range.step) {
    const Index channel = range.first % packets * V;
    const Index cell = range.first / packets;
    const Index column = cell % s.source_width, row = cell / s.source_width % s.source_height;
    const Index n = cell / s.source_width / s.source_height;
    const Index group = s.groups == 1 ? 0 : channel / s.group_channels * s.taps;
    const T* weights[4];
    bool inside[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const Index y = 2 * row + k / 2, x = 2 * column + k % 2;
      inside[k] = y < s.height && x < s.width;
      weights[k] = kernels + (inside[k] ? s.Kernel(n, y, x) : s.Kernel(n, 2 * row, 2 * column)) + group;
    }
    A total_of[4][V] = {};
#pragma unroll
    for (int i = 0; i < kKernelSize; ++i) {
      const Index v = row + i - s.before;
      if (v < 0 || v >= s.source_height) continue;
#pragma unroll
      for (int j = 0; j < kKernelSize; ++j) {
        const Index u = column + j - s.before;
        if (u < 0 || u >= s.source_width) continue;
        A pixel[V];
        Load<T, V>(features + s.Source(n, v, u) + channel, pixel);
#pragma unroll
        for (int k = 0; k < 4; ++k) {
          const A weight = Widen(weights[k][i * kKernelSize + j]);
#pragma unroll
          for (int c = 0; c < V; ++c) total_of[k][c] += weight * pixel[c];
        }
      }
    }
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (inside[k]) Store<T, V>(total_of[k], output + s.Output(n, 2 * row + k / 2, 2 * column + k % 2) + channel);
    }
  }
}

// Any kernel, ratio and direction: one thread makes V channels of one output.
template <typename T, typename Index, int V>
__global__ void __launch_bounds__(kThreads, kBlocks<Index, V>) ForwardPixels(Sizes<Index> s, const T* __restrict__ features,
                                                          const T* __restrict__ kernels, T* __restrict__ output) {
  using A = Accumulator<T>;
  const Index packets = s.channels / V;
  const Index total = s.maps * s.batch * s.height * s.width * packets;
  for (GridRange<Index> range; range.first < total; range.first += range.step) {
    const Index channel = range.first % packets * V;
    const Index pixel_index = range.first / packets;
    const Index x = pixel_index % s.width, y = pixel_index / s.width % s.height;
    const Index n = pixel_index / s.width / s.height % s.batch, m = pixel_index / s.width / s.height / s.batch;
    const T* weights = kernels + s.Kernel(n, y, x) + m * s.depth + channel / s.group_channels * s.taps;
    const Index top = y * s.down / s.up - s.before, left = x * s.down / s.up - s.before;
    A sum[V] = {};
    for (Index i = top < 0 ? -top : 0; i < s.kernel_size && top + i < s.source_height; ++i) {
      for (Index j = left < 0 ? -left : 0; j < s.kernel_size && left + j < s.source_width; ++j) {
        A pixel[V];
        Load<T, V>(features + s.Source(n, top + i, left + j) + channel, pixel);
        const A weight = Widen(weights[i * s.kernel_size + j]);
#pragma unroll
        for (int c = 0; c < V; ++c) sum[c] += weight * pixel[c];
      }
    }
    Store<T, V>(sum, output + pixel_index * s.channels + channel);
  }
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_FORWARD_CUH_
