// The CPU kernels without TensorFlow: every instruction set and element type against the definition, and their speed.
//
//   cpu_test            checks, exit status 1 on a mismatch
//   cpu_test bench      times each kernel beside a copy of the same bytes

#include "custom_ops/kernels/cpu.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <random>
#include <thread>
#include <vector>

#include "custom_ops/kernels/thread_pool.h"
#include "custom_ops/tests/naive.h"

namespace a2u {
namespace {

constexpr const char* kNames[kDTypes] = {"float16", "bfloat16", "float32", "float64"};
// Of the largest value: half precisions round their inputs, too, which the reference then takes.
constexpr double kTolerances[kDTypes] = {1e-3, 8e-3, 2e-6, 4e-15};

// Rounding by the plainest means: the definition of each format, in double arithmetic.
double Round(double value, int digits, int smallest_exponent) {
  if (value == 0) return 0;
  int exponent;
  std::frexp(value, &exponent);
  const int unit = std::max(exponent, smallest_exponent + 1) - digits;
  return std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
}

double Round(double value, DType dtype) {
  if (dtype == kHalf) return Round(value, 11, -14);
  if (dtype == kBFloat16) return Round(value, 8, -126);
  return dtype == kFloat ? static_cast<float>(value) : value;
}

uint16_t HalfBits(double value) {
  const double magnitude = std::fabs(value);
  int exponent;
  std::frexp(magnitude, &exponent);
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (magnitude < std::ldexp(1, -14)) return sign | static_cast<uint16_t>(std::ldexp(magnitude, 24));
  return sign | static_cast<uint16_t>((exponent + 14) << 10 |
                                      (static_cast<int>(std::ldexp(magnitude, 11 - exponent)) & 0x3ff));
}

double HalfValue(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  const double magnitude = exponent ? std::ldexp(1024 + mantissa, exponent - 25) : std::ldexp(mantissa, -24);
  return bits & 0x8000 ? -magnitude : magnitude;
}

// A tensor of any element type, poisoned behind its end so that sanitizers see a write there.
struct Buffer {
  Buffer(const std::vector<double>& values, DType dtype) : dtype(dtype), bytes(values.size() * Size(dtype)) {
    for (size_t i = 0; i < values.size(); ++i) Set(i, values[i]);
  }
  static size_t Size(DType dtype) { return dtype == kDouble ? 8 : dtype == kFloat ? 4 : 2; }
  void Set(size_t i, double value) {
    char* to = bytes.data() + i * Size(dtype);
    const float narrow = static_cast<float>(value);
    uint32_t bits;
    std::memcpy(&bits, &narrow, 4);
    const uint16_t half = dtype == kHalf ? HalfBits(value) : static_cast<uint16_t>(bits >> 16);
    if (dtype == kDouble) {
      std::memcpy(to, &value, 8);
    } else if (dtype == kFloat) {
      std::memcpy(to, &narrow, 4);
    } else {
      std::memcpy(to, &half, 2);
    }
  }
  double Get(size_t i) const {
    const char* from = bytes.data() + i * Size(dtype);
    if (dtype == kDouble) {
      double value;
      std::memcpy(&value, from, 8);
      return value;
    }
    if (dtype == kFloat) {
      float value;
      std::memcpy(&value, from, 4);
      return value;
    }
    uint16_t half;
    std::memcpy(&half, from, 2);
    if (dtype == kHalf) return HalfValue(half);
    const uint32_t bits = static_cast<uint32_t>(half) << 16;
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
  }
  DType dtype;
  std::vector<char> bytes;
};

int Compare(const char* what, const Buffer& got, const std::vector<double>& expected, Isa isa) {
  double largest = 1, error = 0;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(got.Get(i) - expected[i]);
    error = difference <= error ? error : difference;  // a NaN stays
  }
  if (error <= kTolerances[got.dtype] * largest) return 0;
  std::printf("FAILED %s %s %s: error %.3g of %.3g\n", IsaName(isa), kNames[got.dtype], what, error, largest);
  return 1;
}

int CheckCase(const Problem& p, Isa isa, DType dtype, unsigned seed) {
  Tensors t = RandomTensors(p, seed);
  for (auto* values : {&t.features, &t.kernels, &t.upstream}) {
    for (double& value : *values) value = Round(value, dtype);
  }
  const Results expected = Naive(p, t);
  const Buffer features(t.features, dtype), kernels(t.kernels, dtype), upstream(t.upstream, dtype);
  const auto nan_like = [&](size_t size) { return Buffer(std::vector<double>(size, 1e4), dtype); };
  int failures = 0;
  Buffer first[3] = {nan_like(p.output_size()), nan_like(p.features_size()), nan_like(p.kernels_size())};
  const CpuKernels& cpu = CpuKernelsFor(isa, dtype);
  for (int threads : {1, 3}) {
    SetThreads(threads);
    Buffer output = nan_like(p.output_size()), dx = nan_like(p.features_size()), dk = nan_like(p.kernels_size());
    cpu.forward(p, features.bytes.data(), kernels.bytes.data(), output.bytes.data());
    cpu.features_gradient(p, kernels.bytes.data(), upstream.bytes.data(), dx.bytes.data());
    cpu.kernels_gradient(p, features.bytes.data(), upstream.bytes.data(), dk.bytes.data());
    failures += Compare("forward", output, expected.output, isa);
    failures += Compare("gradient to features", dx, expected.features_gradient, isa);
    failures += Compare("gradient to kernels", dk, expected.kernels_gradient, isa);
    if (threads == 1) {
      first[0] = output, first[1] = dx, first[2] = dk;
    } else if (first[0].bytes != output.bytes || first[1].bytes != dx.bytes || first[2].bytes != dk.bytes) {
      std::printf("FAILED %s %s: other bits with other threads\n", IsaName(isa), kNames[dtype]);
      ++failures;
    }
  }
  return failures;
}

// Large enough that several threads work, and many callers at once.
int CheckConcurrency(Isa isa, const Problem& p) {
  const Tensors t = RandomTensors(p, 1);
  const Buffer features(t.features, kFloat), kernels(t.kernels, kFloat), upstream(t.upstream, kFloat);
  const CpuKernels& cpu = CpuKernelsFor(isa, kFloat);
  const auto run = [&] {
    Buffer output(upstream), dx(features), dk(kernels);
    cpu.forward(p, features.bytes.data(), kernels.bytes.data(), output.bytes.data());
    cpu.features_gradient(p, kernels.bytes.data(), upstream.bytes.data(), dx.bytes.data());
    cpu.kernels_gradient(p, features.bytes.data(), upstream.bytes.data(), dk.bytes.data());
    return std::vector<std::vector<char>>{output.bytes, dx.bytes, dk.bytes};
  };
  SetThreads(1);
  const auto expected = run();
  SetThreads(4);
  int wrong[8] = {};
  std::vector<std::thread> callers;
  for (int& count : wrong) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) count += run() != expected;
    });
  }
  for (std::thread& caller : callers) caller.join();
  const int failures = static_cast<int>(std::count_if(wrong, wrong + 8, [](int count) { return count != 0; }));
  if (failures) std::printf("FAILED: concurrent calls gave other results\n");
  return failures;
}

