// Gradient to the features in gather form: each source pixel sums the outputs that its windows reached, so that nothing
// is added to memory twice. The down x down pixels of a block are reached by the same outputs. Per instruction set, see
// vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_

#include <cstdint>

#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class FeaturesGradient {
 public:
  using A = Accumulator<T>;

  FeaturesGradient(const Problem& problem, const T* kernels, const T* upstream, T* gradient)
      : p_(problem), kernels_(kernels), upstream_(upstream), gradient_(gradient) {}

  void Run() const {
    if (p_.features_size() == 0) return;
    // A block is a run of source rows v with one (v + before) / down.
    const int64_t first = p_.before() / p_.down;
    const int64_t blocks = (p_.source_height - 1 + p_.before()) / p_.down + 1 - first;
    const int64_t cost = p_.down * p_.source_width * p_.channels * Reach() * Reach();
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Parallel(p_.batch * blocks, cost, [&](int64_t begin, int64_t end) {
      const int64_t window = Reach() * Reach();
      Scratch<A> weights(kMaxSums * window * (narrow ? p_.channels : p_.groups));
      for (int64_t item = begin; item < end; ++item) {
        BlockRow(item / blocks, first + item % blocks, narrow, weights.get());
      }
    });
  }

 private:
  struct Source {
    int64_t v, u;
  };

  // How many outputs, along one axis, can read one source pixel.
  int64_t Reach() const { return p_.up > 1 ? p_.kernel_size * p_.up : (p_.kernel_size - 1) / p_.down + 1; }

  // The outputs along one axis whose windows reach block q.
  Range Outputs(int64_t q, int64_t size) const {
    if (p_.up > 1) return Clip((q - p_.kernel_size + 1) * p_.up, (q + 1) * p_.up, size);
    return Clip(q - (p_.kernel_size - 1) / p_.down, q + 1, size);
  }

  void BlockRow(int64_t n, int64_t block, bool narrow, A* scratch) const {
    const Range ys = Outputs(block, p_.height);
    const Range vs = Clip(block * p_.down - p_.before(), (block + 1) * p_.down - p_.before(), p_.source_height);
    const int64_t last = (p_.source_width - 1 + p_.before()) / p_.down;
    // With one kernel for all pixels, blocks of one row that are not at a border have the same weights.
    bool filled = false;
    Range filled_outputs = {0, 0}, filled_sources = {0, 0};
    for (int64_t q = p_.before() / p_.down; q <= last; ++q) {
      const Range xs = Outputs(q, p_.width);
      const Range us = Clip(q * p_.down - p_.before(), (q + 1) * p_.down - p_.before(), p_.source_width);
      if (ys.size() <= 0 || xs.size() <= 0) {  // beyond the reach of every window
        for (int64_t v = vs.begin; v < vs.end; ++v) Clear(n, v, us);
        continue;
      }
      const Window<T> window = {upstream_ + ((n * p_.height + ys.begin) * p_.width + xs.begin) * p_.channels, ys.size(),
                                xs.size(), p_.width * p_.channels, p_.channels};
      const Range outputs = {xs.begin - q * p_.up, xs.end - q * p_.up};
      const Range sources = {us.begin - q * p_.down, us.end - q * p_.down};
      const bool same = filled && outputs == filled_outputs && sources == filled_sources;
      Source chunk[kMaxSums];
      int count = 0;
      for (int64_t v = vs.begin; v < vs.end; ++v) {
        for (int64_t u = us.begin; u < us.end; ++u) {
          chunk[count++] = {v, u};
          const bool end = v + 1 == vs.end && u + 1 == us.end;
          if (count < kMaxSums && !end) continue;
          Gather(n, count, chunk, window, ys, xs, same, narrow, scratch);
          count = 0;
        }
      }
      filled = p_.broadcast && vs.size() * us.size() <= kMaxSums;
      filled_outputs = outputs;
      filled_sources = sources;
    }
  }

  void Gather(int64_t n, int count, const Source* sources, const Window<T>& window, Range ys, Range xs, bool filled,
              bool narrow, A* scratch) const {
    const int64_t area = window.rows * window.columns;
    const int64_t size = area * (narrow ? p_.channels : p_.groups);
    T* sums[kMaxSums];
    for (int p = 0; p < count; ++p) {
      const Source& source = sources[p];
      sums[p] = gradient_ + ((n * p_.source_height + source.v) * p_.source_width + source.u) * p_.channels;
      if (!filled) CollectWeights(n, source, ys, xs, narrow, scratch + p * size);
    }
    if (narrow) {
      for (int p = 0; p < count; ++p) {
        const Window<A> weights = {scratch + p * size, window.rows, window.columns, window.columns * p_.channels,
                                   p_.channels};
        ChannelwiseSum<T>(window, weights, 0, sums[p]);
      }
      return;
    }
    const A* weights[kMaxSums];
    for (int p = 0; p < count; ++p) weights[p] = scratch + p * size;
    for (int64_t g = 0; g < p_.groups; ++g) {
      const int64_t channel = g * p_.group_channels();
      WeightedSums<T>(count, window, weights, window.columns, channel, channel + p_.group_channels(), sums);
      for (int p = 0; p < count; ++p) weights[p] += area;
    }
  }

  // With what weight each output of the window read the source: in the order group, y, x, or y, x, channel.
  void CollectWeights(int64_t n, const Source& source, Range ys, Range xs, bool narrow, A* weights) const {
    const int64_t area = ys.size() * xs.size();
    int64_t index = 0;
    for (int64_t y = ys.begin; y < ys.end; ++y) {
      const int64_t i = source.v + p_.before() - y * p_.down / p_.up;
      for (int64_t x = xs.begin; x < xs.end; ++x, ++index) {
        const int64_t j = source.u + p_.before() - x * p_.down / p_.up;
        const bool inside = 0 <= i && i < p_.kernel_size && 0 <= j && j < p_.kernel_size;
        const T* kernel = kernels_ + p_.kernel_offset(n, y, x) + (inside ? i * p_.kernel_size + j : 0);
        for (int64_t g = 0; g < p_.groups; ++g) {
          const A weight = inside ? Widen(kernel[g * p_.taps()]) : A(0);
          if (narrow) {
            A* to = weights + index * p_.channels + g * p_.group_channels();
            for (int64_t c = 0; c < p_.group_channels(); ++c) to[c] = weight;
          } else {
            weights[g * area + index] = weight;
          }
        }
      }
    }
  }

  void Clear(int64_t n, int64_t v, Range us) const {
    T* to = gradient_ + ((n * p_.source_height + v) * p_.source_width + us.begin) * p_.channels;
    for (int64_t k = 0; k < us.size() * p_.channels; ++k) Narrow(A(0), to + k);
  }

  const Problem& p_;
  const T* kernels_;
  const T* upstream_;
  T* gradient_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_
