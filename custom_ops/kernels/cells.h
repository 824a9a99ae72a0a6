// Cells of the lower-resolution grid: each has one window on the features, which its up x up outputs share. Per
// instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_CELLS_H_
#define A2U_CUSTOM_OPS_KERNELS_CELLS_H_

#include <cstdint>

#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/taps.h"

namespace a2u {
namespace A2U_ISA {

struct Cell {
  int64_t n;
  Range rows, columns;  // of the window, on the map
  int64_t tap;          // the first on the map
  Range ys, xs;         // of the outputs
};

class Cells {
 public:
  explicit Cells(const Problem& problem) : p_(problem) {}

  // In the lower-resolution grid, with the cells that are there in part.
  int64_t rows() const { return (p_.height + p_.up - 1) / p_.up; }
  int64_t columns() const { return (p_.width + p_.up - 1) / p_.up; }

  Cell At(int64_t n, int64_t row, int64_t column) const {
    const int64_t top = row * p_.down - p_.before(), left = column * p_.down - p_.before();
    Cell cell;
    cell.n = n;
    cell.rows = Clip(top, top + p_.kernel_size, p_.source_height);
    cell.columns = Clip(left, left + p_.kernel_size, p_.source_width);
    cell.tap = (cell.rows.begin - top) * p_.kernel_size + cell.columns.begin - left;
    cell.ys = {row * p_.up, Min((row + 1) * p_.up, p_.height)};
    cell.xs = {column * p_.up, Min((column + 1) * p_.up, p_.width)};
    return cell;
  }

  // The cells from this one on that have an equal window, each `down` pixels on, and as many outputs.
  WindowRun RunFrom(const Cell& cell) const {
    const int64_t column = cell.xs.begin / p_.up;
    const int64_t full = p_.width / p_.up;  // of the cells in a row, those with all their outputs
    int64_t count = 1;
    if (cell.columns.size() == p_.kernel_size && column < full) {
      count = Min((p_.source_width - cell.columns.end) / p_.down + 1, full - column);
    }
    return {count, p_.down * p_.channels, p_.broadcast ? 0 : p_.up * p_.depth(), p_.up * p_.channels};
  }

  const Taps& TapsOf(const Cell& cell, TapList* list) const {
    return list->Of(cell.rows.size(), cell.columns.size(), [&](int64_t i, int64_t j, int64_t* pixel, int64_t* weight) {
      *pixel = (i * p_.source_width + j) * p_.channels;
      *weight = i * p_.kernel_size + j;
    });
  }

  // Where its window begins in the features.
  int64_t WindowAt(const Cell& cell) const {
    return ((cell.n * p_.source_height + cell.rows.begin) * p_.source_width + cell.columns.begin) * p_.channels;
  }

  // Where an output begins.
  int64_t OutputAt(int64_t n, int64_t y, int64_t x) const { return ((n * p_.height + y) * p_.width + x) * p_.channels; }

 private:
  const Problem& p_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_CELLS_H_
