// exp of short vectors, within two units in the last place.

#ifndef A2U_CUSTOM_OPS_KERNELS_EXPONENTIAL_H_
#define A2U_CUSTOM_OPS_KERNELS_EXPONENTIAL_H_

#include <cmath>
#include <cstdint>

#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

// exp(x) for |x| <= 1/2: the first eight terms of the series.
template <int L>
inline Vector<float, L> ExpOfSmall(const Vector<float, L>& x) {
  Vector<float, L> series = Vector<float, L>{} + 1.0f / 5040;
  constexpr float kTerms[] = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  for (float term : kTerms) series = series * x + term;
  return series;
}

// exp(x) = 2^n exp(r) with |r| <= ln(2) / 2. Beyond the range of normal numbers it stays at the smallest and the
// largest of them.
template <int L>
inline Vector<float, L> Exp(const Vector<float, L>& x) {
  using V = Vector<float, L>;
  const V low = V{} - 87.3f, high = V{} + 88.7f;
  const V inside = x < low ? low : x > high ? high : x;
  constexpr float kRound = 12582912;  // 1.5 * 2^23: what is added to it is rounded to an integer
  const V n = (inside * 1.44269504f + kRound) - kRound;
  const V r = (inside - n * 0.693359375f) + n * 2.12194440e-4f;  // ln(2) in two parts, the first exact
  const Vector<int32_t, L> exponent = __builtin_convertvector(n, Vector<int32_t, L>) + 127;
  return ExpOfSmall<L>(r) * BitCast<V>(exponent << 23);
}

template <int L>
inline Vector<double, L> Exp(const Vector<double, L>& x) {
  Vector<double, L> result;
  for (int l = 0; l < L; ++l) result[l] = std::exp(x[l]);
  return result;
}

template <int L>
inline Vector<double, L> ExpOfSmall(const Vector<double, L>& x) {
  return Exp<L>(x);
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_EXPONENTIAL_H_
