// Gradient to the kernels, one per output pixel: for each tap the dot product of the output's gradient with the pixel
// that the tap read. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_

#include <cstdint>

#include "custom_ops/kernels/cells.h"
#include "custom_ops/kernels/dots.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class KernelsGradient {
 public:
  using A = Accumulator<T>;

  KernelsGradient(const Problem& problem, const T* features, const T* upstream, T* gradient)
      : p_(problem), cells_(problem), features_(features), upstream_(upstream), gradient_(gradient) {}

  void Run() const {
    if (p_.kernels_size() == 0) return;
    const int64_t rows = cells_.rows();
    const int64_t cost = p_.up * p_.width * p_.taps() * (p_.channels + 1);
    Parallel(p_.batch * rows, cost, [&](int64_t begin, int64_t end) {
      TapList list(p_.taps());
      for (int64_t item = begin; item < end; ++item) Row(item / rows, item % rows, &list);
    });
  }

 private:
  void Row(int64_t n, int64_t row, TapList* list) const {
    WindowRun run;
    for (int64_t column = 0; column < cells_.columns(); column += run.count) {
      const Cell cell = cells_.At(n, row, column);
      const Taps& taps = cells_.TapsOf(cell, list);
      run = cells_.RunFrom(cell);
      if (taps.count < p_.taps()) Clear(cell, run);
      const T* gradients[kMostGradients];
      T* results[kMostGradients];
      int count = 0;
      for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
        for (int64_t x = cell.xs.begin; x < cell.xs.end; ++x) {
          gradients[count] = upstream_ + cells_.OutputAt(n, y, x);
          results[count] = gradient_ + p_.kernel_offset(n, y, x) + cell.tap;
          ++count;
          const bool last = y + 1 == cell.ys.end && x + 1 == cell.xs.end;
          if (count < kMostGradients && !last) continue;
          const T* window = features_ + cells_.WindowAt(cell);
          if (count == 4) Products<4>(taps, run, window, gradients, results);
          if (count == 2 || count == 3) Products<2>(taps, run, window, gradients, results);
          if (count % 2 == 1) Products<1>(taps, run, window, gradients + count - 1, results + count - 1);
          count = 0;
        }
      }
    }
  }

  // Taps beyond the map.
  void Clear(const Cell& cell, const WindowRun& run) const {
    for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
      for (int64_t x = cell.xs.begin; x < cell.xs.begin + run.count * cell.xs.size(); ++x) {
        for (int64_t k = 0; k < p_.depth(); ++k) Narrow(A(0), gradient_ + p_.kernel_offset(cell.n, y, x) + k);
      }
    }
  }

  // All taps of P outputs of each cell of the run.
  template <int P>
  void Products(const Taps& taps, const WindowRun& run, const T* window, const T* const* gradients,
                T* const* results) const {
    constexpr int Q = kPixels<P>;
    for (int64_t g = 0; g < p_.groups; ++g) {
      const Range channels = {g * p_.group_channels(), (g + 1) * p_.group_channels()};
      for (int64_t cell = 0; cell < run.count; ++cell) {
        const T *pixels = window + cell * run.window_step, *from[P];
        T* to[P];
        for (int p = 0; p < P; ++p) {
          from[p] = gradients[p] + cell * run.sum_step;
          to[p] = results[p] + cell * run.weights_step + g * p_.taps();
        }
        int64_t t = 0;
        for (; t + Q <= taps.count; t += Q) DotsOfTaps<T, P, Q>(taps, t, pixels, from, channels, to);
        for (; t < taps.count; ++t) DotsOfTaps<T, P, 1>(taps, t, pixels, from, channels, to);
      }
    }
  }

  const Problem& p_;
  const Cells cells_;
  const T* features_;
  const T* upstream_;
  T* gradient_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_KERNELS_GRADIENT_H_
