// From an affinity to normalised kernel maps, and back: cells lie side by side in vectors, and nothing but the affinity
// and its projection is needed for the gradients. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_
#define A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_

#include <cstdint>
#include <cstring>

#include "custom_ops/kernels/affinity_problem.h"
#include "custom_ops/kernels/exponential.h"
#include "custom_ops/kernels/folding.h"
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
      for (int64_t item = begin; item < end; ++item) {
        ForEachKernel(item, scratch.get(), [&](int64_t column, int64_t lanes, int64_t sub, int64_t group, V* weights) {
          for (int64_t lane = 0; lane < lanes; ++lane) {
            T* to = maps + Offset(item, column + lane, sub) + group * p_.taps;
            for (int64_t tap = 0; tap < p_.taps; ++tap) to[tap] = Lane(weights + tap, lane);
          }
        });
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

  static T Lane(const V* from, int64_t lane) { return reinterpret_cast<const T*>(from)[lane]; }

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

  // Calls `visit(column, lanes, sub, group, weights)` for each kernel of kWidth cells side by side in a row of cells.
  template <typename F>
  void ForEachKernel(int64_t item, T* scratch, const F& visit) const {
    V *weights = Aligned(scratch), *affinities = weights + 3 * p_.taps;
    for (int64_t column = 0; column < p_.columns; column += kWidth) {
      const int64_t lanes = Min(kWidth, p_.columns - column);
      for (int64_t q = 0; q < p_.rank; ++q) {
        affinities[q] = V{};
        for (int64_t lane = 0; lane < lanes; ++lane) {
          affinities[q][lane] = affinity_[(item * p_.columns + column + lane) * p_.rank + q];
        }
      }
      for (int64_t sub = 0; sub < p_.scale * p_.scale; ++sub) {
        for (int64_t group = 0; group < p_.groups; ++group) {
          Weights(Projection(item) + sub * p_.depth() + group * p_.taps, affinities, weights);
          visit(column, lanes, sub, group, weights);
        }
      }
    }
  }

  // The weights of one kernel, followed by what the sigmoid made where a softmax comes after it.
  void Weights(const T* projection, const V* affinities, V* weights) const {
    const int64_t taps = p_.taps;
    for (int64_t tap = 0; tap < taps; ++tap) {
      V raw = affinities[0] * projection[tap];
      for (int64_t q = 1; q < p_.rank; ++q) raw += affinities[q] * projection[q * p_.values() + tap];
      if (p_.normalization != KernelMapsProblem::kSoftmax) raw = 1 / (1 + Exp<kWidth>(-raw));
      weights[tap] = raw;
    }
    if (p_.normalization == KernelMapsProblem::kSigmoid) return;
    V sum{};
    if (p_.normalization == KernelMapsProblem::kSoftmaxOfSigmoid) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        weights[taps + tap] = weights[tap];
        weights[tap] = ExpOfSmall<kWidth>(weights[tap] - static_cast<T>(0.5));
        sum += weights[tap];
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

  void RowGradients(int64_t item, const T* upstream, T* scratch, T* sums, T* to_affinity, T* to_projection) const {
    const int64_t taps = p_.taps, size = p_.rank * p_.values();
    std::memset(sums, 0, static_cast<size_t>(size * kWidth) * sizeof(T));
    ForEachKernel(item, scratch, [&](int64_t column, int64_t lanes, int64_t sub, int64_t group, V* weights) {
      V *made = weights + taps, *from = weights + 2 * taps, *affinities = weights + 3 * taps;
      V* gathered = affinities + p_.rank;
      if (sub == 0 && group == 0) std::memset(static_cast<void*>(gathered), 0, p_.rank * sizeof(V));
      for (int64_t tap = 0; tap < taps; ++tap) from[tap] = V{};
      for (int64_t lane = 0; lane < lanes; ++lane) {
        const T* read = upstream + Offset(item, column + lane, sub) + group * taps;
        for (int64_t tap = 0; tap < taps; ++tap) reinterpret_cast<T*>(from + tap)[lane] = read[tap];
      }
      V mean{};
      for (int64_t tap = 0; tap < taps; ++tap) mean += weights[tap] * from[tap];
      const int64_t first = sub * p_.depth() + group * taps;
      for (int64_t tap = 0; tap < taps; ++tap) {
        V to_raw;
        if (p_.normalization == KernelMapsProblem::kSigmoid) {
          to_raw = from[tap] * weights[tap] * (1 - weights[tap]);
        } else {
          to_raw = weights[tap] * (from[tap] - mean);
          if (p_.normalization == KernelMapsProblem::kSoftmaxOfSigmoid) to_raw *= made[tap] * (1 - made[tap]);
        }
        for (int64_t q = 0; q < p_.rank; ++q) {
          const int64_t value = q * p_.values() + first + tap;
          gathered[q] += to_raw * Projection(item)[value];
          T* sum = sums + value * kWidth;
          Memory<T, kWidth>::Store(Memory<T, kWidth>::Load(sum) + to_raw * affinities[q], sum);
        }
      }
      if (sub < p_.scale * p_.scale - 1 || group < p_.groups - 1) return;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        T* to = to_affinity + (item * p_.columns + column + lane) * p_.rank;
        for (int64_t q = 0; q < p_.rank; ++q) to[q] = Lane(gathered + q, lane);
      }
    });
    for (int64_t k = 0; k < size; ++k) to_projection[k] = Sum<T, kWidth>(Memory<T, kWidth>::Load(sums + k * kWidth));
  }

  const KernelMapsProblem& p_;
  const T* affinity_;
  const T* projection_;
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_KERNEL_MAPS_H_
