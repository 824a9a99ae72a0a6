// What was recorded of the accesses of kernels.

#ifndef A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_ACCESSES_H_
#define A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_ACCESSES_H_

#include <cstdint>

namespace cuda_on_cpu {

// Sums over the requests of all warps: what one instruction asks for the lanes of one warp.
struct Traffic {
  int64_t requests = 0;
  int64_t sectors = 0;        // of 32 bytes, in global memory
  int64_t least_sectors = 0;  // that the same bytes would fill
  int64_t moved = 0;          // bytes between the cache and the device's memory
  int64_t passes = 0;         // over shared memory; as many as requests where no banks conflict
};

// From now on accesses are recorded, and not checked for races.
void StartRecording();

// What was recorded of reads or writes of an allocation, or of shared memory, whose `base` is null.
Traffic Recorded(const void* base, bool write);

}  // namespace cuda_on_cpu

#endif  // A2U_CUSTOM_OPS_TESTS_CUDA_ON_CPU_ACCESSES_H_
