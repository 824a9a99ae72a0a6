// Forward pass: each cell has one window, which its outputs share. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
#define A2U_CUSTOM_OPS_KERNELS_FORWARD_H_

#include <cstdint>

#include "custom_ops/kernels/cells.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class Forward {
 public:
  using A = Accumulator<T>;

  Forward(const Problem& problem, const T* features, const T* kernels, T* output)
      : p_(problem), cells_(problem), features_(features), kernels_(kernels), output_(output) {}

  void Run() const {
    if (p_.output_size() == 0) return;
    const int64_t rows = cells_.rows();
    const int64_t cost = p_.maps * p_.up * p_.width * p_.taps() * p_.channels;
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Parallel(p_.batch * rows, cost, [&](int64_t begin, int64_t end) {
      Scratch<A> weights(narrow ? p_.maps * p_.taps() * p_.channels : 0);
      TapList list(p_.taps());
      for (int64_t item = begin; item < end; ++item) {
        if (narrow) {
          const bool filled = p_.broadcast && item > begin && item % rows != 0;
          NarrowRow(item / rows, item % rows, filled, &list, weights.get());
        } else {
          Row(item / rows, item % rows, &list);
        }
      }
    });
  }

 private:
  void Row(int64_t n, int64_t row, TapList* list) const {
    Sums<T> sums(p_.groups, p_.group_channels(), p_.taps());
    WindowRun run;
    for (int64_t column = 0; column < cells_.columns(); column += run.count) {
      const Cell cell = cells_.At(n, row, column);
      const Taps& taps = cells_.TapsOf(cell, list);
      const T* window = features_ + cells_.WindowAt(cell);
      run = cells_.RunFrom(cell);
      for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
        for (int64_t x = cell.xs.begin; x < cell.xs.end; ++x) {
          const T* weights = kernels_ + p_.kernel_offset(n, y, x) + cell.tap;
          for (int64_t m = 0; m < p_.maps; ++m) {
            T* to = output_ + m * p_.map_size() + cells_.OutputAt(n, y, x);
            sums.Add(taps, run, window, weights + m * p_.depth(), to);
          }
        }
      }
      sums.Finish(taps, run, window);
    }
  }

  // `filled`: the weights per channel are those of the row before.
  void NarrowRow(int64_t n, int64_t row, bool filled, TapList* list, A* weights) const {
    for (int64_t column = 0; column < cells_.columns(); ++column) {
      const Cell cell = cells_.At(n, row, column);
      const Taps& taps = cells_.TapsOf(cell, list);
      const T* window = features_ + cells_.WindowAt(cell);
      for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
        for (int64_t x = cell.xs.begin; x < cell.xs.end; ++x) {
          for (int64_t m = 0; m < p_.maps; ++m) {
            A* own = weights + m * p_.taps() * p_.channels;
            const T* kernel = kernels_ + p_.kernel_offset(n, y, x) + m * p_.depth();
            if (!filled) SpreadWeights(kernel, p_.taps(), p_.groups, p_.group_channels(), own);
            T* to = output_ + m * p_.map_size() + cells_.OutputAt(n, y, x);
            ChannelwiseSum(taps, window, own + cell.tap * p_.channels, p_.channels, to);
          }
          filled = p_.broadcast;
        }
      }
    }
  }

  const Problem& p_;
  const Cells cells_;
  const T* features_;
  const T* kernels_;
  T* output_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
