// The CUDA kernels without TensorFlow: against the definition, and their speed.
//
//   nvcc -std=c++17 -O3 -arch=native -I. -o cuda_test custom_ops/tests/*.cu custom_ops/cuda/*.cu \
//        custom_ops/kernels/checks.cc
//   ./cuda_test              checks, exit status 1 on a mismatch
//   ./cuda_test quick        of float32 alone
//   ./cuda_test bench        one JSON object: time, achieved share of a device copy's bandwidth, and the time of a
//                            kernel with a thread per output element and atomics in the backward pass
//   ./cuda_test bench 64     of maps of this side, not of 256

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "custom_ops/cuda/device.cuh"
#include "custom_ops/cuda/kernels.h"
#include "custom_ops/tests/device_tensor.cuh"
#include "custom_ops/tests/naive.h"

namespace a2u {

int CheckKernelMaps(bool quick);  // cuda_kernel_maps_test.cu

namespace {

// Every ratio from 1 to 4, windows up to 12, channels up to 257, groups; maps of no pixel and of one among them.
std::vector<Problem> Cases() {
  std::vector<Problem> cases = SmallCases();
  for (const Problem& p : RandomCases(0, 60)) cases.push_back(p);
  for (int64_t k = 1; k <= 12; ++k) {
    const int64_t ratio = 1 + k % 4, groups = k % 3 == 0 ? 3 : 1;
    const int64_t channels[] = {1, 2, 31, 32, 33, 64, 128, 192, 255, 256, 257, 48};
    const int64_t c = groups * channels[k - 1];
    cases.push_back(MakeCase(1, 1 + k % 5, 2 + k % 4, c, {k, 1, ratio, groups}, k % 4 == 0));
    if (k % 2 == 1) cases.push_back(MakeCase(2, 1 + k % 3, 1 + k % 4, c, {k, 1 + (k + 1) % 4, 1, groups}));
  }
  return cases;
}

template <typename T>
int CheckCases() {
  int failures = 0;
  const std::vector<Problem> cases = Cases();
  for (size_t number = 0; number < cases.size(); ++number) {
    const Problem& p = cases[number];
    Tensors t = RandomTensors(p, static_cast<unsigned>(number));
    const DeviceTensor<T> features(t.features), kernels(t.kernels), upstream(t.upstream);
    t = {features.Values(), kernels.Values(), upstream.Values()};  // rounded
    const Results expected = Naive(p, t);
    const DeviceTensor<T> output(std::vector<double>(t.upstream.size(), 1e4));
    const DeviceTensor<T> dx(std::vector<double>(t.features.size(), 1e4));
    const DeviceTensor<T> dk(std::vector<double>(t.kernels.size(), 1e4));
    Check(CudaForward(kType<T>, p, features.data(), kernels.data(), output.data(), nullptr));
    Check(CudaFeaturesGradient(kType<T>, p, kernels.data(), upstream.data(), dx.data(), nullptr));
    Check(CudaKernelsGradient(kType<T>, p, features.data(), upstream.data(), dk.data(), nullptr));
    Check(cudaDeviceSynchronize());
    failures += Compare("forward", output, expected.output, number);
    failures += Compare("gradient to features", dx, expected.features_gradient, number);
    failures += Compare("gradient to kernels", dk, expected.kernels_gradient, number);
  }
  return failures;
}

// The straightforward way, as the baseline: a thread per output element, atomics in the backward pass.
template <typename T>
__global__ void BaselineForward(Problem p, const T* features, const T* kernels, T* output) {
  const int64_t index = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (index >= p.batch * p.height * p.width * p.channels) return;
  const int64_t c = index % p.channels, x = index / p.channels % p.width, y = index / p.channels / p.width % p.height;
  const int64_t n = index / p.channels / p.width / p.height, before = (p.kernel_size - 1) / 2;
  const int64_t taps = p.kernel_size * p.kernel_size, group = c / (p.channels / p.groups);
  float sum = 0;
  for (int64_t i = 0; i < p.kernel_size; ++i) {
    for (int64_t j = 0; j < p.kernel_size; ++j) {
      const int64_t v = y * p.down / p.up + i - before, u = x * p.down / p.up + j - before;
      if (v < 0 || v >= p.source_height || u < 0 || u >= p.source_width) continue;
      const int64_t kernel =
          ((n * p.height + y) * p.width + x) * p.groups * taps + group * taps + i * p.kernel_size + j;
      sum +=
          float(kernels[kernel]) * float(features[((n * p.source_height + v) * p.source_width + u) * p.channels + c]);
    }
  }
  output[index] = T(sum);
}

__global__ void BaselineBackward(Problem p, const float* features, const float* kernels, const float* upstream,
                                 float* to_features, float* to_kernels) {
  const int64_t index = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (index >= p.batch * p.height * p.width * p.channels) return;
  const int64_t c = index % p.channels, x = index / p.channels % p.width, y = index / p.channels / p.width % p.height;
  const int64_t n = index / p.channels / p.width / p.height, before = (p.kernel_size - 1) / 2;
  const int64_t taps = p.kernel_size * p.kernel_size, group = c / (p.channels / p.groups);
  for (int64_t i = 0; i < p.kernel_size; ++i) {
    for (int64_t j = 0; j < p.kernel_size; ++j) {
      const int64_t v = y * p.down / p.up + i - before, u = x * p.down / p.up + j - before;
      if (v < 0 || v >= p.source_height || u < 0 || u >= p.source_width) continue;
      const int64_t kernel =
          ((n * p.height + y) * p.width + x) * p.groups * taps + group * taps + i * p.kernel_size + j;
      const int64_t feature = ((n * p.source_height + v) * p.source_width + u) * p.channels + c;
      atomicAdd(to_features + feature, kernels[kernel] * upstream[index]);
      atomicAdd(to_kernels + kernel, features[feature] * upstream[index]);
    }
  }
}

// Median milliseconds of one call on an idle device.
template <typename F>
double Milliseconds(const F& function) {
  cudaEvent_t start, stop;
  Check(cudaEventCreate(&start));
  Check(cudaEventCreate(&stop));
  for (int k = 0; k < 3; ++k) function();
  std::vector<float> times(21);
  for (float& time : times) {
    Check(cudaEventRecord(start));
    function();
    Check(cudaEventRecord(stop));
    Check(cudaEventSynchronize(stop));
    Check(cudaEventElapsedTime(&time, start, stop));
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

template <typename T>
void BenchCase(const char* dtype, int64_t side, int64_t kernel_size, const char* end) {
  const Problem p = MakeCase(8, side, side, 64, {kernel_size, 2, 1, 1});
  const Tensors t = RandomTensors(p, 0);
  const DeviceTensor<T> features(t.features), kernels(t.kernels), upstream(t.upstream);
  const DeviceTensor<T> output(t.upstream), dx(t.features), dk(t.kernels);
  const int64_t blocks = (p.output_size() + cuda::kThreads - 1) / cuda::kThreads;
  const double copy = Milliseconds(
      [&] { Check(cudaMemcpyAsync(output.data(), upstream.data(), upstream.bytes(), cudaMemcpyDeviceToDevice)); });
  const double bandwidth = 2e-6 * upstream.bytes() / copy;  // GB/s, read and written
  const double forward =
      Milliseconds([&] { Check(CudaForward(kType<T>, p, features.data(), kernels.data(), output.data(), nullptr)); });
  const double to_features = Milliseconds(
      [&] { Check(CudaFeaturesGradient(kType<T>, p, kernels.data(), upstream.data(), dx.data(), nullptr)); });
  const double to_kernels = Milliseconds(
      [&] { Check(CudaKernelsGradient(kType<T>, p, features.data(), upstream.data(), dk.data(), nullptr)); });
  const double plain = Milliseconds([&] {
    cuda::Launch(BaselineForward<T>, blocks, nullptr, p, features.data(), kernels.data(), output.data());
    Check(cudaGetLastError());
  });
  double atomic = 0;
  if constexpr (std::is_same_v<T, float>) {
    atomic = Milliseconds([&] {
      Check(cudaMemsetAsync(dx.data(), 0, dx.bytes()));
      Check(cudaMemsetAsync(dk.data(), 0, dk.bytes()));
      cuda::Launch(BaselineBackward, blocks, nullptr, p, features.data(), kernels.data(), upstream.data(), dx.data(),
                   dk.data());
      Check(cudaGetLastError());
    });
  }
  const double moved = 1e-6 * (features.bytes() + kernels.bytes() + output.bytes());
  std::printf(
      "    {\"dtype\": \"%s\", \"kernel_size\": %d, \"copy_gb_per_s\": %.1f, \"forward_ms\": %.4f, "
      "\"forward_share_of_copy\": %.3f, \"features_gradient_ms\": %.4f, \"kernels_gradient_ms\": %.4f, "
      "\"baseline_forward_ms\": %.4f, \"baseline_backward_ms\": %.4f}%s\n",
      dtype, static_cast<int>(kernel_size), bandwidth, forward, moved / forward / bandwidth, to_features, to_kernels,
      plain, atomic, end);
}

void Bench(int side) {
  cudaDeviceProp device;
  int driver = 0, runtime = 0;
  Check(cudaGetDeviceProperties(&device, 0));
  Check(cudaDriverGetVersion(&driver));
  Check(cudaRuntimeGetVersion(&runtime));
  std::printf("{\n  \"device\": \"%s\", \"driver\": %d, \"cuda\": %d,\n", device.name, driver, runtime);
  std::printf("  \"case\": \"up x2 of features (8, %d, %d, 64)\",\n  \"results\": [\n", side, side);
  BenchCase<float>("float32", side, 3, ",");
  BenchCase<float>("float32", side, 5, ",");
  BenchCase<__nv_bfloat16>("bfloat16", side, 3, ",");
  BenchCase<__nv_bfloat16>("bfloat16", side, 5, ",");
  BenchCase<__half>("float16", side, 3, "");
  std::printf("  ]\n}\n");
}

}  // namespace
}  // namespace a2u

int main(int count, char** arguments) {
  if (count > 1 && std::strcmp(arguments[1], "bench") == 0) {
    a2u::Bench(count > 2 ? std::max(1, std::atoi(arguments[2])) : 256);
    return 0;
  }
  int failures = a2u::CheckCases<float>();
  const bool quick = count > 1 && std::strcmp(arguments[1], "quick") == 0;
  if (!quick) failures += a2u::CheckCases<double>() + a2u::CheckCases<__half>() + a2u::CheckCases<__nv_bfloat16>();
  std::printf("%zu cases of %d element types, %d failures\n", a2u::Cases().size(), quick ? 1 : 4, failures);
  failures += a2u::CheckKernelMaps(quick);
  return failures != 0;
}
