// What the kernels ask of the memory, from the addresses of their accesses: one JSON list.

#include <cstdio>
#include <functional>

#include "custom_ops/cuda/kernels.h"
#include "custom_ops/tests/cuda_on_cpu/accesses.h"
#include "custom_ops/tests/cuda_on_cpu/cuda_runtime.h"
#include "custom_ops/tests/naive.h"

namespace a2u {
namespace {

struct Tensor {
  explicit Tensor(int64_t bytes) : bytes(bytes) {
    cudaMalloc(&data, bytes);
    cudaMemsetAsync(data, 0, bytes);
  }
  ~Tensor() { cudaFree(data); }
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  char* data = nullptr;
  int64_t bytes;
};

const char* separator = "";

void Print(const char* name, const cuda_on_cpu::Traffic& t) {
  if (t.requests == 0) return;
  std::printf(", \"%s\": {\"requests\": %lld, \"sectors\": %.3f, \"least_sectors\": %.3f, \"passes\": %.3f}", name,
              static_cast<long long>(t.requests), double(t.sectors) / t.requests, double(t.least_sectors) / t.requests,
              double(t.passes) / t.requests);
}

void Report(const char* what, const char* pass, DType dtype, const Problem& p) {
  const int64_t element = dtype == kDouble ? 8 : dtype == kFloat ? 4 : 2;
  const Tensor features(p.features_size() * element), kernels(p.kernels_size() * element);
  const Tensor upstream(p.output_size() * element);
  const bool forward = pass[0] == 'f' && pass[1] == 'o', to_kernels = pass[0] == 'k';
  const Tensor result(forward ? upstream.bytes : to_kernels ? kernels.bytes : features.bytes);
  cuda_on_cpu::StartRecording();
  const char* error =
      forward      ? CudaForward(dtype, p, features.data, kernels.data, result.data, nullptr)
      : to_kernels ? CudaKernelsGradient(dtype, p, features.data, upstream.data, result.data, nullptr)
                   : CudaFeaturesGradient(dtype, p, kernels.data, upstream.data, result.data, nullptr);
  if (error != nullptr) cuda_on_cpu::Fail("%s", error);
  std::printf("%s\n  {\"case\": \"%s\", \"pass\": \"%s\", \"dtype\": \"%s\"", separator, what, pass,
              dtype == kFloat ? "float32" : "float16");
  separator = ",";
  int64_t moved = 0, least = 0;
  const std::pair<const char*, const Tensor*> read[] = {
      {"features", &features}, {"kernels", &kernels}, {"upstream", &upstream}};
  for (const auto& [name, tensor] : read) {
    const cuda_on_cpu::Traffic t = cuda_on_cpu::Recorded(tensor->data, false);
    Print(name, t);
    moved += t.moved;
    least += t.requests == 0 ? 0 : tensor->bytes;
  }
  const cuda_on_cpu::Traffic written = cuda_on_cpu::Recorded(result.data, true);
  Print("result", written);
  Print("shared read", cuda_on_cpu::Recorded(nullptr, false));
  Print("shared written", cuda_on_cpu::Recorded(nullptr, true));
  std::printf(", \"moved_over_least\": %.3f}", double(moved + written.moved) / (least + result.bytes));
}

}  // namespace
}  // namespace a2u

int main() {
  using namespace a2u;  // NOLINT: the program
  std::printf("[");
  for (DType dtype : {kFloat, kHalf}) {
    for (int64_t channels : {32, 64, 128}) {
      char up[64], down[64];
      std::snprintf(up, sizeof(up), "up x2, K=3, (1, 40, 40, %d)", static_cast<int>(channels));
      std::snprintf(down, sizeof(down), "down x2, K=6, (1, 48, 48, %d)", static_cast<int>(channels));
      const Problem cells = MakeCase(1, 40, 40, channels, {3, 2, 1, 1}), pixels = MakeCase(1, 48, 48, channels, {6, 1, 2, 1});
      for (const char* pass : {"forward", "features gradient", "kernels gradient"}) {
        Report(up, pass, dtype, cells);
        Report(down, pass, dtype, pixels);
      }
    }
    const Problem shared = MakeCase(2, 24, 24, 32, {6, 1, 2, 1}, true);
    Report("shared kernels, down x2, K=6, (2, 24, 24, 32)", "forward", dtype, shared);
    Report("shared kernels, down x2, K=6, (2, 24, 24, 32)", "kernels gradient", dtype, shared);
  }
  std::printf("\n]\n");
}
