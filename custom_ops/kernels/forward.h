// Forward pass: each cell of the lower-resolution grid has one window, which its up x up outputs share. Per instruction
// set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
#define A2U_CUSTOM_OPS_KERNELS_FORWARD_H_

#include <cstdint>
#include <type_traits>

#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class Forward {
 public:
  using A = Accumulator<T>;

  Forward(const Problem& problem, const T* features, const T* kernels, T* output)
      : p_(problem), features_(features), kernels_(kernels), output_(output) {}

  void Run() const {
    if (p_.output_size() == 0) return;
    const int64_t rows = (p_.height + p_.up - 1) / p_.up;
    const int64_t cost = p_.up * p_.width * p_.taps() * p_.channels;
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Parallel(p_.batch * rows, cost, [&](int64_t begin, int64_t end) {
      Scratch<A> weights(narrow ? p_.taps() * p_.channels : kMaxSums * p_.depth());
      for (int64_t item = begin; item < end; ++item) {
        const bool filled = narrow && p_.broadcast && item > begin && item % rows != 0;
        Row(item / rows, item % rows, narrow, filled, weights.get());
      }
    });
  }

 private:
  // One row of cells. `filled`: the weights per channel are those of the row before.
  void Row(int64_t n, int64_t row, bool narrow, bool filled, A* scratch) const {
    const int64_t top = row * p_.down - p_.before();
    const Range rows = Clip(top, top + p_.kernel_size, p_.source_height);
    const Range ys = {row * p_.up, Min((row + 1) * p_.up, p_.height)};
    for (int64_t column = 0; column * p_.up < p_.width; ++column) {
      const int64_t left = column * p_.down - p_.before();
      const Range columns = Clip(left, left + p_.kernel_size, p_.source_width);
      const Range xs = {column * p_.up, Min((column + 1) * p_.up, p_.width)};
      const int64_t first = (rows.begin - top) * p_.kernel_size + columns.begin - left;  // the first tap on the map
      const Window<T> window = {features_ + Pixel(n, p_.source_height, p_.source_width, rows.begin, columns.begin),
                                rows.size(), columns.size(), p_.source_width * p_.channels, p_.channels};
      int64_t offsets[kMaxSums];
      T* sums[kMaxSums];
      int count = 0;
      for (int64_t y = ys.begin; y < ys.end; ++y) {
        for (int64_t x = xs.begin; x < xs.end; ++x) {
          offsets[count] = p_.kernel_offset(n, y, x);
          sums[count] = output_ + Pixel(n, p_.height, p_.width, y, x);
          ++count;
          const bool last = y + 1 == ys.end && x + 1 == xs.end;
          if (narrow) {
            if (!filled) SpreadWeights(kernels_ + offsets[0], scratch);
            filled = p_.broadcast;
            const Window<A> weights = {scratch + first * p_.channels, rows.size(), columns.size(),
                                       p_.kernel_size * p_.channels, p_.channels};
            ChannelwiseSum<T>(window, weights, 0, sums[0]);
            count = 0;
          } else if (count == kMaxSums || last) {
            Sums(count, window, offsets, first, scratch, sums);
            count = 0;
          }
        }
      }
    }
  }

  void Sums(int count, const Window<T>& window, const int64_t* offsets, int64_t first, A* scratch,
            T* const* sums) const {
    const A* weights[kMaxSums];
    for (int p = 0; p < count; ++p) {
      if constexpr (std::is_same_v<T, A>) {
        weights[p] = kernels_ + offsets[p] + first;
      } else {
        A* copy = scratch + p * p_.depth();
        for (int64_t k = 0; k < p_.depth(); ++k) copy[k] = Widen(kernels_[offsets[p] + k]);
        weights[p] = copy + first;
      }
    }
    for (int64_t g = 0; g < p_.groups; ++g) {
      const int64_t channel = g * p_.group_channels();
      WeightedSums<T>(count, window, weights, p_.kernel_size, channel, channel + p_.group_channels(), sums);
      for (int p = 0; p < count; ++p) weights[p] += p_.taps();
    }
  }

  // From group, tap to tap, channel.
  void SpreadWeights(const T* kernel, A* weights) const {
    for (int64_t tap = 0; tap < p_.taps(); ++tap) {
      for (int64_t g = 0; g < p_.groups; ++g) {
        const A weight = Widen(kernel[g * p_.taps() + tap]);
        for (int64_t c = 0; c < p_.group_channels(); ++c) *weights++ = weight;
      }
    }
  }

  int64_t Pixel(int64_t n, int64_t height, int64_t width, int64_t y, int64_t x) const {
    return ((n * height + y) * width + x) * p_.channels;
  }

  const Problem& p_;
  const T* features_;
  const T* kernels_;
  T* output_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FORWARD_H_
