// The part of cuda_test.cu about what makes kernel maps: against the definitions.

#include <cstdio>
#include <vector>

#include "custom_ops/cuda/kernels.h"
#include "custom_ops/tests/device_tensor.cuh"
#include "custom_ops/tests/naive_kernel_maps.h"

namespace a2u {
namespace {

template <typename T>
DeviceTensor<T> Room(size_t size) {
  return DeviceTensor<T>(Values(size, 1e4));
}

template <typename T>
int CheckAffinity(const AffinityProblem& p, unsigned seed, size_t number) {
  std::vector<Values> inputs;
  for (int k = 0; k < 2; ++k) inputs.push_back(Random(p.size(), seed + k, 0.5));
  for (int k = 2; k < 6; ++k) inputs.push_back(Random(p.width(), seed + k));
  Values rows;
  for (int k = 2; k < 6; ++k) rows.insert(rows.end(), inputs[k].begin(), inputs[k].end());
  const Values upstream = Random(p.batch * p.pixels * p.rank, seed + 9);
  const DeviceTensor<T> u(inputs[0]), v(inputs[1]), norms(rows), from(upstream);
  const DeviceTensor<T> affinity = Room<T>(upstream.size()), scratch = Room<T>(CudaAffinityScratch(p));
  Check(CudaAffinity(kType<T>, p, u.data(), v.data(), norms.data(), affinity.data(), scratch.data(), nullptr));
  Check(cudaDeviceSynchronize());
  int failures = Compare("affinity", affinity, NaiveAffinity(p, inputs), number, 20);
  if (p.size() > kMostDifferences) return failures;
  const DeviceTensor<T> to_u = Room<T>(inputs[0].size()), to_v = Room<T>(inputs[1].size()),
                        to_norms = Room<T>(rows.size());
  Check(CudaAffinityGradient(kType<T>, p, u.data(), v.data(), norms.data(), from.data(), to_u.data(), to_v.data(),
                             to_norms.data(), scratch.data(), nullptr));
  Check(cudaDeviceSynchronize());
  std::vector<Values> expected;
  for (int k = 0; k < 6; ++k) {
    const auto moved = [&](const Values& at) {
      std::vector<Values> values = inputs;
      values[k] = at;
      return NaiveAffinity(p, values);
    };
    expected.push_back(Numeric(moved, inputs[k], upstream));
  }
  failures += CompareNumeric("gradient of u", to_u, expected[0], number);
  failures += CompareNumeric("gradient of v", to_v, expected[1], number);
  Values all;
  for (int k = 2; k < 6; ++k) all.insert(all.end(), expected[k].begin(), expected[k].end());
  return p.norm_groups ? failures + CompareNumeric("gradient of the norms", to_norms, all, number) : failures;
}

template <typename T>
int CheckMaps(const KernelMapsProblem& p, unsigned seed, size_t number) {
  const Values a = Random(p.cells() * p.rank, seed);
  Values b = Random((p.shared ? 1 : p.batch) * p.rank * p.values(), seed + 1);
  for (double& value : b) value *= 5;
  const Values upstream = Random(p.cells() * p.values(), seed + 2);
  const DeviceTensor<T> affinity(a), projection(b), from(upstream), maps = Room<T>(upstream.size());
  Check(CudaKernelMaps(kType<T>, p, affinity.data(), projection.data(), maps.data(), nullptr));
  Check(cudaDeviceSynchronize());
  int failures = Compare("kernel maps", maps, NaiveKernelMaps(p, a, b), number, 20);
  if (p.cells() * p.values() > kMostDifferences) return failures;
  const DeviceTensor<T> to_affinity = Room<T>(a.size()), to_projection = Room<T>(b.size());
  const DeviceTensor<T> scratch = Room<T>(CudaKernelMapsGradientScratch(p));
  Check(CudaKernelMapsGradient(kType<T>, p, affinity.data(), projection.data(), from.data(), to_affinity.data(),
                               to_projection.data(), scratch.data(), nullptr));
  Check(cudaDeviceSynchronize());
  const Values da = Numeric([&](const Values& at) { return NaiveKernelMaps(p, at, b); }, a, upstream);
  const Values db = Numeric([&](const Values& at) { return NaiveKernelMaps(p, a, at); }, b, upstream);
  failures += CompareNumeric("gradient of the affinity", to_affinity, da, number);
  return failures + CompareNumeric("gradient of the projection", to_projection, db, number);
}

template <typename T>
int CheckCases() {
  int failures = 0;
  size_t number = 0;
  for (const AffinityProblem& p : AffinityCases()) {
    failures += CheckAffinity<T>(p, static_cast<unsigned>(10 * number), number);
    ++number;
  }
  for (const KernelMapsProblem& p : KernelMapsCases()) {
    failures += CheckMaps<T>(p, static_cast<unsigned>(10 * number), number);
    ++number;
  }
  return failures;
}

}  // namespace

// Of float32, and of float64 unless `quick`; returns the number of failures.
int CheckKernelMaps(bool quick) {
  const int failures = CheckCases<float>() + (quick ? 0 : CheckCases<double>());
  std::printf("%zu cases of kernel maps of %d element types, %d failures\n",
              AffinityCases().size() + KernelMapsCases().size(), quick ? 1 : 2, failures);
  return failures;
}

}  // namespace a2u
