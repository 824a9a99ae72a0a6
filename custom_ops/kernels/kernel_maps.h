// From an affinity to normalised kernel maps, and back: cells lie side by side in vectors, and nothing but the affinity
// and its projection is needed for the gradients. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_
#define A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_

#include <cstdint>
#include <cstring>

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/exponential.h"
#include "custom_ops/kernels/folding.h"
#include "custom_ops/kernels/lanes.h"
#include "custom_ops/kernels/parallel.h"
#include "custom_ops/kernels/vector.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class KernelMaps {
 public:
  KernelMaps(const KernelMapsProblem& problem, const T* affinity, const T* projection)
      : p_(problem), affinity_(affinity), projection_(projection) {}

  void Forward(T* maps) const {
    if (p_.values() == 0) return;
    Parallel(p_.batch * p_.rows, 8 * p_.columns * p_.values(), [&](int64_t begin, int64_t end) {
      Scratch<T> scratch(Space());
      const auto nothing = [](auto...) {};
      for (int64_t item = begin; item < end; ++item) {
        const auto store = [&](int64_t column, int64_t lanes, int64_t sub, int64_t group, V* weights) {
          T* to = maps + Offset(item, column, sub) + group * p_.taps;
          StoreLanes<T, kWidth>(weights, p_.taps, lanes, to, p_.scale * p_.depth());
        };
        ForEachKernel(item, scratch.get(), nothing, store);
      }
    });
  }

  // `to_projection` has the shape of the projection: the sums over all cells that it serves.
  void Backward(const T* upstream, T* to_affinity, T* to_projection) const {
    const int64_t size = p_.rank * p_.values();
    std::memset(to_projection, 0, static_cast<size_t>((p_.shared ? 1 : p_.batch) * size) * sizeof(T));
    Scratch<T> partial(p_.batch * p_.rows * size);  // of each row, so that the sums' order is that of the rows
    Parallel(p_.batch * p_.rows, 16 * p_.columns * p_.values(), [&](int64_t begin, int64_t end) {
      Scratch<T> scratch(Space());
      Scratch<T> sums(size * kWidth);
      for (int64_t item = begin; item < end; ++item) {
        RowGradients(item, upstream, scratch.get(), sums.get(), to_affinity, partial.get() + item * size);
      }
    });
    for (int64_t item = 0; item < p_.batch * p_.rows; ++item) {
      T* to = to_projection + (p_.shared ? 0 : item / p_.rows) * size;
      for (int64_t k = 0; k < size; ++k) to[k] += partial.get()[item * size + k];
    }
  }

 private:
  static constexpr int kWidth = kFullWidth<T>;
  using V = Vector<T, kWidth>;

  // Vectors of a kernel's taps: the weights, what the sigmoid made, the upstream gradients; and of the affinities and
  // their gradients.
  int64_t Space() const { return (3 * p_.taps + 2 * p_.rank) * kWidth + kWidth; }

  int64_t Offset(int64_t item, int64_t column, int64_t sub) const {
    return p_.offset(item / p_.rows, item % p_.rows, column, sub);
  }

  static V* Aligned(T* scratch) {
    const uintptr_t address = reinterpret_cast<uintptr_t>(scratch), unit = sizeof(V);
    return reinterpret_cast<V*>((address + unit - 1) / unit * unit);
  }

  const T* Projection(int64_t item) const {
    return projection_ + (p_.shared ? 0 : item / p_.rows) * p_.rank * p_.values();
  }

  // Calls `visit(column, lanes, sub, group, weights)` for each kernel of kWidth cells side by side in a row of cells, and
  // before the weights are made `prepare`, with the same.
  template <typename P, typename F>
  void ForEachKernel(int64_t item, T* scratch, const P& prepare, const F& visit) const {
    V *weights = Aligned(scratch), *affinities = weights + 3 * p_.taps;
    for (int64_t column = 0; column < p_.columns; column += kWidth) {
      const int64_t lanes = Min(kWidth, p_.columns - column);
      CopyLanes<T, kWidth>(affinity_ + (item * p_.columns + column) * p_.rank, p_.rank, lanes, p_.rank, affinities);
      TransposeLanes<T, kWidth>(p_.rank, affinities);
      for (int64_t sub = 0; sub < p_.scale * p_.scale; ++sub) {
        for (int64_t group = 0; group < p_.groups; ++group) {
          prepare(column, lanes, sub, group, weights);
          Weights(Projection(item) + sub * p_.depth() + group * p_.taps, affinities, weights);
          visit(column, lanes, sub, group, weights);
        }
      }
    }
  }

  // The weights of one kernel, followed by what the sigmoid made where a softmax comes after it.
  void Weights(const T* projection, const V* affinities, V* weights) const {
    // Copies: the compiler takes the vectors' stores for such that could change the problem.
    const int64_t taps = p_.taps, rank = p_.rank, values = p_.values();
    const auto normalization = p_.normalization;
    for (int64_t tap = 0; tap < taps; ++tap) {
      V raw = affinities[0] * projection[tap];
      for (int64_t q = 1; q < rank; ++q) raw += affinities[q] * projection[q * values + tap];
      weights[tap] = raw;
    }
    V sum{};
    if (normalization == KernelMapsProblem::kSigmoid) {
      for (int64_t tap = 0; tap < taps; ++tap) weights[tap] = Sigmoid(weights[tap]);
      return;
    }
    if (normalization == KernelMapsProblem::kSoftmaxOfSigmoid) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        const V made = Sigmoid(weights[tap]), raised = ExpOfSmall<kWidth>(made - static_cast<T>(0.5));
        weights[taps + tap] = made;
        weights[tap] = raised;
        sum += raised;
      }
    } else {
      V most = weights[0];
      for (int64_t tap = 1; tap < taps; ++tap) most = weights[tap] > most ? weights[tap] : most;
      for (int64_t tap = 0; tap < taps; ++tap) {
        weights[tap] = Exp<kWidth>(weights[tap] - most);
        sum += weights[tap];
      }
    }
    sum = 1 / sum;
    for (int64_t tap = 0; tap < taps; ++tap) weights[tap] *= sum;
  }

  static V Sigmoid(const V& x) { return 1 / (1 + Exp<kWidth>(-x)); }

  // `from`, the gradients to the weights of one kernel, become those to what is normalised.
  void ToRaw(const V* weights, V* from) const {
    const int64_t taps = p_.taps;
    const V* made = weights + taps;
    if (p_.normalization == KernelMapsProblem::kSigmoid) {
      for (int64_t tap = 0; tap < taps; ++tap) from[tap] *= weights[tap] * (1 - weights[tap]);
      return;
    }
    V mean{};
    for (int64_t tap = 0; tap < taps; ++tap) mean += weights[tap] * from[tap];
    if (p_.normalization == KernelMapsProblem::kSoftmax) {
      for (int64_t tap = 0; tap < taps; ++tap) from[tap] = weights[tap] * (from[tap] - mean);
    } else {
      for (int64_t tap = 0; tap < taps; ++tap) {
        from[tap] = weights[tap] * (from[tap] - mean) * (made[tap] * (1 - made[tap]));
      }
    }
  }

  void RowGradients(int64_t item, const T* upstream, T* scratch, T* sums, T* to_affinity, T* to_projection) const {
    const int64_t taps = p_.taps, rank = p_.rank, values = p_.values(), last = values / taps - 1;
    std::memset(sums, 0, static_cast<size_t>(rank * values * kWidth) * sizeof(T));
    const auto copy = [&](int64_t column, int64_t lanes, int64_t sub, int64_t group, V* weights) {
      const T* read = upstream + Offset(item, column, sub) + group * taps;
      CopyLanes<T, kWidth>(read, p_.scale * p_.depth(), lanes, taps, weights + 2 * taps);
    };
    ForEachKernel(item, scratch, copy, [&](int64_t column, int64_t lanes, int64_t sub, int64_t group, V* weights) {
      V *from = weights + 2 * taps, *affinities = from + taps, *gathered = affinities + rank;
      const int64_t kernel = sub * p_.groups + group;
      TransposeLanes<T, kWidth>(taps, from);
      ToRaw(weights, from);
      for (int64_t q = 0; q < rank; ++q) {
        const T* projection = Projection(item) + q * values + kernel * taps;
        T* sum = sums + (q * values + kernel * taps) * kWidth;
        V total = kernel == 0 ? V{} : gathered[q];
        for (int64_t tap = 0; tap < taps; ++tap, sum += kWidth) {
          total += from[tap] * projection[tap];
          Memory<T, kWidth>::Store(Memory<T, kWidth>::Load(sum) + from[tap] * affinities[q], sum);
        }
        gathered[q] = total;
      }
      if (kernel < last) return;
      StoreLanes<T, kWidth>(gathered, rank, lanes, to_affinity + (item * p_.columns + column) * rank, rank);
    });
    for (int64_t k = 0; k < rank * values; ++k) {
      to_projection[k] = Sum<T, kWidth>(Memory<T, kWidth>::Load(sums + k * kWidth));
    }
  }

  const KernelMapsProblem& p_;
  const T* affinity_;
  const T* projection_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_
