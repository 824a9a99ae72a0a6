// Gradient to kernels that all pixels of a sample share: the sum over its pixels. Samples are cut into pieces by a rule
// that knows nothing of threads, and the pieces' sums are added in order: two runs give the same bits. Per instruction
// set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_SHARED_KERNELS_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_SHARED_KERNELS_GRADIENT_H_

#include <cstdint>

#include "custom_ops/kernels/dots.h"
#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class SharedKernelsGradient {
 public:
  using A = Accumulator<T>;

  SharedKernelsGradient(const Problem& problem, const T* features, const T* upstream, T* gradient)
      : p_(problem), features_(features), upstream_(upstream), gradient_(gradient) {}

  void Run() const {
    if (p_.kernels_size() == 0) return;
    const int64_t pieces = Max(1, Min(p_.height, 16 / p_.batch));
    const int64_t depth = p_.depth();
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Scratch<A> sums(p_.batch * pieces * depth);
    const int64_t cost = p_.output_size() / (p_.batch * pieces) * p_.taps();
    Parallel(p_.batch * pieces, cost, [&](int64_t begin, int64_t end) {
      Scratch<A> totals(narrow ? p_.taps() * p_.channels : depth * kWidth);
      for (int64_t item = begin; item < end; ++item) {
        const int64_t piece = item % pieces;
        const Range ys = {piece * p_.height / pieces, (piece + 1) * p_.height / pieces};
        if (narrow) {
          NarrowPiece(item / pieces, ys, totals.get(), sums.get() + item * depth);
        } else {
          WidePiece(item / pieces, ys, totals.get(), sums.get() + item * depth);
        }
      }
    });
    for (int64_t n = 0; n < p_.batch; ++n) {
      for (int64_t k = 0; k < depth; ++k) {
        A sum = 0;
        for (int64_t piece = 0; piece < pieces; ++piece) sum += sums.get()[(n * pieces + piece) * depth + k];
        Narrow(sum, gradient_ + n * depth + k);
      }
    }
  }

 private:
  static constexpr int kWidth = kFullWidth<A>;

  // The output columns whose tap j lies on the map.
  Range Columns(int64_t j) const {
    const int64_t shift = p_.before() - j;  // u = x * down - shift
    const int64_t begin = shift > 0 ? (shift + p_.down - 1) / p_.down : 0;
    const int64_t beyond = p_.source_width + shift;
    return {begin, beyond > 0 ? Min(p_.width, (beyond + p_.down - 1) / p_.down) : 0};
  }

  const T* Gradients(int64_t n, int64_t y, int64_t x) const {
    return upstream_ + ((n * p_.height + y) * p_.width + x) * p_.channels;
  }

  // What tap (i, j) of output (y, x) reads.
  const T* Pixels(int64_t n, int64_t y, int64_t x, int64_t i, int64_t j) const {
    const int64_t v = y * p_.down + i - p_.before();
    const int64_t u = x * p_.down + j - p_.before();
    return features_ + ((n * p_.source_height + v) * p_.source_width + u) * p_.channels;
  }

  bool OnMap(int64_t y, int64_t i) const {
    const int64_t v = y * p_.down + i - p_.before();
    return 0 <= v && v < p_.source_height;
  }

  void WidePiece(int64_t n, Range ys, A* totals, A* sums) const {
    for (int64_t k = 0; k < p_.depth() * kWidth; ++k) totals[k] = 0;
    for (int64_t k = 0; k < p_.depth(); ++k) sums[k] = 0;
    for (int64_t y = ys.begin; y < ys.end; ++y) {
      for (int64_t i = 0; i < p_.kernel_size; ++i) {
        if (!OnMap(y, i)) continue;
        for (int64_t g = 0; g < p_.groups; ++g) {
          const int64_t offset = g * p_.taps() + i * p_.kernel_size;
          RowOfTaps<kPixels<1>>(n, y, i, 0, g, totals + offset * kWidth, sums + offset);
        }
      }
    }
    for (int64_t k = 0; k < p_.depth(); ++k) {
      sums[k] += Sum<A, kWidth>(Memory<A, kWidth>::Load(totals + k * kWidth));
    }
  }

  // The taps of row i from column j on, Q at a time. `totals` hold what whole vectors of channels gave, `sums` the
  // rest.
  template <int Q>
  void RowOfTaps(int64_t n, int64_t y, int64_t i, int64_t j, int64_t g, A* totals, A* sums) const {
    for (; j + Q <= p_.kernel_size; j += Q) {
      Range common = Columns(j);
      for (int q = 1; q < Q; ++q)
        common = {Max(common.begin, Columns(j + q).begin), Min(common.end, Columns(j + q).end)};
      common.end = Max(common.begin, common.end);
      TapsOfRow<Q>(n, y, i, j, g, common, totals + j * kWidth, sums + j);
      for (int q = 0; q < Q && Q > 1; ++q) {
        const Range own = Columns(j + q);
        const Range before = {own.begin, Min(own.end, common.begin)};
        const Range after = {Max(before.end, Max(own.begin, common.end)), own.end};
        TapsOfRow<1>(n, y, i, j + q, g, before, totals + (j + q) * kWidth, sums + j + q);
        TapsOfRow<1>(n, y, i, j + q, g, after, totals + (j + q) * kWidth, sums + j + q);
      }
    }
    if constexpr (Q > 1) {
      if (j < p_.kernel_size) RowOfTaps<Q / 2>(n, y, i, j, g, totals, sums);
    }
  }

  template <int Q>
  void TapsOfRow(int64_t n, int64_t y, int64_t i, int64_t j, int64_t g, Range xs, A* totals, A* sums) const {
    if (xs.size() <= 0) return;
    const int64_t channels = p_.group_channels();
    const T* gradients = Gradients(n, y, xs.begin) + g * channels;
    const T* pixels = Pixels(n, y, xs.begin, i, j) + g * channels;
    const int64_t step = p_.down * p_.channels;
    RowProducts<T, Q>(gradients, p_.channels, pixels, step, p_.channels, xs.size(), channels, totals);
    const int64_t rest = channels - channels % kWidth;
    for (int64_t x = 0; rest < channels && x < xs.size(); ++x) {
      const T *gradient[1] = {gradients + x * p_.channels}, *read[Q];
      for (int q = 0; q < Q; ++q) read[q] = pixels + x * step + q * p_.channels;
      A dots[Q];
      Dots<T, 1, Q, kWidth / 2>(gradient, read, {rest, channels}, dots);
      for (int q = 0; q < Q; ++q) sums[q] += dots[q];
    }
  }

  // Groups of few channels: totals per tap and channel, folded into groups at the end.
  void NarrowPiece(int64_t n, Range ys, A* totals, A* sums) const {
    for (int64_t k = 0; k < p_.taps() * p_.channels; ++k) totals[k] = 0;
    for (int64_t y = ys.begin; y < ys.end; ++y) {
      for (int64_t i = 0; i < p_.kernel_size; ++i) {
        if (!OnMap(y, i)) continue;
        for (int64_t j = 0; j < p_.kernel_size; ++j) {
          const Range xs = Columns(j);
          if (xs.size() <= 0) continue;
          ChannelProducts<T>(Gradients(n, y, xs.begin), p_.channels, Pixels(n, y, xs.begin, i, j),
                             p_.down * p_.channels, xs.size(), 0, p_.channels,
                             totals + (i * p_.kernel_size + j) * p_.channels);
        }
      }
    }
    const int64_t channels = p_.group_channels();
    for (int64_t g = 0; g < p_.groups; ++g) {
      for (int64_t tap = 0; tap < p_.taps(); ++tap) {
        A sum = 0;
        for (int64_t c = 0; c < channels; ++c) sum += totals[tap * p_.channels + g * channels + c];
        sums[g * p_.taps() + tap] = sum;
      }
    }
  }

  const Problem& p_;
  const T* features_;
  const T* upstream_;
  T* gradient_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_SHARED_KERNELS_GRADIENT_H_
