// The gradients of the affinity: one pass over the maps for the sums that the norms need, one for the encodings. What
// lies between an encoding and the affinity is made anew. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_AFFINITY_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_AFFINITY_GRADIENT_H_

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "custom_ops/kernels/encodings.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class AffinityGradient : public Encodings<T> {
 public:
  using Encodings<T>::Encodings;

  // Gradients of the encodings, `(batch, pixels, width)`, and of scales and offsets, `(width)`, in the order of Inputs.
  struct Gradients {
    T* encoded[2];
    T* gamma[2];
    T* beta[2];
  };

  void Run(const T* upstream, const Gradients& gradients) const {
    const int64_t width = this->p_.width();
    // Per block, then per sample: of u and v the sums of the gradient and of its product with the normalised value.
    Scratch<T> partial(this->norm_ ? this->p_.batch * this->blocks_ * 4 * width : 0),
        means(this->norm_ ? this->p_.batch * 4 * width : 0);
    if (this->norm_) {
      Parallel(this->p_.batch * this->blocks_, 16 * kBlockPixels * width, [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; ++item) {
          GradientSums(item / this->blocks_, this->BlockAt(item), upstream, partial.get() + item * 4 * width);
        }
      });
      ReduceSums(partial.get(), means.get(), gradients);
    }
    Parallel(this->p_.batch * this->blocks_, 16 * kBlockPixels * width, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        EncodedGradients(item / this->blocks_, this->BlockAt(item), upstream, means.get(), gradients);
      }
    });
  }

 private:
  static constexpr int kWidth = Encodings<T>::kWidth;

  // One where x is positive, else the slope.
  template <int L>
  static Vector<T, L> Slope(const Vector<T, L>& x) {
    const Vector<T, L> one = Vector<T, L>{} + 1, less = Vector<T, L>{} + static_cast<T>(0.01);
    return x > 0 ? one : less;
  }

  // Calls `visit(first channel, its gradient towards what LeakyReLU reads, of u and of v)` for vectors of a pixel's
  // channels, with their length as a constant.
  template <typename F>
  void ForEachVector(int64_t n, int64_t pixel, const T* upstream, const F& visit) const {
    const int64_t width = this->p_.width(), channels = this->p_.channels;
    const T *u = this->Encoded(0, n, pixel), *v = this->Encoded(1, n, pixel), *fu = this->Factors(n, 0),
            *fv = this->Factors(n, 1);
    for (int64_t q = 0; q < this->p_.rank; ++q) {
      const T from = upstream[(n * this->p_.pixels + pixel) * this->p_.rank + q] * this->scale_;
      const auto piece = [&](int64_t c, auto length) {
        constexpr int L = decltype(length)::value;
        const auto bu = Encodings<T>::template Before<L>(u + c, fu + c, width),
                   bv = Encodings<T>::template Before<L>(v + c, fv + c, width);
        visit(c, length, Encodings<T>::template Leaky<L>(bv) * Slope<L>(bu) * from,
              Encodings<T>::template Leaky<L>(bu) * Slope<L>(bv) * from);
      };
      int64_t c = q * channels;
      for (; c + kWidth <= (q + 1) * channels; c += kWidth) piece(c, std::integral_constant<int, kWidth>());
      for (; c < (q + 1) * channels; ++c) piece(c, std::integral_constant<int, 1>());
    }
  }

  void GradientSums(int64_t n, Range block, const T* upstream, T* sums) const {
    const int64_t width = this->p_.width();
    std::memset(sums, 0, static_cast<size_t>(4 * width) * sizeof(T));
    Scratch<T> normal(4 * width);
    for (int which = 0; which < 2; ++which) SpreadStatistics(n, which, normal.get() + which * 2 * width);
    for (int64_t pixel = block.begin; pixel < block.end; ++pixel) {
      const T* encoded[2] = {this->Encoded(0, n, pixel), this->Encoded(1, n, pixel)};
      ForEachVector(n, pixel, upstream, [&](int64_t c, auto length, const auto& to_u, const auto& to_v) {
        constexpr int L = decltype(length)::value;
        for (int which = 0; which < 2; ++which) {
          const auto& from = which ? to_v : to_u;
          T* to = sums + which * 2 * width + c;
          const T* s = normal.get() + which * 2 * width + c;
          const auto x =
              (Memory<T, L>::Load(encoded[which] + c) - Memory<T, L>::Load(s)) * Memory<T, L>::Load(s + width);
          Memory<T, L>::Store(Memory<T, L>::Load(to) + from, to);
          Memory<T, L>::Store(Memory<T, L>::Load(to + width) + from * x, to + width);
        }
      });
    }
  }

  // A mean and a reciprocal deviation for each channel.
  void SpreadStatistics(int64_t n, int which, T* to) const {
    const T* from = this->Statistics(n, which);
    for (int64_t c = 0; c < this->p_.width(); ++c) {
      to[c] = from[c / this->p_.group_channels()];
      to[this->p_.width() + c] = from[c / this->p_.group_channels() + this->p_.norm_groups];
    }
  }

  // Blocks to samples, these to the gradients of scale and offset; and what each channel's group takes off.
  void ReduceSums(const T* partial, T* means, const Gradients& gradients) const {
    const int64_t width = this->p_.width(), depth = this->p_.group_channels();
    for (int which = 0; which < 2; ++which) {
      std::memset(gradients.gamma[which], 0, static_cast<size_t>(width) * sizeof(T));
      std::memset(gradients.beta[which], 0, static_cast<size_t>(width) * sizeof(T));
    }
    const T count = static_cast<T>(this->p_.pixels * depth);
    for (int64_t n = 0; n < this->p_.batch; ++n) {
      T* sums = means + n * 4 * width;
      std::memset(sums, 0, static_cast<size_t>(4 * width) * sizeof(T));
      for (int64_t block = 0; block < this->blocks_; ++block) {
        const T* from = partial + (n * this->blocks_ + block) * 4 * width;
        for (int64_t k = 0; k < 4 * width; ++k) sums[k] += from[k];
      }
      for (int which = 0; which < 2; ++which) {
        T* of = sums + which * 2 * width;
        for (int64_t c = 0; c < width; ++c) {
          gradients.beta[which][c] += of[c];
          gradients.gamma[which][c] += of[width + c];
        }
        for (int64_t k = 0; k < 2 * width; k += depth) {
          T sum = 0;
          for (int64_t c = 0; c < depth; ++c) sum += of[k + c] * this->in_.gamma[which][(k + c) % width];
          for (int64_t c = 0; c < depth; ++c) of[k + c] = sum / count;
        }
      }
    }
  }

  void EncodedGradients(int64_t n, Range block, const T* upstream, const T* means, const Gradients& gradients) const {
    const int64_t width = this->p_.width();
    Scratch<T> normal(this->norm_ ? 4 * width : 0);
    if (this->norm_) {
      for (int which = 0; which < 2; ++which) SpreadStatistics(n, which, normal.get() + which * 2 * width);
    }
    for (int64_t pixel = block.begin; pixel < block.end; ++pixel) {
      const int64_t place = (n * this->p_.pixels + pixel) * width;
      ForEachVector(n, pixel, upstream, [&](int64_t c, auto length, const auto& to_u, const auto& to_v) {
        constexpr int L = decltype(length)::value;
        for (int which = 0; which < 2; ++which) {
          const auto& from = which ? to_v : to_u;
          T* to = gradients.encoded[which] + place + c;
          if (!this->norm_) {
            Memory<T, L>::Store(from, to);
            continue;
          }
          const T* s = normal.get() + which * 2 * width + c;
          const T* mean = means + (n * 2 + which) * 2 * width + c;
          const auto deviation = Memory<T, L>::Load(s + width);
          const auto x = (Memory<T, L>::Load(this->in_.encoded[which] + place + c) - Memory<T, L>::Load(s)) * deviation;
          const auto scaled = from * Memory<T, L>::Load(this->in_.gamma[which] + c);
          Memory<T, L>::Store((scaled - Memory<T, L>::Load(mean) - x * Memory<T, L>::Load(mean + width)) * deviation,
                              to);
        }
      });
    }
  }
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_AFFINITY_GRADIENT_H_
