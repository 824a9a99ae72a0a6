// From an affinity to normalised kernel maps, and back, in float32 and float64. A thread makes a kernel, and makes its
// few products anew where it needs them again, in place of keeping them.

#ifndef A2U_CUSTOM_OPS_CUDA_KERNEL_MAPS_CUH_
#define A2U_CUSTOM_OPS_CUDA_KERNEL_MAPS_CUH_

#include "custom_ops/cuda/device.cuh"
#include "custom_ops/kernels/affinity_problem.h"

namespace a2u {
namespace cuda {

constexpr int64_t kChunkCells = 128;

template <typename T>
struct KernelMapsTask {
  int64_t batch, rows, columns, rank, scale, groups, taps, depth, values, chunks;
  bool shared;
  KernelMapsProblem::Normalization normalization;
  const T* affinity;
  const T* projection;

  KernelMapsTask(const KernelMapsProblem& p, const T* a, const T* matrix)
      : batch(p.batch),
        rows(p.rows),
        columns(p.columns),
        rank(p.rank),
        scale(p.scale),
        groups(p.groups),
        taps(p.taps),
        depth(p.depth()),
        values(p.values()),
        chunks((p.rows * p.columns + kChunkCells - 1) / kChunkCells),
        shared(p.shared),
        normalization(p.normalization),
        affinity(a),
        projection(matrix) {}

  // Gradients of what is normalised, laid out as the maps; sums of each chunk of cells, `(batch, chunks, rank,
  // values)`.
  static int64_t ScratchSize(const KernelMapsProblem& p) {
    const int64_t chunks = (p.rows * p.columns + kChunkCells - 1) / kChunkCells;
    return p.cells() * p.values() + p.batch * chunks * p.rank * p.values();
  }

  __device__ int64_t kernels() const { return batch * rows * columns * scale * scale * groups; }
  __device__ const T* Matrix(int64_t n) const { return projection + (shared ? 0 : n) * rank * values; }

  // Where the kernels of a cell's sub-position begin in the maps; cells are counted over the batch.
  __device__ int64_t Offset(int64_t cell, int64_t sub) const {
    const int64_t row = cell / columns * scale + sub / scale, column = cell % columns * scale + sub % scale;
    return (row * columns * scale + column) * depth;
  }
};

__device__ inline float Exp(float x) { return expf(x); }
__device__ inline double Exp(double x) { return exp(x); }

// A kernel of the maps, by its place in them: what it is made of.
template <typename T>
struct KernelOf {
  __device__ KernelOf(const KernelMapsTask<T>& task, int64_t index) : t(task) {
    const int64_t group = index % t.groups, pixel = index / t.groups, width = t.columns * t.scale;
    const int64_t x = pixel % width, y = pixel / width;  // rows are counted over the batch
    cell = y / t.scale * t.columns + x / t.scale;
    sub = y % t.scale * t.scale + x % t.scale;
    first = sub * t.depth + group * t.taps;
    matrix = t.Matrix(cell / t.columns / t.rows) + first;
  }

  // What the softmax reads, or the sigmoid made.
  __device__ T Value(int64_t tap) const {
    T raw = 0;
    for (int64_t q = 0; q < t.rank; ++q) raw += t.affinity[cell * t.rank + q] * matrix[q * t.values + tap];
    return t.normalization == KernelMapsProblem::kSoftmax ? raw : 1 / (1 + Exp(-raw));
  }

  const KernelMapsTask<T>& t;
  int64_t cell, sub, first;
  const T* matrix;
};

// The normalisation over the taps of a kernel.
template <typename T>
struct Normalizer {
  __device__ explicit Normalizer(const KernelOf<T>& kernel) {
    softmax = kernel.t.normalization != KernelMapsProblem::kSigmoid;
    if (!softmax) return;
    most = kernel.Value(0);
    for (int64_t tap = 1; tap < kernel.t.taps; ++tap) {
      const T value = kernel.Value(tap);
      most = value > most ? value : most;
    }
    T sum = 0;
    for (int64_t tap = 0; tap < kernel.t.taps; ++tap) sum += Exp(kernel.Value(tap) - most);
    factor = 1 / sum;
  }
  __device__ T Weight(T value) const { return softmax ? Exp(value - most) * factor : value; }

