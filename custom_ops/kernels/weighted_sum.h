// The inner loop of the forward pass and of the gradient to the features: weighted sums of a window's pixels, several
// sums of one window at a time. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_
#define A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_

#include <cstdint>

#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

constexpr int kMaxSums = 4;  // four sums of two vectors fill the registers of AVX2

// A rectangle of a channels-last map.
template <typename T>
struct Window {
  const T* data;
  int64_t rows, columns;
  int64_t row_stride;  // in elements
  int64_t channels;    // of the map
};

// Below this many channels a group is no vector, and weights are laid out per channel.
constexpr int64_t kNarrowGroup = 8;

// `P` sums over V vectors of L channels from `channel` on. `weights[p]` has rows `weight_stride` apart.
template <typename T, int P, int V, int L>
inline void SumBlock(const Window<T>& window, const Accumulator<T>* const* weights, int64_t weight_stride,
                     int64_t channel, T* const* sums) {
  using Vec = Vector<Accumulator<T>, L>;
  Vec total[P][V] = {};
  for (int64_t i = 0; i < window.rows; ++i) {
    const T* pixel = window.data + i * window.row_stride + channel;
    const int64_t row = i * weight_stride;
    for (int64_t j = 0; j < window.columns; ++j, pixel += window.channels) {
      Vec x[V];
      for (int v = 0; v < V; ++v) x[v] = Memory<T, L>::Load(pixel + v * L);
      for (int p = 0; p < P; ++p) {
        const Accumulator<T> weight = weights[p][row + j];
        for (int v = 0; v < V; ++v) total[p][v] += weight * x[v];
      }
    }
  }
  for (int p = 0; p < P; ++p) {
    for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[p][v], sums[p] + channel + v * L);
  }
}

// `P` sums over the channels [channel, end): as many vectors at a time as fit, then fewer, then shorter ones.
template <typename T, int P, int V = 8 / P, int L = kFullWidth<Accumulator<T>>>
inline void WeightedSums(const Window<T>& window, const Accumulator<T>* const* weights, int64_t weight_stride,
                         int64_t channel, int64_t end, T* const* sums) {
  for (; channel + V * L <= end; channel += V * L) {
    SumBlock<T, P, V, L>(window, weights, weight_stride, channel, sums);
  }
  if (channel == end) return;
  if constexpr (V > 1) {
    WeightedSums<T, P, V / 2, L>(window, weights, weight_stride, channel, end, sums);
  } else if constexpr (L > 1) {
    WeightedSums<T, P, 1, L / 2>(window, weights, weight_stride, channel, end, sums);
  }
}

// The same for a count of sums that is known at run time, at most kMaxSums.
template <typename T>
inline void WeightedSums(int count, const Window<T>& window, const Accumulator<T>* const* weights,
                         int64_t weight_stride, int64_t channel, int64_t end, T* const* sums) {
  switch (count) {
    case 1:
      return WeightedSums<T, 1>(window, weights, weight_stride, channel, end, sums);
    case 2:
      return WeightedSums<T, 2>(window, weights, weight_stride, channel, end, sums);
    case 3:
      return WeightedSums<T, 3>(window, weights, weight_stride, channel, end, sums);
    default:
      return WeightedSums<T, 4>(window, weights, weight_stride, channel, end, sums);
  }
}

// One sum over V vectors of L channels whose weights are laid out per channel, like a window of its own.
template <typename T, int V, int L>
inline void ChannelwiseBlock(const Window<T>& window, const Window<Accumulator<T>>& weights, int64_t channel, T* sum) {
  using A = Accumulator<T>;
  Vector<A, L> total[V] = {};
  for (int64_t i = 0; i < window.rows; ++i) {
    for (int64_t j = 0; j < window.columns; ++j) {
      const T* pixel = window.data + i * window.row_stride + j * window.channels + channel;
      const A* weight = weights.data + i * weights.row_stride + j * weights.channels + channel;
      for (int v = 0; v < V; ++v) {
        total[v] += Memory<A, L>::Load(weight + v * L) * Memory<T, L>::Load(pixel + v * L);
      }
    }
  }
  for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[v], sum + channel + v * L);
}

template <typename T, int V = 4, int L = kFullWidth<Accumulator<T>>>
inline void ChannelwiseSum(const Window<T>& window, const Window<Accumulator<T>>& weights, int64_t channel, T* sum) {
  for (; channel + V * L <= window.channels; channel += V * L) {
    ChannelwiseBlock<T, V, L>(window, weights, channel, sum);
  }
  if (channel == window.channels) return;
  if constexpr (V > 1) {
    ChannelwiseSum<T, 1, L>(window, weights, channel, sum);
  } else if constexpr (L > 1) {
    ChannelwiseSum<T, 1, L / 2>(window, weights, channel, sum);
  }
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_
