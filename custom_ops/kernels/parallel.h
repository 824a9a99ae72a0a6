// What the CPU kernels share beside arithmetic: scratch memory, ranges, and loops over a pool. Per instruction set, see
// vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_PARALLEL_H_
#define A2U_CUSTOM_OPS_KERNELS_PARALLEL_H_

#include <cstdint>
#include <cstdlib>

#include "custom_ops/kernels/thread_pool.h"

namespace a2u {
namespace A2U_ISA {

inline int64_t Min(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t Max(int64_t a, int64_t b) { return a > b ? a : b; }

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

inline Range Clip(int64_t begin, int64_t end, int64_t size) { return {Max(begin, 0), Min(end, size)}; }

// Uninitialised memory for one thread; std::vector would put code of this instruction set where others link to it.
template <typename A>
class Scratch {
 public:
  explicit Scratch(int64_t size) : data_(static_cast<A*>(std::malloc(static_cast<size_t>(size) * sizeof(A) + 1))) {
    if (data_ == nullptr) std::abort();
  }
  ~Scratch() { std::free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  A* get() const { return data_; }

 private:
  A* data_;
};

// Calls `work(begin, end)` over pieces of [0, items), on several threads where it pays.
template <typename F>
inline void Parallel(int64_t items, int64_t cost_per_item, const F& work) {
  ParallelFor(
      items, cost_per_item,
      [](void* context, int64_t begin, int64_t end) { (*static_cast<const F*>(context))(begin, end); },
      const_cast<F*>(&work));
}

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_PARALLEL_H_
