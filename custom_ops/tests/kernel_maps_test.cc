// What makes kernel maps, without TensorFlow: every instruction set against the definition, and its speed.
//
//   kernel_maps_test            checks, exit status 1 on a mismatch
//   kernel_maps_test bench      times each pass beside a copy of the same bytes

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <vector>

#include "custom_ops/kernels/cpu.h"
#include "custom_ops/kernels/thread_pool.h"
#include "custom_ops/tests/naive_kernel_maps.h"

namespace a2u {
namespace {

int Compare(const char* what, const Values& got, const Values& expected, double tolerance, Isa isa) {
  double largest = 1, error = 0;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(got[i] - expected[i]);
    error = difference <= error ? error : difference;  // a NaN stays
  }
  if (error <= tolerance * largest) return 0;
  std::printf("FAILED %s %s: error %.3g of %.3g\n", IsaName(isa), what, error, largest);
  return 1;
}

template <typename T>
struct Typed {
  explicit Typed(const Values& values) : data(values.begin(), values.end()) {}
  explicit Typed(size_t size) : data(size, static_cast<T>(NAN)) {}
  Values values() const { return Values(data.begin(), data.end()); }
  std::vector<T> data;
};

template <typename T>
int CheckAffinity(const AffinityProblem& p, Isa isa, unsigned seed) {
  const DType dtype = sizeof(T) == 4 ? kFloat : kDouble;
  const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
  std::vector<Values> inputs;
  for (int k = 0; k < 2; ++k) inputs.push_back(Random(p.size(), seed + k, 0.5));
  for (int k = 2; k < 6; ++k) inputs.push_back(Random(p.width(), seed + k));
  std::vector<Typed<T>> typed, gradients;
  for (const Values& values : inputs) {
    typed.emplace_back(values);
    gradients.emplace_back(values.size());
  }
  const void* pointers[6];
  void* results[6];
  for (int k = 0; k < 6; ++k) {
    pointers[k] = typed[k].data.data();
    results[k] = gradients[k].data.data();
  }
  const int64_t size = p.batch * p.pixels * p.rank;
  Typed<T> affinity(static_cast<size_t>(size));
  const CpuKernels& cpu = CpuKernelsFor(isa, dtype);
  cpu.affinity(p, pointers, affinity.data.data());
  int failures = Compare("affinity", affinity.values(), NaiveAffinity(p, inputs), tolerance, isa);
  if (p.size() > kMostDifferences) return failures;
  const Values upstream = Random(size, seed + 9);
  const Typed<T> from(upstream);
  cpu.affinity_gradient(p, pointers, from.data.data(), results);
  for (int k = 0; k < (p.norm_groups ? 6 : 2); ++k) {
    const Values expected = Numeric(
        [&](const Values& at) {
          std::vector<Values> moved = inputs;
          moved[k] = at;
          return NaiveAffinity(p, moved);
        },
        inputs[k], upstream);
    failures += Compare("affinity gradient", gradients[k].values(), expected, std::max(tolerance, 1e-6), isa);
  }
  return failures;
}

template <typename T>
int CheckKernelMaps(const KernelMapsProblem& p, Isa isa, unsigned seed) {
  const DType dtype = sizeof(T) == 4 ? kFloat : kDouble;
  const double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;
  const Values affinity = Random(p.cells() * p.rank, seed);
  Values projection = Random((p.shared ? 1 : p.batch) * p.rank * p.values(), seed + 1);
  for (double& value : projection) value *= 5;
  const Typed<T> a(affinity), b(projection);
  Typed<T> maps(static_cast<size_t>(p.cells() * p.values()));
  const CpuKernels& cpu = CpuKernelsFor(isa, dtype);
  cpu.kernel_maps(p, a.data.data(), b.data.data(), maps.data.data());
  int failures = Compare("kernel maps", maps.values(), NaiveKernelMaps(p, affinity, projection), tolerance, isa);
  if (p.cells() * p.values() > kMostDifferences) return failures;
  const Values upstream = Random(p.cells() * p.values(), seed + 2);
  const Typed<T> from(upstream);
  Typed<T> to_affinity(affinity.size()), to_projection(projection.size());
  cpu.kernel_maps_gradient(p, a.data.data(), b.data.data(), from.data.data(), to_affinity.data.data(),
                           to_projection.data.data());
  const Values da = Numeric([&](const Values& at) { return NaiveKernelMaps(p, at, projection); }, affinity, upstream);
  const Values db = Numeric([&](const Values& at) { return NaiveKernelMaps(p, affinity, at); }, projection, upstream);
  failures += Compare("gradient of affinity", to_affinity.values(), da, 2e-6, isa);
  failures += Compare("gradient of projection", to_projection.values(), db, 2e-6, isa);
  return failures;
}

int Check() {
  int failures = 0, cases = 0;
  for (Isa isa : {kBaseline, kAvx2, kAvx512}) {
    if (!IsaAvailable(isa)) continue;
    unsigned seed = 0;  // the same for each set: differences across LeakyReLU's kink would be no derivatives
    for (const AffinityProblem& p : AffinityCases()) {
      failures += CheckAffinity<float>(p, isa, seed) + CheckAffinity<double>(p, isa, seed);
      seed += 10;
    }
    for (const KernelMapsProblem& p : KernelMapsCases()) {
      failures += CheckKernelMaps<float>(p, isa, seed) + CheckKernelMaps<double>(p, isa, seed);
      seed += 10;
    }
    cases += static_cast<int>(seed / 10);
  }
  std::printf("%d cases, %d failures\n", cases, failures);
  return failures > 0;
}

double Milliseconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int k = 0; k < 9; ++k) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int Bench() {
  SetThreads(1);
  AffinityProblem p;
  p.batch = 1;
  p.pixels = 256 * 256;
  p.channels = 64;
  p.norm_groups = 32;
  KernelMapsProblem up;
  up.batch = 1;
  up.rows = up.columns = 256;
  up.scale = 2;
  up.taps = 9;
  up.normalization = KernelMapsProblem::kSoftmaxOfSigmoid;
  KernelMapsProblem down = up;
  down.scale = 1;
  down.taps = 36;
  down.normalization = KernelMapsProblem::kSoftmax;
  std::vector<std::vector<float>> inputs, gradients;
  const void* pointers[6];
  void* results[6];
  for (int k = 0; k < 6; ++k) {
    const Values values = Random(k < 2 ? p.size() : p.width(), k);
    inputs.emplace_back(values.begin(), values.end());
    gradients.emplace_back(values.size());
  }
  for (int k = 0; k < 6; ++k) {
    pointers[k] = inputs[k].data();
    results[k] = gradients[k].data();
  }
  std::vector<float> affinity(p.pixels), maps(p.pixels * 36), upstream(p.pixels * 36, 0.5f), projection(36, 0.3f),
      to_affinity(p.pixels), to_projection(36);
  std::vector<float> copy(p.size());
  std::printf("copy of one encoding: %.2f ms\n",
              Milliseconds([&] { std::memcpy(copy.data(), pointers[0], p.size() * 4); }));
  for (Isa isa : {kBaseline, kAvx2, kAvx512}) {
    if (!IsaAvailable(isa)) continue;
    const CpuKernels& cpu = CpuKernelsFor(isa, kFloat);
    std::printf("%s: affinity %.2f, gradient %.2f", IsaName(isa),
                Milliseconds([&] { cpu.affinity(p, pointers, affinity.data()); }),
                Milliseconds([&] { cpu.affinity_gradient(p, pointers, affinity.data(), results); }));
    for (const KernelMapsProblem& k : {up, down}) {
      std::printf("; maps %.2f, gradient %.2f",
                  Milliseconds([&] { cpu.kernel_maps(k, affinity.data(), projection.data(), maps.data()); }),
                  Milliseconds([&] {
                    cpu.kernel_maps_gradient(k, affinity.data(), projection.data(), upstream.data(), to_affinity.data(),
                                             to_projection.data());
                  }));
    }
    std::printf(" ms\n");
  }
  return 0;
}

}  // namespace
}  // namespace a2u

int main(int count, char** arguments) {
  return count > 1 && std::strcmp(arguments[1], "bench") == 0 ? a2u::Bench() : a2u::Check();
}
