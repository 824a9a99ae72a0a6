// Short vectors of accumulators, loaded from and stored to any element type. Part of cpu_isa.cc, which is compiled once
// for each instruction set: everything here lives in that set's namespace, so that the linker never mixes them.

#ifndef A2U_CUSTOM_OPS_KERNELS_VECTOR_H_
#define A2U_CUSTOM_OPS_KERNELS_VECTOR_H_

#include <cstdint>

#ifdef __F16C__
#include <immintrin.h>
#endif

#include "custom_ops/kernels/dtypes.h"

namespace a2u {
namespace A2U_ISA {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

// What elements of type T are accumulated in.
template <typename T>
struct AccumulatorOf {
  using Type = float;
};
template <>
struct AccumulatorOf<double> {
  using Type = double;
};
template <typename T>
using Accumulator = typename AccumulatorOf<T>::Type;

template <typename A>
constexpr int kFullWidth = kVectorBytes / static_cast<int>(sizeof(A));

// A vector of L elements; of one, the element itself.
template <typename E, int L>
struct VectorOf {
  typedef E Type __attribute__((vector_size(L * sizeof(E))));
};
template <typename E>
struct VectorOf<E, 1> {
  using Type = E;
};
template <typename E, int L>
using Vector = typename VectorOf<E, L>::Type;

template <typename To, typename From>
inline To BitCast(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To to;
  __builtin_memcpy(&to, &from, sizeof(to));
  return to;
}

inline float ToFloat(Half h) {
#ifdef __F16C__
  return _cvtsh_ss(h.bits);
#else
  const uint32_t sign = static_cast<uint32_t>(h.bits & 0x8000) << 16;
  const uint32_t magnitude = h.bits & 0x7fff;
  if (magnitude >= 0x7c00) return BitCast<float>(sign | 0x7f800000u | (magnitude & 0x3ff) << 13);
  // As a float of the same bits a half is 2^112 too small, subnormal or not.
  return BitCast<float>(sign | BitCast<uint32_t>(BitCast<float>(magnitude << 13) * 0x1p112f));
#endif
}

inline Half ToHalf(float value) {
  const uint32_t bits = BitCast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return {static_cast<uint16_t>(sign | 0x7e00)};
  if (magnitude >= 0x477ff000) return {static_cast<uint16_t>(sign | 0x7c00)};  // rounds to 65536 or beyond
  if (magnitude < 0x38800000) {  // subnormal: adding 1/2 leaves units of 2^-24 at the end, rounded to even
    return {static_cast<uint16_t>(sign | (BitCast<uint32_t>(BitCast<float>(magnitude) + 0.5f) - 0x3f000000u))};
  }
  const uint32_t odd = magnitude >> 13 & 1;
  return {static_cast<uint16_t>(sign | (magnitude - 0x38000000 + 0xfff + odd) >> 13)};
}

inline BFloat16 ToBFloat16(float value) {
  const uint32_t bits = BitCast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

inline float Widen(float x) { return x; }
inline double Widen(double x) { return x; }
inline float Widen(Half x) { return ToFloat(x); }
inline float Widen(BFloat16 x) { return BitCast<float>(static_cast<uint32_t>(x.bits) << 16); }

inline void Narrow(float x, float* to) { *to = x; }
inline void Narrow(double x, double* to) { *to = x; }
inline void Narrow(float x, Half* to) { *to = ToHalf(x); }
inline void Narrow(float x, BFloat16* to) { *to = ToBFloat16(x); }

// Loads and stores of L elements at any address.
template <typename T, int L>
struct Memory {
  using V = Vector<Accumulator<T>, L>;
  static V Load(const T* from) {  // elements that are their own accumulators
    V v;
    __builtin_memcpy(&v, from, sizeof(v));
    return v;
  }
  static void Store(const V& v, T* to) { __builtin_memcpy(to, &v, sizeof(v)); }
};

template <typename T>
struct Memory<T, 1> {
  using V = Accumulator<T>;
  static V Load(const T* from) { return Widen(*from); }
  static void Store(V v, T* to) { Narrow(v, to); }
};
template <>
struct Memory<Half, 1> {
  static float Load(const Half* from) { return Widen(*from); }
  static void Store(float v, Half* to) { Narrow(v, to); }
};
template <>
struct Memory<BFloat16, 1> {
  static float Load(const BFloat16* from) { return Widen(*from); }
  static void Store(float v, BFloat16* to) { Narrow(v, to); }
};

template <int L>
struct Memory<Half, L> {
  using V = Vector<float, L>;
  static V Load(const Half* from) {
#ifdef __F16C__
    if constexpr (L == 8) return BitCast<V>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#ifdef __AVX512F__
    if constexpr (L == 16) {
      return BitCast<V>(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
    }
#endif
#endif
    V v;
    for (int l = 0; l < L; ++l) v[l] = Widen(from[l]);
    return v;
  }
  static void Store(const V& v, Half* to) {
#ifdef __F16C__
    if constexpr (L == 8) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(BitCast<__m256>(v), _MM_FROUND_TO_NEAREST_INT));
      return;
    }
#ifdef __AVX512F__
    if constexpr (L == 16) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                          _mm512_cvtps_ph(BitCast<__m512>(v), _MM_FROUND_TO_NEAREST_INT));
      return;
    }
#endif
#endif
    for (int l = 0; l < L; ++l) Narrow(v[l], to + l);
  }
};

template <int L>
struct Memory<BFloat16, L> {
  using V = Vector<float, L>;
  static V Load(const BFloat16* from) {
    Vector<uint16_t, L> bits;
    __builtin_memcpy(&bits, from, sizeof(bits));
    return BitCast<V>(__builtin_convertvector(bits, Vector<uint32_t, L>) << 16);
  }
  static void Store(const V& v, BFloat16* to) {
    for (int l = 0; l < L; ++l) Narrow(v[l], to + l);
  }
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_VECTOR_H_
