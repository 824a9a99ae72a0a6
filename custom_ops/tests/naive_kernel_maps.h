// The definitions of affinity and kernel maps in double precision, and the cases that every kernel is held to.

#ifndef A2U_CUSTOM_OPS_TESTS_NAIVE_KERNEL_MAPS_H_
#define A2U_CUSTOM_OPS_TESTS_NAIVE_KERNEL_MAPS_H_

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "custom_ops/kernels/affinity_problem.h"

namespace a2u {

using Values = std::vector<double>;

inline Values Random(int64_t size, unsigned seed, double mean = 0) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Values values(size);
  for (double& value : values) value = mean + uniform(generator);
  return values;
}

// The definition, in double precision; `inputs` are u, v, gamma of u, of v, beta of u, of v.
inline Values NaiveAffinity(const AffinityProblem& p, const std::vector<Values>& inputs) {
  Values result(p.batch * p.pixels * p.rank);
  for (int64_t n = 0; n < p.batch; ++n) {
    Values embedded[2];
    for (int which = 0; which < 2; ++which) {
      Values x(inputs[which].begin() + n * p.pixels * p.width(),
               inputs[which].begin() + (n + 1) * p.pixels * p.width());
      for (int64_t g = 0; g < p.norm_groups; ++g) {
        const auto visit = [&](const std::function<void(double&, int64_t)>& f) {
          for (int64_t k = 0; k < p.pixels; ++k)
            for (int64_t c = g * p.group_channels(); c < (g + 1) * p.group_channels(); ++c) f(x[k * p.width() + c], c);
        };
        const double count = static_cast<double>(p.pixels * p.group_channels());
        double mean = 0, variance = 0;
        visit([&](double& value, int64_t) { mean += value / count; });
        visit([&](double& value, int64_t) { variance += (value - mean) * (value - mean) / count; });
        visit([&](double& value, int64_t c) {
          value = (value - mean) / std::sqrt(variance + p.epsilon) * inputs[2 + which][c] + inputs[4 + which][c];
        });
      }
      for (double& value : x) value = value > 0 ? value : 0.01 * value;
      embedded[which] = x;
    }
    for (int64_t k = 0; k < p.pixels * p.rank; ++k)
      for (int64_t c = 0; c < p.channels; ++c)
        result[n * p.pixels * p.rank + k] += embedded[0][k * p.channels + c] * embedded[1][k * p.channels + c] /
                                             std::sqrt(static_cast<double>(p.channels));
  }
  return result;
}

inline Values NaiveKernelMaps(const KernelMapsProblem& p, const Values& affinity, const Values& projection) {
  Values maps(p.cells() * p.values());
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t row = 0; row < p.rows; ++row)
      for (int64_t column = 0; column < p.columns; ++column)
        for (int64_t sub = 0; sub < p.scale * p.scale; ++sub)
          for (int64_t group = 0; group < p.groups; ++group) {
            double* to = maps.data() + p.offset(n, row, column, sub) + group * p.taps;
            double sum = 0;
            for (int64_t tap = 0; tap < p.taps; ++tap) {
              to[tap] = 0;
              for (int64_t q = 0; q < p.rank; ++q)
                to[tap] +=
                    affinity[((n * p.rows + row) * p.columns + column) * p.rank + q] *
                    projection[((p.shared ? 0 : n) * p.rank + q) * p.values() + sub * p.depth() + group * p.taps + tap];
              if (p.normalization != KernelMapsProblem::kSoftmax) to[tap] = 1 / (1 + std::exp(-to[tap]));
              sum += std::exp(to[tap]);
            }
            if (p.normalization == KernelMapsProblem::kSigmoid) continue;
            for (int64_t tap = 0; tap < p.taps; ++tap) to[tap] = std::exp(to[tap]) / sum;
          }
  return maps;
}

// Gradients of larger tensors are not differentiated: it would take most of the time.
constexpr int64_t kMostDifferences = 600;

// Gradients of the sum of products with `upstream`, by central differences of the definition.
inline Values Numeric(const std::function<Values(const Values&)>& function, Values at, const Values& upstream) {
  Values gradient(at.size());
  for (size_t k = 0; k < at.size(); ++k) {
    const double before = at[k], step = 1e-5;
    double difference = 0;
    for (int sign : {1, -1}) {
      at[k] = before + sign * step;
      const Values values = function(at);
      for (size_t i = 0; i < values.size(); ++i) difference += sign * values[i] * upstream[i];
    }
    at[k] = before;
    gradient[k] = difference / (2 * step);
  }
  return gradient;
}

inline std::vector<AffinityProblem> AffinityCases() {
  std::vector<AffinityProblem> cases;
  for (int64_t pixels : {0, 1, 7, 300, 1000})
    for (int64_t channels : {1, 6, 17, 64})
      for (int64_t rank : {1, 2})
        for (bool norm : {false, true}) {
          AffinityProblem p;
          p.batch = 2;
          p.pixels = pixels;
          p.channels = channels;
          p.rank = rank;
          p.norm_groups = norm ? rank * (channels % 2 ? 1 : channels / 2) : 0;
          if (norm && pixels == 1 && p.group_channels() == 1) continue;  // nothing but the epsilon
          cases.push_back(p);
        }
  return cases;
}

inline std::vector<KernelMapsProblem> KernelMapsCases() {
  std::vector<KernelMapsProblem> cases;
  for (int64_t columns : {0, 1, 5, 37})
    for (int64_t scale : {1, 2, 3})
      for (int64_t taps : {1, 4, 9})
        for (int64_t groups : {1, 2})
          for (int64_t rank : {1, 2})
            for (int mode : {0, 1, 2}) {
              KernelMapsProblem p;
              p.batch = 2;
              p.rows = 3;
              p.columns = columns;
              p.scale = scale;
              p.taps = taps;
              p.groups = groups;
              p.rank = rank;
              p.shared = cases.size() % 3 == 0;
              p.normalization = static_cast<KernelMapsProblem::Normalization>(mode);
              cases.push_back(p);
            }
  return cases;
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TESTS_NAIVE_KERNEL_MAPS_H_
