// The inner loops of the gradients to the kernels: products of output gradients and features, summed over channels.
// Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_DOTS_H_
#define A2U_CUSTOM_OPS_KERNELS_DOTS_H_

#include <cstdint>

#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

// How many pixels are multiplied with P gradients at once: as many accumulators as AVX2 has registers for.
template <int P>
constexpr int kPixels = P == 1   ? 6
                        : P == 2 ? 4
                                 : 3;
constexpr int kMaxPixels = 6;

// sums[p][q] += the dot product of gradient p and pixel q over `channels`. Pixels are `stride` apart.
template <typename T, int P, int Q, int L = kFullWidth<Accumulator<T>>>
inline void Dots(const T* const* gradients, const T* pixels, int64_t stride, int64_t channel, int64_t end,
                 Accumulator<T> (*sums)[kMaxPixels]) {
  using A = Accumulator<T>;
  if (channel + L <= end) {
    Vector<A, L> total[P][Q] = {};
    for (; channel + L <= end; channel += L) {
      Vector<A, L> x[Q];
      for (int q = 0; q < Q; ++q) x[q] = Memory<T, L>::Load(pixels + q * stride + channel);
      for (int p = 0; p < P; ++p) {
        const Vector<A, L> gradient = Memory<T, L>::Load(gradients[p] + channel);
        for (int q = 0; q < Q; ++q) total[p][q] += gradient * x[q];
      }
    }
    for (int p = 0; p < P; ++p) {
      for (int q = 0; q < Q; ++q) sums[p][q] += Sum<A, L>(total[p][q]);
    }
  }
  if constexpr (L > 1) {
    if (channel < end) Dots<T, P, Q, L / 2>(gradients, pixels, stride, channel, end, sums);
  }
}

// totals[q] += the elementwise products of a row of gradients with the row of pixels q steps behind, over [begin, end)
// pixels and the whole vectors of `channels`.
template <typename T, int Q, int L = kFullWidth<Accumulator<T>>>
inline void RowProducts(const T* gradients, int64_t gradient_stride, const T* pixels, int64_t pixel_stride,
                        int64_t tap_stride, int64_t count, int64_t channels, Accumulator<T>* totals) {
  using A = Accumulator<T>;
  Vector<A, L> total[Q];
  for (int q = 0; q < Q; ++q) total[q] = Memory<A, L>::Load(totals + q * L);
  for (int64_t x = 0; x < count; ++x, gradients += gradient_stride, pixels += pixel_stride) {
    for (int64_t c = 0; c + L <= channels; c += L) {
      const Vector<A, L> gradient = Memory<T, L>::Load(gradients + c);
      for (int q = 0; q < Q; ++q) total[q] += gradient * Memory<T, L>::Load(pixels + q * tap_stride + c);
    }
  }
  for (int q = 0; q < Q; ++q) Memory<A, L>::Store(total[q], totals + q * L);
}

// totals[c] += the products of a row of gradients and a row of pixels, channel by channel.
template <typename T, int V = 4, int L = kFullWidth<Accumulator<T>>>
inline void ChannelProducts(const T* gradients, int64_t gradient_stride, const T* pixels, int64_t pixel_stride,
                            int64_t count, int64_t channel, int64_t channels, Accumulator<T>* totals) {
  using A = Accumulator<T>;
  for (; channel + V * L <= channels; channel += V * L) {
    Vector<A, L> total[V];
    for (int v = 0; v < V; ++v) total[v] = Memory<A, L>::Load(totals + channel + v * L);
    for (int64_t x = 0; x < count; ++x) {
      for (int v = 0; v < V; ++v) {
        total[v] += Memory<T, L>::Load(gradients + x * gradient_stride + channel + v * L) *
                    Memory<T, L>::Load(pixels + x * pixel_stride + channel + v * L);
      }
    }
    for (int v = 0; v < V; ++v) Memory<A, L>::Store(total[v], totals + channel + v * L);
  }
  if (channel == channels) return;
  if constexpr (V > 1) {
    ChannelProducts<T, 1, L>(gradients, gradient_stride, pixels, pixel_stride, count, channel, channels, totals);
  } else if constexpr (L > 1) {
    ChannelProducts<T, 1, L / 2>(gradients, gradient_stride, pixels, pixel_stride, count, channel, channels, totals);
  }
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_DOTS_H_
