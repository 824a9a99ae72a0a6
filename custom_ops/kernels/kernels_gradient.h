// Gradient to the kernels, one per output pixel: for each tap the dot product of the output's gradient with the pixel
// that the tap read. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_

#include <cstdint>

#include "custom_ops/kernels/dots.h"
#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class KernelsGradient {
 public:
  using A = Accumulator<T>;

  KernelsGradient(const Problem& problem, const T* features, const T* upstream, T* gradient)
      : p_(problem), features_(features), upstream_(upstream), gradient_(gradient) {}

  void Run() const {
    if (p_.kernels_size() == 0) return;
    const int64_t rows = (p_.height + p_.up - 1) / p_.up;
    const int64_t cost = p_.up * p_.width * p_.taps() * (p_.channels + 1);
    Parallel(p_.batch * rows, cost, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) Row(item / rows, item % rows);
    });
  }

 private:
  // One row of cells, each with one window for its up x up outputs.
  void Row(int64_t n, int64_t row) const {
    const int64_t top = row * p_.down - p_.before();
    const Range rows = Clip(top, top + p_.kernel_size, p_.source_height);
    const Range ys = {row * p_.up, Min((row + 1) * p_.up, p_.height)};
    for (int64_t column = 0; column * p_.up < p_.width; ++column) {
      const int64_t left = column * p_.down - p_.before();
      const Range columns = Clip(left, left + p_.kernel_size, p_.source_width);
      const Range xs = {column * p_.up, Min((column + 1) * p_.up, p_.width)};
      const bool clipped = rows.size() * columns.size() < p_.taps();
      const T* gradients[kMaxSums];
      T* results[kMaxSums];
      int count = 0;
      for (int64_t y = ys.begin; y < ys.end; ++y) {
        for (int64_t x = xs.begin; x < xs.end; ++x) {
          gradients[count] = upstream_ + ((n * p_.height + y) * p_.width + x) * p_.channels;
          results[count] = gradient_ + p_.kernel_offset(n, y, x);
          for (int64_t k = 0; clipped && k < p_.depth(); ++k) Narrow(A(0), results[count] + k);
          ++count;
          const bool last = y + 1 == ys.end && x + 1 == xs.end;
          if (count < kMaxSums && !last) continue;
          for (int64_t v = rows.begin; v < rows.end; ++v) {
            const T* pixels = features_ + ((n * p_.source_height + v) * p_.source_width + columns.begin) * p_.channels;
            const int64_t tap = (v - top) * p_.kernel_size + columns.begin - left;
            for (int64_t g = 0; g < p_.groups; ++g) Taps(count, gradients, pixels, columns.size(), g, tap, results);
          }
          count = 0;
        }
      }
    }
  }

  // One row of a window and one group, for `count` outputs.
  void Taps(int count, const T* const* gradients, const T* pixels, int64_t columns, int64_t g, int64_t tap,
            T* const* results) const {
    switch (count) {
      case 1:
        return Taps<1>(gradients, pixels, columns, g, tap, results);
      case 2:
        return Taps<2>(gradients, pixels, columns, g, tap, results);
      case 3:
        return Taps<3>(gradients, pixels, columns, g, tap, results);
      default:
        return Taps<4>(gradients, pixels, columns, g, tap, results);
    }
  }

  template <int P, int Q = kPixels<P>>
  void Taps(const T* const* gradients, const T* pixels, int64_t columns, int64_t g, int64_t tap,
            T* const* results) const {
    const int64_t channel = g * p_.group_channels();
    for (; columns >= Q; columns -= Q, tap += Q, pixels += Q * p_.channels) {
      A sums[P][kMaxPixels] = {};
      Dots<T, P, Q>(gradients, pixels, p_.channels, channel, channel + p_.group_channels(), sums);
      for (int p = 0; p < P; ++p) {
        for (int q = 0; q < Q; ++q) Narrow(sums[p][q], results[p] + g * p_.taps() + tap + q);
      }
    }
    if constexpr (Q > 1) {
      if (columns > 0) Taps<P, Q / 2>(gradients, pixels, columns, g, tap, results);
    }
  }

  const Problem& p_;
  const T* features_;
  const T* upstream_;
  T* gradient_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_
