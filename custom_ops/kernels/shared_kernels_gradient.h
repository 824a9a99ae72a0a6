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
    const int64_t depth = p_.maps * p_.depth();
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Scratch<A> sums(p_.batch * pieces * depth);
    const int64_t cost = p_.output_size() / (p_.batch * pieces) * p_.taps();
    Parallel(p_.batch * pieces, cost, [&](int64_t begin, int64_t end) {
      Scratch<A> totals(narrow ? p_.maps * p_.taps() * p_.channels : depth * kWidth);
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

  const T* Gradients(int64_t m, int64_t n, int64_t y, int64_t x) const {
    return upstream_ + m * p_.map_size() + ((n * p_.height + y) * p_.width + x) * p_.channels;
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
    const int64_t depth = p_.maps * p_.depth();
    for (int64_t k = 0; k < depth * kWidth; ++k) totals[k] = 0;
    for (int64_t k = 0; k < depth; ++k) sums[k] = 0;
    for (int64_t y = ys.begin; y < ys.end; ++y) {
      for (int64_t i = 0; i < p_.kernel_size; ++i) {
        if (!OnMap(y, i)) continue;
        for (int64_t g = 0; g < p_.groups; ++g) {
          const Row row = {n, y, i, g};
          int64_t m = 0;
          for (; m + 2 <= p_.maps; m += 2) RowOfTaps<2, kPixels<1>>(row, m, 0, totals, sums);
          if (m < p_.maps) RowOfTaps<1, kPixels<1>>(row, m, 0, totals, sums);
        }
      }
    }
    for (int64_t k = 0; k < depth; ++k) {
      sums[k] += Sum<A, kWidth>(Memory<A, kWidth>::Load(totals + k * kWidth));
    }
  }

  // Row i of the windows of a row of outputs, for one group.
  struct Row {
    int64_t n, y, i, g;
  };

  // The taps of the row from column j on, Q at a time, for P maps from m on. `totals` hold what whole vectors of channels
  // gave, `sums` the rest.
  template <int P, int Q>
  void RowOfTaps(const Row& row, int64_t m, int64_t j, A* totals, A* sums) const {
    for (; j + Q <= p_.kernel_size; j += Q) {
      Range common = Columns(j);
      for (int q = 1; q < Q; ++q)
        common = {Max(common.begin, Columns(j + q).begin), Min(common.end, Columns(j + q).end)};
      common.end = Max(common.begin, common.end);
      TapsOfRow<P, Q>(row, m, j, common, totals, sums);
      for (int q = 0; q < Q && Q > 1; ++q) {
        const Range own = Columns(j + q);
        const Range before = {own.begin, Min(own.end, common.begin)};
        const Range after = {Max(before.end, Max(own.begin, common.end)), own.end};
        TapsOfRow<P, 1>(row, m, j + q, before, totals, sums);
        TapsOfRow<P, 1>(row, m, j + q, after, totals, sums);
      }
    }
    if constexpr (Q > 1) {
      if (j < p_.kernel_size) RowOfTaps<P, Q / 2>(row, m, j, totals, sums);
    }
  }

  template <int P, int Q>
  void TapsOfRow(const Row& row, int64_t m, int64_t j, Range xs, A* totals, A* sums) const {
    if (xs.size() <= 0) return;
    const int64_t channels = p_.group_channels(), step = p_.down * p_.channels, depth = p_.depth();
    const int64_t first = m * depth + row.g * p_.taps() + row.i * p_.kernel_size + j;
    const T* gradients = Gradients(m, row.n, row.y, xs.begin) + row.g * channels;
    const T* pixels = Pixels(row.n, row.y, xs.begin, row.i, j) + row.g * channels;
    RowProducts<T, P, Q>(gradients, p_.channels, p_.map_size(), pixels, step, p_.channels, xs.size(), channels,
                         totals + first * kWidth, depth * kWidth);
    const int64_t rest = channels - channels % kWidth;
    for (int64_t x = 0; rest < channels && x < xs.size(); ++x) {
      const T *gradient[P], *read[Q];
      for (int p = 0; p < P; ++p) gradient[p] = gradients + p * p_.map_size() + x * p_.channels;
      for (int q = 0; q < Q; ++q) read[q] = pixels + x * step + q * p_.channels;
      A dots[Q * P];
      Dots<T, P, Q, kWidth / 2>(gradient, read, {rest, channels}, dots);
      for (int q = 0; q < Q; ++q) {
        for (int p = 0; p < P; ++p) sums[first + p * depth + q] += dots[q * P + p];
      }
    }
  }

  // Groups of few channels: totals per tap and channel, folded into groups at the end.
  void NarrowPiece(int64_t n, Range ys, A* totals, A* sums) const {
    for (int64_t k = 0; k < p_.maps * p_.taps() * p_.channels; ++k) totals[k] = 0;
    for (int64_t y = ys.begin; y < ys.end; ++y) {
      for (int64_t i = 0; i < p_.kernel_size; ++i) {
        if (!OnMap(y, i)) continue;
        for (int64_t j = 0; j < p_.kernel_size; ++j) {
          const Range xs = Columns(j);
          if (xs.size() <= 0) continue;
          for (int64_t m = 0; m < p_.maps; ++m) {
            ChannelProducts<T>(Gradients(m, n, y, xs.begin), p_.channels, Pixels(n, y, xs.begin, i, j),
                               p_.down * p_.channels, xs.size(), 0, p_.channels,
                               totals + (m * p_.taps() + i * p_.kernel_size + j) * p_.channels);
          }
        }
      }
    }
    const int64_t channels = p_.group_channels();
    for (int64_t k = 0; k < p_.maps * p_.groups; ++k) {
      const A* from = totals + k / p_.groups * p_.taps() * p_.channels + k % p_.groups * channels;
      for (int64_t tap = 0; tap < p_.taps(); ++tap) {
        A sum = 0;
        for (int64_t c = 0; c < channels; ++c) sum += from[tap * p_.channels + c];
        sums[k * p_.taps() + tap] = sum;
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