  bool softmax;
  T most = 0, factor = 1;
};

template <typename T>
__global__ void __launch_bounds__(kThreads) MakeMaps(KernelMapsTask<T> t, T* __restrict__ maps) {
  for (GridRange<int64_t> range; range.first < t.kernels(); range.first += range.step) {
    const KernelOf<T> kernel(t, range.first);
    const Normalizer<T> normalizer(kernel);
    T* to = maps + range.first * t.taps;
    for (int64_t tap = 0; tap < t.taps; ++tap) to[tap] = normalizer.Weight(kernel.Value(tap));
  }
}

// To what is normalised: a thread per kernel.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    RawGradients(KernelMapsTask<T> t, const T* __restrict__ upstream, T* __restrict__ to_raw) {
  for (GridRange<int64_t> range; range.first < t.kernels(); range.first += range.step) {
    const KernelOf<T> kernel(t, range.first);
    const Normalizer<T> normalizer(kernel);
    const T* from = upstream + range.first * t.taps;
    T* to = to_raw + range.first * t.taps;
    T mean = 0;
    for (int64_t tap = 0; normalizer.softmax && tap < t.taps; ++tap) {
      mean += normalizer.Weight(kernel.Value(tap)) * from[tap];
    }
    for (int64_t tap = 0; tap < t.taps; ++tap) {
      const T value = kernel.Value(tap);
      T gradient = from[tap];
      if (normalizer.softmax) gradient = normalizer.Weight(value) * (gradient - mean);
      if (t.normalization != KernelMapsProblem::kSoftmax) gradient *= value * (1 - value);
      to[tap] = gradient;
    }
  }
}

// A thread per cell and product.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    AffinityGradients(KernelMapsTask<T> t, const T* __restrict__ to_raw, T* __restrict__ gradient) {
  for (GridRange<int64_t> range; range.first < t.batch * t.rows * t.columns * t.rank; range.first += range.step) {
    const int64_t cell = range.first / t.rank, q = range.first % t.rank;
    const T* matrix = t.Matrix(cell / t.columns / t.rows) + q * t.values;
    T sum = 0;
    for (int64_t sub = 0; sub < t.scale * t.scale; ++sub) {
      const T* from = to_raw + t.Offset(cell, sub);
      for (int64_t k = 0; k < t.depth; ++k) sum += from[k] * matrix[sub * t.depth + k];
    }
    gradient[range.first] = sum;
  }
}

// A thread per sample, chunk of cells, and value of the projection: neighbours read neighbouring gradients.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    ChunkProjectionSums(KernelMapsTask<T> t, const T* __restrict__ to_raw, T* __restrict__ sums) {
  const int64_t cells = t.rows * t.columns;
  for (GridRange<int64_t> range; range.first < t.batch * t.chunks * t.rank * t.values; range.first += range.step) {
    const int64_t value = range.first % t.values, q = range.first / t.values % t.rank;
    const int64_t chunk = range.first / t.values / t.rank % t.chunks, n = range.first / t.values / t.rank / t.chunks;
    const int64_t sub = value / t.depth, k = value % t.depth;
    T sum = 0;
    for (int64_t cell = chunk * kChunkCells; cell < min((chunk + 1) * kChunkCells, cells); ++cell) {
      const int64_t place = n * cells + cell;
      sum += to_raw[t.Offset(place, sub) + k] * t.affinity[place * t.rank + q];
    }
    sums[range.first] = sum;
  }
}

// A thread per value of the projection: over the chunks, and over the samples that share it.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    ProjectionGradients(KernelMapsTask<T> t, const T* __restrict__ sums, T* __restrict__ gradient) {
  const int64_t size = t.rank * t.values, parts = t.shared ? t.batch * t.chunks : t.chunks;
  for (GridRange<int64_t> range; range.first < (t.shared ? 1 : t.batch) * size; range.first += range.step) {
    const T* from = sums + range.first / size * parts * size + range.first % size;
    T sum = 0;
    for (int64_t part = 0; part < parts; ++part) sum += from[part * size];
    gradient[range.first] = sum;
  }
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_KERNEL_MAPS_CUH_
