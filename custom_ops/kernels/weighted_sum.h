// The inner loop of the forward pass and of the gradient to the features: weighted sums of the pixels of windows. Per
// instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_
#define A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_

#include <cstdint>

#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

constexpr int kMaxSums = 4;       // at once: of two vectors each they fill the registers of AVX2
constexpr int kAccumulators = 8;  // vectors that are summed into at once: they hide the latency of an addition

// Below this many channels a group is no vector, and weights are laid out per channel.
constexpr int64_t kNarrowGroup = 8;

// What windows of one size have in common: where their pixels lie in a channels-last map, and where the weights lie,
// both from the window's first on.
struct Layout {
  int64_t rows, columns;
  int64_t row_stride, column_stride;
  const int64_t* weight_rows;
  const int64_t* weight_columns;
};

// S sums at once, each over a window of its own or, where `Shared`, all over one. `pixels` has one window for each sum,
// or one.
template <typename T, int S, bool Shared, int V, int L>
inline void SumBlock(const Layout& layout, const T* const* pixels, const T* const* weights, int64_t channel,
                     T* const* sums) {
  using Vec = Vector<Accumulator<T>, L>;
  Vec total[S][V] = {};
  for (int64_t i = 0; i < layout.rows; ++i) {
    const int64_t row = i * layout.row_stride + channel;
    for (int64_t j = 0; j < layout.columns; ++j) {
      const int64_t pixel = row + j * layout.column_stride;
      const int64_t tap = layout.weight_rows[i] + layout.weight_columns[j];
      Vec x[V];
      for (int s = 0; s < S; ++s) {
        if (s == 0 || !Shared) {
          for (int v = 0; v < V; ++v) x[v] = Memory<T, L>::Load(pixels[s] + pixel + v * L);
        }
        const Accumulator<T> weight = Widen(weights[s][tap]);
        for (int v = 0; v < V; ++v) total[s][v] += weight * x[v];
      }
    }
  }
  for (int s = 0; s < S; ++s) {
    for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[s][v], sums[s] + channel + v * L);
  }
}

// Over the channels [channel, end): as many vectors at a time as fit, then fewer, then shorter ones.
template <typename T, int S, bool Shared, int V = kAccumulators / S, int L = kFullWidth<Accumulator<T>>>
inline void SumChannels(const Layout& layout, const T* const* pixels, const T* const* weights, int64_t channel,
                        int64_t end, T* const* sums) {
  for (; channel + V * L <= end; channel += V * L) {
    SumBlock<T, S, Shared, V, L>(layout, pixels, weights, channel, sums);
  }
  if (channel == end) return;
  if constexpr (V > 1) {
    SumChannels<T, S, Shared, V / 2, L>(layout, pixels, weights, channel, end, sums);
  } else if constexpr (L > 1) {
    SumChannels<T, S, Shared, 1, L / 2>(layout, pixels, weights, channel, end, sums);
  }
}

// Sums that wait to be computed together: all over one window, or over equal windows side by side.
template <typename T>
class Sums {
 public:
  // `taps`: how far the weights of one group lie from those of the next.
  Sums(int64_t groups, int64_t group_channels, int64_t taps)
      : groups_(groups), group_channels_(group_channels), taps_(taps) {
    // Few channels are few accumulators: more windows at once make up for it.
    const int64_t vectors = group_channels / kFullWidth<Accumulator<T>>;
    side_by_side_ = vectors <= 2 ? 4 : vectors <= 4 ? 2 : 1;
  }

  // Sums over one window, which is computed when four are there, or by Finish.
  void AddShared(const Layout& layout, const T* window, const T* weights, T* sum) {
    Add(window, weights, sum);
    if (count_ == kMaxSums) FinishShared(layout);
  }

  void FinishShared(const Layout& layout) {
    switch (count_) {
      case 1:
        Compute<1, true>(layout, 0);
        break;
      case 2:
        Compute<2, true>(layout, 0);
        break;
      case 3:
        Compute<3, true>(layout, 0);
        break;
      case 4:
        Compute<4, true>(layout, 0);
        break;
    }
    count_ = 0;
  }

