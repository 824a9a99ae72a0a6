// Vectors whose lanes belong to pixels side by side, and the same values as rows of memory, one for each pixel: four
// vectors at a time are transposed, so that memory is met in pieces of four. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_LANES_H_
#define A2U_CUSTOM_OPS_KERNELS_LANES_H_

#include <cstdint>
#include <utility>

#include "custom_ops/kernels/folding.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

// Places of `shuffle` in vectors a and b of L elements: of each segment of four the elements from `First` on, those of
// a and of b in turns, or two by two.
template <int L, int First, bool Turns, int... k>
constexpr auto SegmentsOf(std::integer_sequence<int, k...>) {
  return std::integer_sequence<int, (k / 4 * 4 + First + (Turns ? k % 4 / 2 + k % 2 * L
                                                                 : k % 2 + k % 4 / 2 * L))...>();
}
template <int L, int First, bool Turns>
constexpr auto Segments() {
  return SegmentsOf<L, First, Turns>(std::make_integer_sequence<int, L>());
}

// In each segment of four lanes, element j of vector i becomes element i of vector j.
template <typename T, int L>
A2U_INLINE void TransposeSegments(Vector<T, L> (&v)[4]) {
  const auto low = Segments<L, 0, true>(), high = Segments<L, 2, true>();
  const auto first = Segments<L, 0, false>(), second = Segments<L, 2, false>();
  const Vector<T, L> low01 = Shuffle<T, L>(v[0], v[1], low), high01 = Shuffle<T, L>(v[0], v[1], high);
  const Vector<T, L> low23 = Shuffle<T, L>(v[2], v[3], low), high23 = Shuffle<T, L>(v[2], v[3], high);
  v[0] = Shuffle<T, L>(low01, low23, first);
  v[1] = Shuffle<T, L>(low01, low23, second);
  v[2] = Shuffle<T, L>(high01, high23, first);
  v[3] = Shuffle<T, L>(high01, high23, second);
}

template <int First, int... k>
constexpr auto FromOn(std::integer_sequence<int, k...>) {
  return std::integer_sequence<int, (First + k)...>();
}

// Calls `visit(segment number)` for each segment of four lanes, with the number as a constant.
template <int L, int Segment = 0, typename F>
A2U_INLINE void ForEachSegment(const F& visit) {
  if constexpr (Segment < L / 4) {
    visit(std::integral_constant<int, Segment>());
    ForEachSegment<L, Segment + 1>(visit);
  }
}

// Lane l of vector k to `to[l * stride + k]`, of the first `lanes` lanes.
template <typename T, int L>
A2U_INLINE void StoreLanes(const Vector<T, L>* vectors, int64_t count, int64_t lanes, T* to, int64_t stride) {
  int64_t k = 0;
  if constexpr (L >= 4) {
    for (; k + 4 <= count; k += 4) {
      Vector<T, L> rows[4] = {vectors[k], vectors[k + 1], vectors[k + 2], vectors[k + 3]};
      TransposeSegments<T, L>(rows);
      ForEachSegment<L>([&](auto segment) {
        constexpr int kFirst = 4 * decltype(segment)::value;
        for (int j = 0; j < 4 && kFirst + j < lanes; ++j) {
          const auto four = FromOn<kFirst>(std::make_integer_sequence<int, 4>());
          Memory<T, 4>::Store(Shuffle<T, L>(rows[j], rows[j], four), to + (kFirst + j) * stride + k);
        }
      });
    }
  }
  for (; k < count; ++k) {
    for (int64_t l = 0; l < lanes; ++l) to[l * stride + k] = vectors[k][l];
  }
}

// The other way, in two steps between which there should be other work: the processor can load a vector only once the
// pieces that were stored to it have reached the cache. Lanes from `lanes` on are 0.
template <typename T, int L>
A2U_INLINE void CopyLanes(const T* from, int64_t stride, int64_t lanes, int64_t count, Vector<T, L>* vectors) {
  for (int64_t k = 0; lanes < L && k < count; ++k) vectors[k] = Vector<T, L>{};
  int64_t k = 0;
  if constexpr (L >= 4) {
    for (; k + 4 <= count; k += 4) {
      T* to = reinterpret_cast<T*>(vectors + k);
      for (int64_t l = 0; l < lanes; ++l) {
        Memory<T, 4>::Store(Memory<T, 4>::Load(from + l * stride + k), to + l % 4 * L + l / 4 * 4);
      }
    }
  }
  for (; k < count; ++k) {
    for (int64_t l = 0; l < lanes; ++l) reinterpret_cast<T*>(vectors + k)[l] = from[l * stride + k];
  }
}

template <typename T, int L>
A2U_INLINE void TransposeLanes(int64_t count, Vector<T, L>* vectors) {
  if constexpr (L >= 4) {
    for (int64_t k = 0; k + 4 <= count; k += 4) {
      Vector<T, L> rows[4] = {vectors[k], vectors[k + 1], vectors[k + 2], vectors[k + 3]};
      TransposeSegments<T, L>(rows);
      for (int j = 0; j < 4; ++j) vectors[k + j] = rows[j];
    }
  }
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_LANES_H_
