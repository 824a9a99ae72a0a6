// Forward pass: each cell of the lower-resolution grid has one window, which its up x up outputs share. Per instruction
// set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
#define A2U_CUSTOM_OPS_KERNELS_FORWARD_H_

#include <cstdint>

#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class Forward {
 public:
  using A = Accumulator<T>;

  Forward(const Problem& problem, const T* features, const T* kernels, T* output)
      : p_(problem),
        features_(features),
        kernels_(kernels),
        output_(output),
        tap_rows_(problem.kernel_size),
        tap_columns_(problem.kernel_size) {
    for (int64_t k = 0; k < p_.kernel_size; ++k) {
      tap_rows_.get()[k] = k * p_.kernel_size;
      tap_columns_.get()[k] = k;
    }
  }

  void Run() const {
    if (p_.output_size() == 0) return;
    const int64_t rows = (p_.height + p_.up - 1) / p_.up;
    const int64_t cost = p_.up * p_.width * p_.taps() * p_.channels;
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Parallel(p_.batch * rows, cost, [&](int64_t begin, int64_t end) {
      Scratch<A> weights(narrow ? p_.taps() * p_.channels : 0);
      for (int64_t item = begin; item < end; ++item) {
        if (narrow) {
          const bool filled = p_.broadcast && item > begin && item % rows != 0;
          NarrowRow(item / rows, item % rows, filled, weights.get());
        } else {
          Row(item / rows, item % rows);
        }
      }
    });
  }

 private:
  // The window of a cell and the outputs that share it.
  struct Cell {
    Layout layout;
    const T* window;
    int64_t tap;  // the first on the map
    Range ys, xs;
  };

  Cell CellAt(int64_t n, int64_t row, int64_t column) const {
    const int64_t top = row * p_.down - p_.before(), left = column * p_.down - p_.before();
    const Range rows = Clip(top, top + p_.kernel_size, p_.source_height);
    const Range columns = Clip(left, left + p_.kernel_size, p_.source_width);
    Cell cell;
    cell.layout = {rows.size(), columns.size(),  p_.source_width * p_.channels,
                   p_.channels, tap_rows_.get(), tap_columns_.get()};
    cell.window = features_ + ((n * p_.source_height + rows.begin) * p_.source_width + columns.begin) * p_.channels;
    cell.tap = (rows.begin - top) * p_.kernel_size + columns.begin - left;
    cell.ys = {row * p_.up, Min((row + 1) * p_.up, p_.height)};
    cell.xs = {column * p_.up, Min((column + 1) * p_.up, p_.width)};
    return cell;
  }

  T* Output(int64_t n, int64_t y, int64_t x) const {
    return output_ + ((n * p_.height + y) * p_.width + x) * p_.channels;
  }

  void Row(int64_t n, int64_t row) const {
    Sums<T> sums(p_.groups, p_.group_channels(), p_.taps());
    Layout waiting = {};
    for (int64_t column = 0; column * p_.up < p_.width; ++column) {
      const Cell cell = CellAt(n, row, column);
      if (p_.up > 1) {
        for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
          for (int64_t x = cell.xs.begin; x < cell.xs.end; ++x) {
            const T* weights = kernels_ + p_.kernel_offset(n, y, x) + cell.tap;
            sums.AddShared(cell.layout, cell.window, weights, Output(n, y, x));
          }
        }
        sums.FinishShared(cell.layout);
      } else {
        if (cell.layout.columns != waiting.columns) sums.FinishSideBySide(waiting);
        waiting = cell.layout;
        const T* weights = kernels_ + p_.kernel_offset(n, row, column) + cell.tap;
        sums.AddSideBySide(waiting, cell.window, weights, Output(n, row, column));
      }
    }
    sums.FinishSideBySide(waiting);
  }

  // `filled`: the weights per channel are those of the row before.
  void NarrowRow(int64_t n, int64_t row, bool filled, A* weights) const {
    for (int64_t column = 0; column * p_.up < p_.width; ++column) {
      const Cell cell = CellAt(n, row, column);
      for (int64_t y = cell.ys.begin; y < cell.ys.end; ++y) {
        for (int64_t x = cell.xs.begin; x < cell.xs.end; ++x) {
          if (!filled) {
            SpreadWeights(kernels_ + p_.kernel_offset(n, y, x), p_.taps(), p_.groups, p_.group_channels(), weights);
          }
          filled = p_.broadcast;
          ChannelwiseSum(cell.layout, cell.window, weights + cell.tap * p_.channels, p_.channels, Output(n, y, x));
        }
      }
    }
  }

  const Problem& p_;
  const T* features_;
  const T* kernels_;
  T* output_;
  Scratch<int64_t> tap_rows_, tap_columns_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
