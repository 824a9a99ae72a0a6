// A small persistent pool. TensorFlow's C API gives kernels no access to TensorFlow's own.

#ifndef A2U_CUSTOM_OPS_KERNELS_THREAD_POOL_H_
#define A2U_CUSTOM_OPS_KERNELS_THREAD_POOL_H_

#include <cstdint>

namespace a2u {

using Work = void (*)(void* context, int64_t begin, int64_t end);

// Runs `work(context, begin, end)` over pieces of [0, items) and returns when all are done. The caller works too, so
// that a call never waits for threads that serve another one; the workers take pieces of the open calls in turn. Which
// thread runs a piece, and how large the pieces are, must not change the result.
void ParallelFor(int64_t items, int64_t cost_per_item, Work work, void* context);

// How many threads a call may use, itself included: by default TF_NUM_INTRAOP_THREADS, else the cores that this process
// may run on. Takes effect at the next call.
void SetThreads(int threads);
int Threads();

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_THREAD_POOL_H_
