// Sums of the elements of vectors, of several at once: they are folded into each other before one is summed. Per
// instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FOLDING_H_
#define A2U_CUSTOM_OPS_KERNELS_FOLDING_H_

#include <utility>

#include "custom_ops/kernels/vector.h"

// A call would carry vectors through memory.
#define A2U_INLINE __attribute__((always_inline)) inline

namespace a2u {
namespace A2U_ISA {

// Of the first N elements of the halves of segments: the lower ones, or the upper.
template <int N, int Half, int Upper, int... k>
constexpr auto PlacesOf(std::integer_sequence<int, k...>) {
  return std::integer_sequence<int, ((k / Half * 2 + Upper) * Half + k % Half)...>();
}
template <int N, int Half, int Upper>
constexpr auto Places() {
  return PlacesOf<N, Half, Upper>(std::make_integer_sequence<int, N>());
}

// Elements of two vectors, of the second one from L on.
template <typename A, int L, int... from>
A2U_INLINE Vector<A, static_cast<int>(sizeof...(from))> Shuffle(const Vector<A, L>& a, const Vector<A, L>& b,
                                                                std::integer_sequence<int, from...>) {
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(a, b, from...);
#else
  return Vector<A, static_cast<int>(sizeof...(from))>{(from < L ? a[from % L] : b[from % L])...};
#endif
}

template <typename A, int L>
A2U_INLINE Vector<A, L / 2> FoldHalves(const Vector<A, L>& v) {
  if constexpr (L == 2) {
    return v[0] + v[1];
  } else {
    return Shuffle<A, L>(v, v, Places<L / 2, L / 2, 0>()) + Shuffle<A, L>(v, v, Places<L / 2, L / 2, 1>());
  }
}

// The sum of a vector's elements, by halves.
template <typename A, int L>
A2U_INLINE A Sum(const Vector<A, L>& v) {
  if constexpr (L == 1) {
    return v;
  } else {
    return Sum<A, L / 2>(FoldHalves<A, L>(v));
  }
}

// Sums of the elements of N vectors at once: pairs are folded into one vector, of as many segments as it holds sums.
template <typename A, int L, int N, int Segments = 1>
A2U_INLINE void SumPowerOfTwo(const Vector<A, L> (&vectors)[N], A* sums) {
  constexpr int kHalf = L / Segments / 2;  // of a segment
  if constexpr (kHalf == 0) {
    __builtin_memcpy(sums, vectors, sizeof(vectors[0]));
  } else if constexpr (N == 1) {
    const auto& v = vectors[0];
    const Vector<A, L / 2> folded[1] = {Shuffle<A, L>(v, v, Places<L / 2, kHalf, 0>()) +
                                        Shuffle<A, L>(v, v, Places<L / 2, kHalf, 1>())};
    SumPowerOfTwo<A, L / 2, 1, Segments>(folded, sums);
  } else {
    Vector<A, L> folded[N / 2];
    for (int n = 0; n < N / 2; ++n) {
      const auto &a = vectors[2 * n], &b = vectors[2 * n + 1];
      folded[n] = Shuffle<A, L>(a, b, Places<L, kHalf, 0>()) + Shuffle<A, L>(a, b, Places<L, kHalf, 1>());
    }
    SumPowerOfTwo<A, L, N / 2, 2 * Segments>(folded, sums);
  }
}

// Sums of the elements of N vectors.
template <typename A, int L, int N>
A2U_INLINE void SumEach(const Vector<A, L>* vectors, A* sums) {
  constexpr int kNow = N >= 4 && L >= 4 ? 4 : N >= 2 && L >= 2 ? 2 : 1;
  if constexpr (kNow == 1) {
    *sums = Sum<A, L>(*vectors);
  } else if constexpr (L > 8) {  // shuffles of shorter vectors are cheaper
    Vector<A, L / 2> halves[kNow];
    for (int n = 0; n < kNow; ++n) halves[n] = FoldHalves<A, L>(vectors[n]);
    SumPowerOfTwo<A, L / 2, kNow>(halves, sums);
  } else {
    Vector<A, L> these[kNow];
    for (int n = 0; n < kNow; ++n) these[n] = vectors[n];
    SumPowerOfTwo<A, L, kNow>(these, sums);
  }
  if constexpr (N > kNow) SumEach<A, L, N - kNow>(vectors + kNow, sums + kNow);
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FOLDING_H_