  // A sum over a window of its own; those that wait together must have one layout.
  void AddSideBySide(const Layout& layout, const T* window, const T* weights, T* sum) {
    Add(window, weights, sum);
    if (count_ == side_by_side_) FinishSideBySide(layout);
  }

  void FinishSideBySide(const Layout& layout) {
    int first = 0;
    if (count_ == 4) {
      Compute<4, false>(layout, 0);
      first = 4;
    }
    for (; first + 2 <= count_; first += 2) Compute<2, false>(layout, first);
    for (; first < count_; ++first) Compute<1, true>(layout, first);
    count_ = 0;
  }

 private:
  void Add(const T* window, const T* weights, T* sum) {
    windows_[count_] = window;
    weights_[count_] = weights;
    sums_[count_] = sum;
    ++count_;
  }

  template <int S, bool Shared>
  void Compute(const Layout& layout, int first) {
    const T* weights[S];
    for (int s = 0; s < S; ++s) weights[s] = weights_[first + s];
    for (int64_t g = 0; g < groups_; ++g) {
      const int64_t channel = g * group_channels_;
      SumChannels<T, S, Shared>(layout, windows_ + first, weights, channel, channel + group_channels_, sums_ + first);
      for (int s = 0; s < S; ++s) weights[s] += taps_;
    }
  }

  int64_t groups_, group_channels_, taps_;
  int side_by_side_;
  int count_ = 0;
  const T* windows_[kMaxSums];
  const T* weights_[kMaxSums];
  T* sums_[kMaxSums];
};

// One sum over V vectors of L channels whose weights are laid out per channel, tap by tap.
template <typename T, int V, int L>
inline void ChannelwiseBlock(const Layout& layout, const T* pixels, const Accumulator<T>* weights, int64_t channels,
                             int64_t channel, T* sum) {
  using A = Accumulator<T>;
  Vector<A, L> total[V] = {};
  for (int64_t i = 0; i < layout.rows; ++i) {
    for (int64_t j = 0; j < layout.columns; ++j) {
      const T* pixel = pixels + i * layout.row_stride + j * layout.column_stride + channel;
      const A* weight = weights + (layout.weight_rows[i] + layout.weight_columns[j]) * channels + channel;
      for (int v = 0; v < V; ++v) {
        total[v] += Memory<A, L>::Load(weight + v * L) * Memory<T, L>::Load(pixel + v * L);
      }
    }
  }
  for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[v], sum + channel + v * L);
}

template <typename T, int V = kAccumulators, int L = kFullWidth<Accumulator<T>>>
inline void ChannelwiseSum(const Layout& layout, const T* pixels, const Accumulator<T>* weights, int64_t channels,
                           T* sum, int64_t channel = 0) {
  for (; channel + V * L <= channels; channel += V * L) {
    ChannelwiseBlock<T, V, L>(layout, pixels, weights, channels, channel, sum);
  }
  if (channel == channels) return;
  if constexpr (V > 1) {
    ChannelwiseSum<T, V / 2, L>(layout, pixels, weights, channels, sum, channel);
  } else if constexpr (L > 1) {
    ChannelwiseSum<T, 1, L / 2>(layout, pixels, weights, channels, sum, channel);
  }
}

// Kernels in the order tap, channel, from the order group, tap.
template <typename T>
inline void SpreadWeights(const T* kernel, int64_t taps, int64_t groups, int64_t group_channels,
                          Accumulator<T>* weights) {
  for (int64_t tap = 0; tap < taps; ++tap) {
    for (int64_t g = 0; g < groups; ++g) {
      const Accumulator<T> weight = Widen(kernel[g * taps + tap]);
      for (int64_t c = 0; c < group_channels; ++c) *weights++ = weight;
    }
  }
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_
