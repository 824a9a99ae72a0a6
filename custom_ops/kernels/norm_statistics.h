// Mean and deviation of the groups of two encodings: made per block of pixels, and joined in the order of the blocks,
// whatever the threads. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_NORM_STATISTICS_H_
#define A2U_CUSTOM_OPS_KERNELS_NORM_STATISTICS_H_

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

// Pixels whose sums are made by one thread; of 64 channels they fit the second cache.
constexpr int64_t kBlockPixels = 256;

inline int64_t PixelBlocks(const AffinityProblem& p) { return (p.pixels + kBlockPixels - 1) / kBlockPixels; }

inline Range PixelBlock(const AffinityProblem& p, int64_t block) {
  return {block * kBlockPixels, Min((block + 1) * kBlockPixels, p.pixels)};
}

template <typename T>
class NormStatistics {
 public:
  // Of the two encodings, and into `statistics`, `(batch, 2, 2, groups)`: of each the mean and the reciprocal of the
  // standard deviation.
  NormStatistics(const AffinityProblem& problem, const T* u, const T* v) : p_(problem), encoded_{u, v} {}

  void Run(T* statistics) const {
    const int64_t groups = p_.norm_groups, width = p_.width(), blocks = PixelBlocks(p_);
    Scratch<T> partial(p_.batch * blocks * 4 * groups);
    Parallel(p_.batch * blocks, 8 * kBlockPixels * width, [&](int64_t begin, int64_t end) {
      Scratch<T> sums(2 * width);
      for (int64_t item = begin; item < end; ++item) {
        for (int which = 0; which < 2; ++which) {
          T* to = partial.get() + (item * 2 + which) * 2 * groups;
          OfBlock(which, item / blocks, PixelBlock(p_, item % blocks), sums.get(), to);
        }
      }
    });
    for (int64_t n = 0; n < p_.batch; ++n) {
      for (int64_t k = 0; k < 2 * groups; ++k) {
        const int64_t which = k / groups, group = k % groups;
        T count = 0, mean = 0, squares = 0;
        for (int64_t block = 0; block < blocks; ++block) {
          const T* from = partial.get() + ((n * blocks + block) * 2 + which) * 2 * groups + group;
          const T more = static_cast<T>(PixelBlock(p_, block).size() * p_.group_channels());
          const T difference = from[0] - mean;
          count += more;
          mean += difference * more / count;
          squares += from[groups] + difference * difference * more * (count - more) / count;
        }
        T* to = statistics + ((n * 2 + which) * 2) * groups + group;
        to[0] = mean;
        to[groups] = 1 / std::sqrt(squares / count + static_cast<T>(p_.epsilon));
      }
    }
  }

 private:
  void OfBlock(int which, int64_t n, Range block, T* sums, T* to) const {
    const int64_t width = p_.width(), groups = p_.norm_groups, depth = p_.group_channels();
    const T count = static_cast<T>(block.size() * depth);
    T* means = sums + width;
    const T* first = encoded_[which] + (n * p_.pixels + block.begin) * width;
    ForEachVector([&](int64_t c, auto length) {
      constexpr int L = decltype(length)::value;
      Vector<T, L> total{};
      const T* from = first + c;
      for (int64_t k = 0; k < block.size(); ++k, from += width) total += Memory<T, L>::Load(from);
      Memory<T, L>::Store(total, sums + c);
    });
    for (int64_t g = 0; g < groups; ++g) {
      T sum = 0;
      for (int64_t c = 0; c < depth; ++c) sum += sums[g * depth + c];
      to[g] = sum / count;
      for (int64_t c = 0; c < depth; ++c) means[g * depth + c] = to[g];
    }
    ForEachVector([&](int64_t c, auto length) {
      constexpr int L = decltype(length)::value;
      Vector<T, L> total{};
      const auto mean = Memory<T, L>::Load(means + c);
      const T* from = first + c;
      for (int64_t k = 0; k < block.size(); ++k, from += width) {
        const auto deviation = Memory<T, L>::Load(from) - mean;
        total += deviation * deviation;
      }
      Memory<T, L>::Store(total, sums + c);
    });
    for (int64_t g = 0; g < groups; ++g) {
      T sum = 0;
      for (int64_t c = 0; c < depth; ++c) sum += sums[g * depth + c];
      to[groups + g] = sum;
    }
  }

  // Calls `visit(first channel, length)` for vectors of channels, with their length as a constant.
  template <typename F>
  void ForEachVector(const F& visit) const {
    constexpr int kWidth = kFullWidth<T>;
    int64_t c = 0;
    for (; c + kWidth <= p_.width(); c += kWidth) visit(c, std::integral_constant<int, kWidth>());
    for (; c < p_.width(); ++c) visit(c, std::integral_constant<int, 1>());
  }

  const AffinityProblem& p_;
  const T* encoded_[2];
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_NORM_STATISTICS_H_