// Any sizes and attributes: an error, or a problem whose elements can be counted. An overflow stops the sanitizer.
int CheckAnySizes() {
  constexpr int64_t kSizes[] = {
      0, 1, 1, 2, 3, 4, 6, 9, 18, 1023, 1024, 1 << 20, int64_t{1} << 31, int64_t{1} << 40, INT64_MAX / 8, INT64_MAX};
  constexpr int64_t kAttributes[] = {1,         1,        1, 2, 3, 4, 0, -1, 1023, 1024, 1 << 20, int64_t{1} << 40,
                                     INT64_MAX, INT64_MIN};
  std::mt19937 generator(0);
  const auto size = [&] { return kSizes[generator() % std::size(kSizes)]; };
  const auto attribute = [&] { return kAttributes[generator() % std::size(kAttributes)]; };
  int accepted = 0;
  for (int draw = 0; draw < 200000; ++draw) {
    const Attributes a = {attribute(), attribute(), attribute(), attribute()};
    std::vector<int64_t> features, kernels;
    for (size_t rank = generator() % 16 ? 4 : generator() % 7; features.size() < rank;) features.push_back(size());
    for (size_t axis = 0; axis < features.size(); ++axis) {
      kernels.push_back(axis < 3 && generator() % 4 ? features[axis] : size());
    }
    if (kernels.size() == 4 && CheckAttributes(a).empty() && generator() % 2) {
      kernels[3] = a.groups * a.kernel_size * a.kernel_size;
    }
    Problem p;
    if (!MakeProblem(a, features, kernels, &p).empty()) continue;
    accepted += p.features_size() >= 0 && p.kernels_size() >= 0 && p.output_size() >= 0;
  }
  if (accepted < 100) std::printf("FAILED: of all sizes only %d were accepted\n", accepted);
  return accepted < 100;
}

