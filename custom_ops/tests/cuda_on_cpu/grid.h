// A grid of threads on fibres: who runs, who waits, and for what.

#ifndef A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_GRID_H_
#define A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_GRID_H_

#include <cstddef>
#include <cstdint>
#include <functional>

struct uint3 {
  unsigned x, y, z;
};
struct dim3 : uint3 {
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : uint3{x, y, z} {}  // NOLINT: from a number, as CUDA's
};

// Where the thread that runs stands in its grid.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace cuda_on_cpu {

// Runs `body` for each thread of the grid.
void RunGrid(const dim3& grid, const dim3& block, const std::function<void()>& body);

// The thread waits for the whole block.
void Barrier(const char* file, int line);

// The thread waits for the lanes in `mask`; returns what the lane beside it, by `offset`, gave.
uint64_t Shuffle(unsigned mask, uint64_t value, int offset, const char* file, int line);

// What observes the accesses of kernels, where the program was compiled for it; see accesses.cc.
void Allocated(const void* address, size_t bytes);
void Freed(const void* address);
void GridBegins();
void GridEnds();
void BlockBegins();
void BarrierPassed();

// While one lives, accesses are not observed: those of atomic operations.
struct Unobserved {
  Unobserved();
  ~Unobserved();
};

[[noreturn]] void Fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace cuda_on_cpu

#endif  // A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_GRID_H_
