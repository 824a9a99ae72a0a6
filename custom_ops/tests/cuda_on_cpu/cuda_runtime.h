// What the CUDA kernels use of CUDA, for a C++ compiler: they run on the CPU, a thread of the grid on a fibre.
//
// Blocks run one after another. A thread runs until it meets a barrier or a shuffle, or ends. As on the device, all
// threads of a block must come to the same barrier, and all lanes of a warp that a shuffle names to the same shuffle:
// otherwise the program says where and ends. Memory is the heap's; kernels are compiled as functions.
//
// Reference: CUDA C++ Programming Guide, sections on warp shuffle functions and on synchronization functions.

#ifndef A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_RUNTIME_H_
#define A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_RUNTIME_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <tuple>
#include <utility>

#include "custom_ops/tests/cuda_on_cpu/grid.h"

#define __device__
#define __global__
#define __host__
#define __launch_bounds__(...)
// Of one block at a time; what an earlier block left in it is what nobody may rely on.
#define __shared__ static

#define __syncthreads() cuda_on_cpu::Barrier(__FILE__, __LINE__)
#define __shfl_xor_sync(mask, value, offset) cuda_on_cpu::ShuffleXor(mask, value, offset, __FILE__, __LINE__)

using std::min;

namespace cuda_on_cpu {

template <typename T>
T ShuffleXor(unsigned mask, T value, int offset, const char* file, int line) {
  static_assert(sizeof(T) <= sizeof(uint64_t), "shuffles move up to eight bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = Shuffle(mask, bits, offset, file, line);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace cuda_on_cpu

template <typename T>
T atomicAdd(T* address, T value) {
  cuda_on_cpu::Unobserved unobserved;
  const T before = *address;
  *address += value;
  return before;
}

// The runtime's functions on the host.

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorInvalidConfiguration };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
using cudaStream_t = void*;
using cudaEvent_t = std::chrono::steady_clock::time_point*;

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

struct cudaDeviceProp {
  char name[256];
};

inline cudaError_t cuda_last_error = cudaSuccess;

inline cudaError_t cudaGetLastError() { return std::exchange(cuda_last_error, cudaSuccess); }

inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess                 ? "no error"
         : error == cudaErrorMemoryAllocation ? "out of memory"
                                              : "invalid configuration argument";
}

template <typename... Expected, typename... Actual>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Expected...), Actual&&... actual) {
  const dim3 &grid = config->gridDim, &block = config->blockDim;
  if (grid.x == 0 || grid.y != 1 || grid.z != 1 || block.x == 0 || block.x > 1024 || block.y != 1 || block.z != 1) {
    return cuda_last_error = cudaErrorInvalidConfiguration;
  }
  const std::tuple<Expected...> arguments(std::forward<Actual>(actual)...);
  cuda_on_cpu::RunGrid(grid, block, [&] { std::apply(kernel, arguments); });
  return cudaSuccess;
}

template <typename T>
cudaError_t cudaMalloc(T** address, size_t bytes) {
  *address = static_cast<T*>(std::aligned_alloc(256, (bytes + 255) / 256 * 256));
  if (*address == nullptr) return cuda_last_error = cudaErrorMemoryAllocation;
  cuda_on_cpu::Allocated(*address, bytes);
  return cudaSuccess;
}

inline cudaError_t cudaFree(void* address) {
  cuda_on_cpu::Freed(address);
  std::free(address);
  return cudaSuccess;
}

inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  if (bytes != 0) std::memcpy(to, from, bytes);
  return cudaSuccess;
}

inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                                   cudaStream_t = nullptr) {
  return cudaMemcpy(to, from, bytes, kind);
}

inline cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t = nullptr) {
  std::memset(to, value, bytes);
  return cudaSuccess;
}

inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }

inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::strcpy(properties->name, "a CPU in the place of a GPU");
  return cudaSuccess;
}

inline cudaError_t cudaDriverGetVersion(int* version) { return *version = 0, cudaSuccess; }
inline cudaError_t cudaRuntimeGetVersion(int* version) { return *version = 0, cudaSuccess; }

inline cudaError_t cudaEventCreate(cudaEvent_t* event) {
  *event = new std::chrono::steady_clock::time_point;
  return cudaSuccess;
}

inline cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }

inline cudaError_t cudaEventRecord(cudaEvent_t event) {
  *event = std::chrono::steady_clock::now();
  return cudaSuccess;
}

inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }

inline cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  *milliseconds = std::chrono::duration<float, std::milli>(*stop - *start).count();
  return cudaSuccess;
}

#endif  // A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_CUDA_RUNTIME_H_
