// Theoretical occupancy by the calculator of the CUDA toolkit: lines of compute capability, registers and bytes of shared
// memory a block in, warps that one multiprocessor holds at once and the most that it could hold out.

#include <cstdio>

#include <cuda_occupancy.h>

int main() {
  int major = 0, minor = 0, registers = 0, shared = 0, threads = 0;
  while (std::scanf("%d %d %d %d %d", &major, &minor, &registers, &shared, &threads) == 5) {
    cudaOccDeviceProp device;
    device.computeMajor = major;
    device.computeMinor = minor;
    device.maxThreadsPerBlock = 1024;
    device.maxThreadsPerMultiprocessor = major == 12 || (major == 8 && minor != 0) ? 1536 : 2048;
    device.regsPerBlock = device.regsPerMultiprocessor = 65536;
    device.warpSize = 32;
    device.sharedMemPerBlock = 48 << 10;
    device.sharedMemPerMultiprocessor = (major == 9 || major == 10 ? 228 : major == 8 && minor == 0 ? 164 : 100) << 10;
    device.sharedMemPerBlockOptin = device.sharedMemPerMultiprocessor - (1 << 10);
    device.reservedSharedMemPerBlock = 1 << 10;
    device.numSms = 100;
    cudaOccFuncAttributes function;
    function.maxThreadsPerBlock = threads;
    function.numRegs = registers;
    function.sharedSizeBytes = static_cast<size_t>(shared);
    const cudaOccDeviceState state;
    cudaOccResult result;
    const cudaOccError error = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &function, &state, threads, 0);
    if (error != CUDA_OCC_SUCCESS) return 1;
    std::printf("%d %d\n", result.activeBlocksPerMultiprocessor * threads / 32, device.maxThreadsPerMultiprocessor / 32);
  }
}
