// The inner loop of the forward pass and of the gradient to the features: weighted sums of the pixels of windows. Per
// instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_
#define A2U_CUSTOM_OPS_KERNELS_WEIGHTED_SUM_H_

#include <cstdint>
#include <type_traits>

#include "custom_ops/kernels/taps.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

constexpr int kMaxSums = 4;       // over one window at once: of two vectors each they fill the registers of AVX2
constexpr int kAccumulators = 8;  // vectors that are summed into at once: they hide the latency of an addition

// Below this many channels a group is no vector, and weights are laid out per channel.
constexpr int64_t kNarrowGroup = 8;

// S sums over each of R windows, whose pixels are read once. `Same`: the windows have the same weights.
template <typename T, int S, int R, bool Same, int V, int L>
inline void SumBlock(const Taps& taps, const WindowRun& run, const T* window, const T* const* weights, T* const* sums) {
  using A = Accumulator<T>;
  using Vec = Vector<A, L>;
  Vec total[R][S][V] = {};
  for (int64_t t = 0; t < taps.count; ++t) {
    const T* pixel = window + taps.pixels[t];
    const int64_t tap = taps.weights[t];
    A same[S];
    for (int s = 0; Same && s < S; ++s) same[s] = Widen(weights[s][tap]);
    for (int r = 0; r < R; ++r) {
      Vec x[V];
      for (int v = 0; v < V; ++v) x[v] = Memory<T, L>::Load(pixel + r * run.window_step + v * L);
      for (int s = 0; s < S; ++s) {
        const A weight = Same ? same[s] : Widen(weights[s][tap + r * run.weights_step]);
        for (int v = 0; v < V; ++v) total[r][s][v] += weight * x[v];
      }
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int s = 0; s < S; ++s) {
      for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[r][s][v], sums[s] + r * run.sum_step + v * L);
    }
  }
}

// V vectors of channels of the whole run: few channels are few accumulators, and more windows at once make up for it.
template <typename T, int S, bool Same, int V, int L>
inline void SumRun(const Taps& taps, const WindowRun& run, const T* window, const T* const* weights, int64_t channel,
                   T* const* sums) {
  constexpr int R = kAccumulators / (S * V);
  const auto block = [&](int64_t k, auto windows) {
    const T* w[S];
    T* to[S];
    for (int s = 0; s < S; ++s) {
      w[s] = weights[s] + k * run.weights_step;
      to[s] = sums[s] + channel + k * run.sum_step;
    }
    SumBlock<T, S, decltype(windows)::value, Same, V, L>(taps, run, window + channel + k * run.window_step, w, to);
  };
  int64_t k = 0;
  for (; k + R <= run.count; k += R) block(k, std::integral_constant<int, R>());
  if (k == run.count) return;
  if (k > 0) return block(run.count - R, std::integral_constant<int, R>());  // some of them once more
  for (; k < run.count; ++k) block(k, std::integral_constant<int, 1>());
}

// Over the channels [channel, end): as many vectors at a time as fit, then fewer, then shorter ones.
template <typename T, int S, bool Same, int V = kAccumulators / S, int L = kFullWidth<Accumulator<T>>>
inline void SumChannels(const Taps& taps, const WindowRun& run, const T* window, const T* const* weights,
                        int64_t channel, int64_t end, T* const* sums) {
  for (; channel + V * L <= end; channel += V * L) {
    SumRun<T, S, Same, V, L>(taps, run, window, weights, channel, sums);
  }
  if (channel == end) return;
  if constexpr (V > 1) {
    SumChannels<T, S, Same, V / 2, L>(taps, run, window, weights, channel, end, sums);
  } else if constexpr (L > 1) {
    SumChannels<T, S, Same, 1, L / 2>(taps, run, window, weights, channel, end, sums);
  }
}

// All sums over the windows of a run, given by those of the first: any number of them, computed a few at a time.
template <typename T>
class Sums {
 public:
  // `taps`: how far the weights of one group lie from those of the next.
  Sums(int64_t groups, int64_t group_channels, int64_t taps)
      : groups_(groups), group_channels_(group_channels), taps_(taps) {}

  void Add(const Taps& taps, const WindowRun& run, const T* window, const T* weights, T* sum) {
    weights_[count_] = weights;
    sums_[count_] = sum;
    if (++count_ == kMaxSums) Finish(taps, run, window);
  }

  void Finish(const Taps& taps, const WindowRun& run, const T* window) {
    run.weights_step == 0 ? FinishAs<true>(taps, run, window) : FinishAs<false>(taps, run, window);
  }

 private:
  template <bool Same>
  void FinishAs(const Taps& taps, const WindowRun& run, const T* window) {
    if (count_ == 4) Compute<4, Same>(taps, run, window, 0);
    if (count_ == 2 || count_ == 3) Compute<2, Same>(taps, run, window, 0);
    if (count_ % 2 == 1) Compute<1, Same>(taps, run, window, count_ - 1);
    count_ = 0;
  }

  template <int S, bool Same>
  void Compute(const Taps& taps, const WindowRun& run, const T* window, int first) {
    const T* weights[S];
    for (int s = 0; s < S; ++s) weights[s] = weights_[first + s];
    for (int64_t g = 0; g < groups_; ++g) {
      const int64_t channel = g * group_channels_;
      SumChannels<T, S, Same>(taps, run, window, weights, channel, channel + group_channels_, sums_ + first);
      for (int s = 0; s < S; ++s) weights[s] += taps_;
    }
  }

  int64_t groups_, group_channels_, taps_;
  int count_ = 0;
  const T* weights_[kMaxSums];
  T* sums_[kMaxSums];
};

// One sum over V vectors of L channels whose weights are laid out per channel, tap by tap.
template <typename T, int V, int L>
inline void ChannelwiseBlock(const Taps& taps, const T* window, const Accumulator<T>* weights, int64_t channels,
                             int64_t channel, T* sum) {
  using A = Accumulator<T>;
  Vector<A, L> total[V] = {};
  for (int64_t t = 0; t < taps.count; ++t) {
    const T* pixel = window + taps.pixels[t] + channel;
    const A* weight = weights + taps.weights[t] * channels + channel;
    for (int v = 0; v < V; ++v) total[v] += Memory<A, L>::Load(weight + v * L) * Memory<T, L>::Load(pixel + v * L);
  }
  for (int v = 0; v < V; ++v) Memory<T, L>::Store(total[v], sum + channel + v * L);
}

template <typename T, int V = kAccumulators, int L = kFullWidth<Accumulator<T>>>
inline void ChannelwiseSum(const Taps& taps, const T* window, const Accumulator<T>* weights, int64_t channels, T* sum,
                           int64_t channel = 0) {
  for (; channel + V * L <= channels; channel += V * L) {
    ChannelwiseBlock<T, V, L>(taps, window, weights, channels, channel, sum);
  }
  if (channel == channels) return;
  if constexpr (V > 1) {
    ChannelwiseSum<T, V / 2, L>(taps, window, weights, channels, sum, channel);
  } else if constexpr (L > 1) {
    ChannelwiseSum<T, 1, L / 2>(taps, window, weights, channels, sum, channel);
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
