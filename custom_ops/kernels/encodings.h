// Two encodings as the affinity reads them: in blocks of pixels, with what normalisation, scale and offset make of a
// channel as one factor and one addend. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_ENCODINGS_H_
#define A2U_CUSTOM_OPS_KERNELS_ENCODINGS_H_

#include <cmath>
#include <cstdint>

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/norm_statistics.h"
#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class Encodings {
 public:
  // Encodings, and the scale and offset of their norms: of u and of v.
  struct Inputs {
    const T* encoded[2];
    const T* gamma[2];
    const T* beta[2];
  };

  Encodings(const AffinityProblem& problem, const Inputs& inputs)
      : p_(problem),
        in_(inputs),
        blocks_(PixelBlocks(p_)),
        norm_(p_.norm_groups > 0),
        scale_(1 / std::sqrt(static_cast<T>(p_.channels))),
        statistics_(4 * p_.batch * p_.norm_groups),
        factors_(4 * p_.batch * p_.width()) {
    if (p_.batch * p_.pixels == 0) return;
    if (norm_) NormStatistics<T>(p_, in_.encoded[0], in_.encoded[1]).Run(statistics_.get());
    MakeFactors();
  }

 protected:
  static constexpr int kWidth = kFullWidth<T>;

  Range BlockAt(int64_t item) const { return PixelBlock(p_, item % blocks_); }

  const T* Encoded(int which, int64_t n, int64_t pixel) const {
    return in_.encoded[which] + (n * p_.pixels + pixel) * p_.width();
  }

  // What a value is multiplied by for each channel, then what is added: normalisation, scale and offset in one.
  T* Factors(int64_t n, int which) const { return factors_.get() + (n * 2 + which) * 2 * p_.width(); }

  // The means of the groups, then the reciprocals of their standard deviations.
  const T* Statistics(int64_t n, int which) const { return statistics_.get() + (n * 2 + which) * 2 * p_.norm_groups; }

  template <int L>
  static Vector<T, L> Leaky(const Vector<T, L>& x) {
    const Vector<T, L> less = x * static_cast<T>(0.01);
    return x > less ? x : less;
  }

  template <int L>
  static Vector<T, L> Before(const T* value, const T* factors, int64_t width) {
    return Memory<T, L>::Load(value) * Memory<T, L>::Load(factors) + Memory<T, L>::Load(factors + width);
  }

  template <int L>
  static Vector<T, L> Embedded(const T* value, const T* factors, int64_t width) {
    return Leaky<L>(Before<L>(value, factors, width));
  }

  const AffinityProblem& p_;
  const Inputs in_;
  const int64_t blocks_;
  const bool norm_;
  const T scale_;

 private:
  void MakeFactors() const {
    const int64_t width = p_.width();
    for (int64_t n = 0; n < p_.batch; ++n) {
      for (int which = 0; which < 2; ++which) {
        T* to = Factors(n, which);
        for (int64_t c = 0; c < width; ++c) {
          if (!norm_) {
            to[c] = 1;
            to[width + c] = 0;
            continue;
          }
          const T* from = Statistics(n, which) + c / p_.group_channels();
          to[c] = in_.gamma[which][c] * from[p_.norm_groups];
          to[width + c] = in_.beta[which][c] - from[0] * to[c];
        }
      }
    }
  }

  Scratch<T> statistics_, factors_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_ENCODINGS_H_
