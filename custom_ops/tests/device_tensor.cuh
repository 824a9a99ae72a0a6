// Tensors on the device, filled from and compared with double precision.

#ifndef A2U_CUSTOM_OPS_TESTS_DEVICE_TENSOR_CUH_
#define A2U_CUSTOM_OPS_TESTS_DEVICE_TENSOR_CUH_

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "custom_ops/kernels/dtypes.h"

namespace a2u {

inline void Check(cudaError_t error) {
  if (error == cudaSuccess) return;
  std::printf("CUDA error: %s\n", cudaGetErrorString(error));
  std::exit(2);
}

inline void Check(const char* error) {
  if (error == nullptr) return;
  std::printf("CUDA error: %s\n", error);
  std::exit(2);
}

template <typename T>
constexpr DType kType = kFloat;
template <>
constexpr DType kType<double> = kDouble;
template <>
constexpr DType kType<__half> = kHalf;
template <>
constexpr DType kType<__nv_bfloat16> = kBFloat16;

template <typename T>
constexpr double kTolerance = 2e-6;
template <>
constexpr double kTolerance<double> = 4e-15;
template <>
constexpr double kTolerance<__half> = 1e-3;
template <>
constexpr double kTolerance<__nv_bfloat16> = 8e-3;

inline double ToDouble(float x) { return x; }
inline double ToDouble(double x) { return x; }
inline double ToDouble(__half x) { return __half2float(x); }
inline double ToDouble(__nv_bfloat16 x) { return __bfloat162float(x); }

// A tensor on the device.
template <typename T>
class DeviceTensor {
 public:
  explicit DeviceTensor(const std::vector<double>& values) : size_(values.size()) {
    std::vector<T> narrow(size_);
    for (size_t i = 0; i < size_; ++i) narrow[i] = T(static_cast<float>(values[i]));
    if constexpr (std::is_same_v<T, double>) narrow.assign(values.begin(), values.end());
    Check(cudaMalloc(&data_, std::max<size_t>(size_ * sizeof(T), 1)));
    Check(cudaMemcpy(data_, narrow.data(), size_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~DeviceTensor() { cudaFree(data_); }
  DeviceTensor(const DeviceTensor&) = delete;
  DeviceTensor& operator=(const DeviceTensor&) = delete;

  std::vector<double> Values() const {
    std::vector<T> narrow(size_);
    Check(cudaMemcpy(narrow.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    std::vector<double> values(size_);
    for (size_t i = 0; i < size_; ++i) values[i] = ToDouble(narrow[i]);
    return values;
  }
  T* data() const { return data_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  size_t size_;
  T* data_ = nullptr;
};

template <typename T>
int CompareWithin(double tolerance, const char* what, const DeviceTensor<T>& got, const std::vector<double>& expected,
                  size_t number) {
  const std::vector<double> values = got.Values();
  double largest = 1, error = 0;
  for (double value : expected) largest = std::max(largest, std::fabs(value));
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(values[i] - expected[i]);
    error = difference <= error ? error : difference;  // a NaN stays
  }
  if (error <= tolerance * largest) return 0;
  std::printf("FAILED case %zu, dtype %d, %s: error %.3g of %.3g\n", number, kType<T>, what, error, largest);
  return 1;
}

// `scale`: how many times the rounding of a single sum.
template <typename T>
int Compare(const char* what, const DeviceTensor<T>& got, const std::vector<double>& expected, size_t number,
            double scale = 1) {
  return CompareWithin(scale * kTolerance<T>, what, got, expected, number);
}

// With derivatives by differences.
template <typename T>
int CompareNumeric(const char* what, const DeviceTensor<T>& got, const std::vector<double>& expected, size_t number) {
  return CompareWithin(std::max(1e-6, 20 * kTolerance<T>), what, got, expected, number);
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TESTS_DEVICE_TENSOR_CUH_