int Check() {
  int failures = 0, checks = 0;
  std::vector<Problem> cases = SmallCases();
  for (const Problem& p : RandomCases(0, 100)) cases.push_back(p);
  for (int isa = 0; isa < kIsas; ++isa) {
    if (!IsaAvailable(static_cast<Isa>(isa))) {
      std::printf("skipped %s: this processor does not have it\n", IsaName(static_cast<Isa>(isa)));
      continue;
    }
    for (int dtype = 0; dtype < kDTypes; ++dtype) {
      unsigned seed = 0;
      for (const Problem& p : cases) {
        failures += CheckCase(p, static_cast<Isa>(isa), static_cast<DType>(dtype), ++seed);
        ++checks;
      }
    }
  }
  failures += CheckAnySizes();
  failures += CheckConcurrency(ChosenIsa(), MakeCase(2, 24, 24, 32, {3, 2, 1, 1}));
  failures += CheckConcurrency(ChosenIsa(), MakeCase(3, 24, 25, 32, {6, 1, 2, 2}, 1));
  std::printf("%d cases, %d failures\n", checks, failures);
  return failures != 0;
}

template <typename F>
double MedianSeconds(const F& function) {
  std::vector<double> times;
  for (int repeat = 0; repeat < 9; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    function();
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

void Bench() {
  const struct {
    const char* name;
    Problem problem;
  } cases[] = {
      {"up x2 K=5 (1,64,64,64)", MakeCase(1, 64, 64, 64, {5, 2, 1, 1})},
      {"up x2 K=3 (4,128,128,64)", MakeCase(4, 128, 128, 64, {3, 2, 1, 1})},
      {"up x2 K=5 (8,16,16,128)", MakeCase(8, 16, 16, 128, {5, 2, 1, 1})},
      {"down x2 K=6 (2,256,256,64)", MakeCase(2, 256, 256, 64, {6, 1, 2, 1})},
      {"shared K=6 (100,32,32,32)", MakeCase(100, 32, 32, 32, {6, 1, 2, 1}, 1)},
      {"shared K=6 per channel (100,32,32,32)", MakeCase(100, 32, 32, 32, {6, 1, 2, 32}, 1)},
  };
  std::printf("%-38s %-9s %-8s %9s %9s %9s %9s  Gflop/s\n", "", "", "", "copy ms", "forward", "d feat.", "d kern.");
  for (const auto& c : cases) {
    const Problem& p = c.problem;
    const Tensors t = RandomTensors(p, 0);
    for (int isa = 0; isa < kIsas; ++isa) {
      for (DType dtype : {kFloat, kBFloat16}) {
        if (!IsaAvailable(static_cast<Isa>(isa)) || (isa != ChosenIsa() && dtype != kFloat)) continue;
        const Buffer features(t.features, dtype), kernels(t.kernels, dtype), upstream(t.upstream, dtype);
        Buffer output = upstream, dx = features, dk = kernels;
        const CpuKernels& cpu = CpuKernelsFor(static_cast<Isa>(isa), dtype);
        const double copy =
            MedianSeconds([&] { std::memcpy(output.bytes.data(), upstream.bytes.data(), upstream.bytes.size()); });
        const double times[3] = {
            MedianSeconds([&] { cpu.forward(p, features.bytes.data(), kernels.bytes.data(), output.bytes.data()); }),
            MedianSeconds(
                [&] { cpu.features_gradient(p, kernels.bytes.data(), upstream.bytes.data(), dx.bytes.data()); }),
            MedianSeconds(
                [&] { cpu.kernels_gradient(p, features.bytes.data(), upstream.bytes.data(), dk.bytes.data()); })};
        const double flop = 2e-9 * p.output_size() * p.taps();
        std::printf("%-38s %-9s %-8s %9.2f %9.2f %9.2f %9.2f  %.0f %.0f %.0f\n", c.name, IsaName(static_cast<Isa>(isa)),
                    kNames[dtype], 1e3 * copy, 1e3 * times[0], 1e3 * times[1], 1e3 * times[2], flop / times[0],
                    flop / times[1], flop / times[2]);
      }
    }
  }
}

}  // namespace
}  // namespace a2u

int main(int count, char** arguments) {
  if (count > 1 && std::strcmp(arguments[1], "bench") == 0) {
    a2u::Bench();
    return 0;
  }
  return a2u::Check();
}
