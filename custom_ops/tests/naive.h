// The definition of reassembly as plain loops in double precision, and the cases that every kernel is held to.

#ifndef A2U_CUSTOM_OPS_TESTS_NAIVE_H_
#define A2U_CUSTOM_OPS_TESTS_NAIVE_H_

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "custom_ops/kernels/checks.h"
#include "custom_ops/kernels/problem.h"

namespace a2u {

// Calls visit(output index, kernel index, feature index) for every product of the definition.
template <typename F>
void ForEachProduct(const Problem& p, const F& visit) {
  for (int64_t map = 0; map < p.maps * p.batch; ++map)
    for (int64_t y = 0; y < p.height; ++y)
      for (int64_t x = 0; x < p.width; ++x)
        for (int64_t i = 0; i < p.kernel_size; ++i)
          for (int64_t j = 0; j < p.kernel_size; ++j) {
            const int64_t n = map % p.batch, m = map / p.batch;
            const int64_t v = y * p.down / p.up + i - p.before(), u = x * p.down / p.up + j - p.before();
            if (v < 0 || v >= p.source_height || u < 0 || u >= p.source_width) continue;
            for (int64_t c = 0; c < p.channels; ++c) {
              const int64_t tap = c / p.group_channels() * p.taps() + i * p.kernel_size + j;
              visit(((map * p.height + y) * p.width + x) * p.channels + c,
                    p.kernel_offset(n, y, x) + m * p.depth() + tap,
                    ((n * p.source_height + v) * p.source_width + u) * p.channels + c);
            }
          }
}

struct Tensors {
  std::vector<double> features, kernels, upstream;
};

inline Tensors RandomTensors(const Problem& p, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Tensors t;
  t.features.resize(p.features_size());
  t.kernels.resize(p.kernels_size());
  t.upstream.resize(p.output_size());
  for (auto* values : {&t.features, &t.kernels, &t.upstream})
    for (double& value : *values) value = uniform(generator);
  return t;
}

struct Results {
  std::vector<double> output, features_gradient, kernels_gradient;
};

inline Results Naive(const Problem& p, const Tensors& t) {
  Results r;
  r.output.resize(p.output_size());
  r.features_gradient.resize(p.features_size());
  r.kernels_gradient.resize(p.kernels_size());
  ForEachProduct(p, [&](int64_t output, int64_t kernel, int64_t feature) {
    r.output[output] += t.kernels[kernel] * t.features[feature];
    r.features_gradient[feature] += t.kernels[kernel] * t.upstream[output];
    r.kernels_gradient[kernel] += t.features[feature] * t.upstream[output];
  });
  return r;
}

// Features (n, h, w, c) and attributes; the kernel map follows, for `up` as large as it can be less `odd` rows.
// `shared`: how many kernels all pixels share, 0 where each has its own.
inline Problem MakeCase(int64_t n, int64_t h, int64_t w, int64_t c, Attributes a, int64_t shared = 0,
                        int64_t odd = 0) {
  const int64_t height = shared ? 1 : a.up > 1 ? h * a.up - odd : (h + a.down - 1) / a.down;
  const int64_t width = shared ? 1 : a.up > 1 ? w * a.up - odd : (w + a.down - 1) / a.down;
  Problem p;
  const std::string error =
      MakeProblem(a, {n, h, w, c}, {n, height, width, (shared ? shared : 1) * a.groups * a.kernel_size * a.kernel_size}, &p);
  if (!error.empty()) throw std::invalid_argument(error);
  return p;
}

// Kernel size, up, down, groups.
inline std::vector<Problem> SmallCases() {
  std::vector<Problem> cases = {
      MakeCase(2, 5, 4, 16, {3, 2, 1, 1}),        MakeCase(1, 3, 6, 40, {5, 2, 1, 2}, 0, 1),
      MakeCase(2, 4, 3, 3, {3, 2, 1, 3}),         MakeCase(1, 4, 5, 7, {3, 3, 1, 1}, 0, 2),
      MakeCase(1, 2, 3, 6, {5, 4, 1, 2}),         MakeCase(3, 1, 1, 1, {3, 2, 1, 1}, 0, 1),
      MakeCase(1, 6, 5, 33, {1, 2, 1, 1}),        MakeCase(2, 7, 6, 64, {6, 1, 2, 1}),
      MakeCase(1, 9, 5, 130, {6, 1, 2, 2}),       MakeCase(1, 5, 7, 5, {4, 1, 3, 5}),
      MakeCase(2, 4, 6, 9, {3, 1, 1, 1}),         MakeCase(1, 8, 8, 12, {2, 1, 4, 3}),
      MakeCase(2, 3, 2, 2, {9, 1, 2, 1}),         MakeCase(1, 1, 9, 24, {7, 1, 1, 2}),
      MakeCase(3, 9, 7, 32, {6, 1, 2, 1}, 2),     MakeCase(1, 5, 8, 20, {6, 1, 2, 20}, 2),
      MakeCase(2, 6, 7, 71, {5, 1, 1, 1}, 1),     MakeCase(1, 11, 9, 24, {3, 1, 3, 2}, 3),
      MakeCase(17, 3, 4, 10, {2, 1, 1, 5}, 1), MakeCase(0, 4, 4, 8, {3, 2, 1, 1}),
      MakeCase(2, 0, 4, 8, {3, 1, 2, 1}),         MakeCase(2, 3, 3, 0, {3, 2, 1, 1}),
      MakeCase(2, 0, 0, 8, {6, 1, 2, 1}, 2),      MakeCase(1, 2, 2, 0, {2, 1, 1, 4}, 2),
  };
  return cases;
}

// Sizes at random, the same for each seed: no pixel at all, a single one, odd numbers, channels beside any vector's.
inline std::vector<Problem> RandomCases(unsigned seed, int count) {
  std::mt19937 generator(seed);
  const auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(generator() % static_cast<uint64_t>(high - low + 1));
  };
  std::vector<Problem> cases;
  while (static_cast<int>(cases.size()) < count) {
    const bool up = pick(0, 1);
    const int64_t shared = !up && pick(0, 1) ? pick(1, 3) : 0;
    const int64_t n = pick(0, 3), h = pick(0, 7), w = pick(0, 9), groups = pick(1, 4);
    const int64_t c = groups * (pick(0, 3) ? pick(0, 9) : pick(0, 40));
    const Attributes a = {up ? 2 * pick(0, 2) + 1 : pick(1, 6), up ? pick(2, 4) : 1, up ? 1 : pick(1, 4), groups};
    cases.push_back(MakeCase(n, h, w, c, a, shared, up && h && w ? pick(0, a.up - 1) : 0));
  }
  return cases;
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TESTS_NAIVE_H_
