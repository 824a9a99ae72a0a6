// Windows: the taps of one, and runs of equal ones. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_TAPS_H_
#define A2U_CUSTOM_OPS_KERNELS_TAPS_H_

#include <cstdint>

#include "custom_ops/kernels/parallel.h"

namespace a2u {
namespace A2U_ISA {

// Where the taps of a window lie, in pixels of a channels-last map and in weights, from those of the first on.
struct Taps {
  int64_t count;
  const int64_t* pixels;
  const int64_t* weights;
};

// Lists the taps of one window size after the other; each is made when it differs from the one before.
class TapList {
 public:
  explicit TapList(int64_t most) : most_(most), places_(2 * most) {}

  // `place(i, j, &pixel, &weight)` tells where the tap in row i and column j of the window lies.
  template <typename F>
  const Taps& Of(int64_t rows, int64_t columns, const F& place) {
    if (rows == rows_ && columns == columns_) return taps_;
    rows_ = rows;
    columns_ = columns;
    taps_ = {0, places_.get(), places_.get() + most_};
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j, ++taps_.count) {
        place(i, j, places_.get() + taps_.count, places_.get() + most_ + taps_.count);
      }
    }
    return taps_;
  }

 private:
  int64_t most_, rows_ = -1, columns_ = -1;
  Scratch<int64_t> places_;
  Taps taps_ = {};
};

// A run of equal windows side by side, and how many elements lie between one and the next.
struct WindowRun {
  int64_t count;
  int64_t window_step, weights_step, sum_step;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_TAPS_H_
