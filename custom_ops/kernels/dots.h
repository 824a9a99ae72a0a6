// The inner loops of the gradients to the kernels: products of output gradients and features, summed over channels.
// Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_DOTS_H_
#define A2U_CUSTOM_OPS_KERNELS_DOTS_H_

#include <cstdint>

#include "custom_ops/kernels/folding.h"
#include "custom_ops/kernels/taps.h"

namespace a2u {
namespace A2U_ISA {

constexpr int kMostGradients = 4;

// How many pixels are multiplied with P gradients at once: as many accumulators as AVX2 has registers for.
template <int P>
constexpr int kPixels = P == 1   ? 6
                        : P == 2 ? 4
                                 : 3;

// sums[q * P + p]: the dot products of gradient p and pixel q over `channels`, and what `start` holds of them.
template <typename T, int P, int Q, int L>
A2U_INLINE void AddDots(const T* const (&gradients)[P], const T* const (&pixels)[Q], Range channels,
                        const Vector<Accumulator<T>, L> (&start)[P * Q], Accumulator<T>* sums) {
  using A = Accumulator<T>;
  Vector<A, L> total[P * Q];
  for (int k = 0; k < P * Q; ++k) total[k] = start[k];
  for (; channels.begin + L <= channels.end; channels.begin += L) {
    Vector<A, L> gradient[P];
    for (int p = 0; p < P; ++p) gradient[p] = Memory<T, L>::Load(gradients[p] + channels.begin);
    for (int q = 0; q < Q; ++q) {
      const Vector<A, L> x = Memory<T, L>::Load(pixels[q] + channels.begin);
      for (int p = 0; p < P; ++p) total[q * P + p] += gradient[p] * x;
    }
  }
  if constexpr (L == 1) {
    for (int k = 0; k < P * Q; ++k) sums[k] = total[k];
  } else {
    if (channels.begin == channels.end) return SumEach<A, L, P * Q>(total, sums);
    Vector<A, L / 2> half[P * Q];
    for (int k = 0; k < P * Q; ++k) half[k] = FoldHalves<A, L>(total[k]);
    AddDots<T, P, Q, L / 2>(gradients, pixels, channels, half, sums);
  }
}

// From the longest vectors on that the channels fill.
template <typename T, int P, int Q, int L = kFullWidth<Accumulator<T>>>
A2U_INLINE void Dots(const T* const (&gradients)[P], const T* const (&pixels)[Q], Range channels,
                     Accumulator<T>* sums) {
  if constexpr (L > 1) {
    if (channels.size() < L) return Dots<T, P, Q, L / 2>(gradients, pixels, channels, sums);
  }
  const Vector<Accumulator<T>, L> zeros[P * Q] = {};
  AddDots<T, P, Q, L>(gradients, pixels, channels, zeros, sums);
}

// Q taps from `first` on, of the window whose outputs have the P gradients.
template <typename T, int P, int Q>
A2U_INLINE void DotsOfTaps(const Taps& taps, int64_t first, const T* window, const T* const (&gradients)[P],
                           Range channels, T* const (&results)[P]) {
  const T* pixels[Q];
  for (int q = 0; q < Q; ++q) pixels[q] = window + taps.pixels[first + q];
  Accumulator<T> sums[P * Q];
  Dots<T, P, Q>(gradients, pixels, channels, sums);
  for (int q = 0; q < Q; ++q) {
    for (int p = 0; p < P; ++p) Narrow(sums[q * P + p], results[p] + taps.weights[first + q]);
  }
}

// totals[p * total_step + q * L] += the elementwise products of a row of gradients, of P maps, with the row of pixels
// q steps behind, over `count` pixels and the whole vectors of `channels`.
template <typename T, int P, int Q, int L = kFullWidth<Accumulator<T>>>
inline void RowProducts(const T* gradients, int64_t gradient_stride, int64_t map_step, const T* pixels,
                        int64_t pixel_stride, int64_t tap_stride, int64_t count, int64_t channels,
                        Accumulator<T>* totals, int64_t total_step) {
  using A = Accumulator<T>;
  Vector<A, L> total[P][Q];
  for (int p = 0; p < P; ++p) {
    for (int q = 0; q < Q; ++q) total[p][q] = Memory<A, L>::Load(totals + p * total_step + q * L);
  }
  for (int64_t x = 0; x < count; ++x, gradients += gradient_stride, pixels += pixel_stride) {
    for (int64_t c = 0; c + L <= channels; c += L) {
      Vector<A, L> gradient[P];
      for (int p = 0; p < P; ++p) gradient[p] = Memory<T, L>::Load(gradients + p * map_step + c);
      for (int q = 0; q < Q; ++q) {
        const Vector<A, L> pixel = Memory<T, L>::Load(pixels + q * tap_stride + c);
        for (int p = 0; p < P; ++p) total[p][q] += gradient[p] * pixel;
      }
    }
  }
  for (int p = 0; p < P; ++p) {
    for (int q = 0; q < Q; ++q) Memory<A, L>::Store(total[p][q], totals + p * total_step + q * L);
  }
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
