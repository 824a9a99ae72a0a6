// The affinity of two encodings: one pass over the maps for the statistics of the norms, one for the products. Per
// instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_AFFINITY_H_
#define A2U_CUSTOM_OPS_KERNELS_AFFINITY_H_

#include <cstdint>

#include "custom_ops/kernels/encodings.h"
#include "custom_ops/kernels/folding.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class Affinity : public Encodings<T> {
 public:
  using Encodings<T>::Encodings;

  void Run(T* affinity) const {
    if (this->p_.batch * this->p_.pixels * this->p_.rank == 0) return;
    Parallel(this->p_.batch * this->blocks_, 8 * kBlockPixels * this->p_.width(), [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) Products(item / this->blocks_, this->BlockAt(item), affinity);
    });
  }

 private:
  static constexpr int kWidth = Encodings<T>::kWidth;

  void Products(int64_t n, Range block, T* affinity) const {
    const int64_t width = this->p_.width(), channels = this->p_.channels;
    for (int64_t pixel = block.begin; pixel < block.end; ++pixel) {
      for (int64_t q = 0; q < this->p_.rank; ++q) {
        const int64_t first = q * channels;
        const T *u = this->Encoded(0, n, pixel) + first, *v = this->Encoded(1, n, pixel) + first;
        const T *fu = this->Factors(n, 0) + first, *fv = this->Factors(n, 1) + first;
        Vector<T, kWidth> sums{};
        int64_t c = 0;
        for (; c + kWidth <= channels; c += kWidth)
          sums += Encodings<T>::template Embedded<kWidth>(u + c, fu + c, width) *
                  Encodings<T>::template Embedded<kWidth>(v + c, fv + c, width);
        T sum = Sum<T, kWidth>(sums);
        for (; c < channels; ++c)
          sum += Encodings<T>::template Embedded<1>(u + c, fu + c, width) *
                 Encodings<T>::template Embedded<1>(v + c, fv + c, width);
        affinity[(n * this->p_.pixels + pixel) * this->p_.rank + q] = sum * this->scale_;
      }
    }
  }
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_AFFINITY_H_
