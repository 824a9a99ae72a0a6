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

  // L channels of both encodings over the pixels of a block, and what is the same for all of them.
  template <int L>
  struct Channels {
    using V = Vector<T, L>;
    V factor[2], addend[2], mean[2], deviation[2];
    const T* encoded[2];
    const T* upstream;

    // The gradients towards what LeakyReLU reads at a pixel, and the normalised values.
    void At(T scale, V (&to)[2], V (&normal)[2]) const {
      V before[2];
      for (int which = 0; which < 2; ++which) {
        const V x = Memory<T, L>::Load(encoded[which]);
        before[which] = x * factor[which] + addend[which];
        normal[which] = (x - mean[which]) * deviation[which];
      }
      const T from = *upstream * scale;
      to[0] = Encodings<T>::template Leaky<L>(before[1]) * Slope<L>(before[0]) * from;
      to[1] = Encodings<T>::template Leaky<L>(before[0]) * Slope<L>(before[1]) * from;
    }

    void Next(int64_t width, int64_t rank) {
      encoded[0] += width;
      encoded[1] += width;
      upstream += rank;
    }
  };

  template <int L>
  Channels<L> ChannelsFrom(int64_t n, int64_t pixel, int64_t c, const T* upstream, const T* normal) const {
    const int64_t width = this->p_.width();
    Channels<L> x = {};
    for (int which = 0; which < 2; ++which) {
      x.factor[which] = Memory<T, L>::Load(this->Factors(n, which) + c);
      x.addend[which] = Memory<T, L>::Load(this->Factors(n, which) + width + c);
      if (this->norm_) {
        x.mean[which] = Memory<T, L>::Load(normal + which * 2 * width + c);
        x.deviation[which] = Memory<T, L>::Load(normal + (which * 2 + 1) * width + c);
      }
      x.encoded[which] = this->Encoded(which, n, pixel) + c;
    }
    x.upstream = upstream + (n * this->p_.pixels + pixel) * this->p_.rank + c / this->p_.channels;
    return x;
  }

  // Calls `visit(first channel, length)` for vectors of channels, with their length as a constant.
  template <typename F>
  void ForEachVector(const F& visit) const {
    const int64_t channels = this->p_.channels;
    for (int64_t q = 0; q < this->p_.rank; ++q) {
      int64_t c = q * channels;
      for (; c + kWidth <= (q + 1) * channels; c += kWidth) visit(c, std::integral_constant<int, kWidth>());
      for (; c < (q + 1) * channels; ++c) visit(c, std::integral_constant<int, 1>());
    }
  }

  void GradientSums(int64_t n, Range block, const T* upstream, T* sums) const {
    const int64_t width = this->p_.width(), rank = this->p_.rank;
    const T scale = this->scale_;
    Scratch<T> normal(4 * width);
    for (int which = 0; which < 2; ++which) SpreadStatistics(n, which, normal.get() + which * 2 * width);
    ForEachVector([&](int64_t c, auto length) {
      constexpr int L = decltype(length)::value;
      Channels<L> x = ChannelsFrom<L>(n, block.begin, c, upstream, normal.get());
      Vector<T, L> total[4] = {};
      for (int64_t pixel = block.begin; pixel < block.end; ++pixel, x.Next(width, rank)) {
        Vector<T, L> to[2], normalised[2];
        x.At(scale, to, normalised);
        for (int which = 0; which < 2; ++which) {
          total[2 * which] += to[which];
          total[2 * which + 1] += to[which] * normalised[which];
        }
      }
      for (int k = 0; k < 4; ++k) Memory<T, L>::Store(total[k], sums + k * width + c);
    });
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
    const int64_t width = this->p_.width(), rank = this->p_.rank;
    const T scale = this->scale_;
    Scratch<T> normal(this->norm_ ? 4 * width : 0);
    if (this->norm_) {
      for (int which = 0; which < 2; ++which) SpreadStatistics(n, which, normal.get() + which * 2 * width);
    }
    ForEachVector([&](int64_t c, auto length) {
      constexpr int L = decltype(length)::value;
      using V = Vector<T, L>;
      Channels<L> x = ChannelsFrom<L>(n, block.begin, c, upstream, normal.get());
      V gamma[2] = {}, mean[2] = {}, slope[2] = {};
      for (int which = 0; this->norm_ && which < 2; ++which) {
        gamma[which] = Memory<T, L>::Load(this->in_.gamma[which] + c);
        mean[which] = Memory<T, L>::Load(means + (n * 4 + 2 * which) * width + c);
        slope[which] = Memory<T, L>::Load(means + (n * 4 + 2 * which + 1) * width + c);
      }
      int64_t place = (n * this->p_.pixels + block.begin) * width + c;
      for (int64_t pixel = block.begin; pixel < block.end; ++pixel, place += width, x.Next(width, rank)) {
        V to[2], normalised[2];
        x.At(scale, to, normalised);
        for (int which = 0; which < 2; ++which) {
          const V through = (to[which] * gamma[which] - mean[which] - normalised[which] * slope[which]);
          Memory<T, L>::Store(this->norm_ ? through * x.deviation[which] : to[which],
                              gradients.encoded[which] + place);
        }
      }
    });
  }
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_AFFINITY_GRADIENT_H_
