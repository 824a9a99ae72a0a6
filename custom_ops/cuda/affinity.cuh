// The affinity of two encodings and its gradients, in float32 and float64. Neighbouring lanes hold neighbouring
// channels; sums over pixels are made per chunk of them and joined in the order of the chunks.

#ifndef A2U_CUSTOM_OPS_CUDA_AFFINITY_CUH_
#define A2U_CUSTOM_OPS_CUDA_AFFINITY_CUH_

#include "custom_ops/cuda/device.cuh"
#include "custom_ops/cuda/warp.cuh"
#include "custom_ops/kernels/affinity_problem.h"

namespace a2u {
namespace cuda {

constexpr int64_t kChunkPixels = 128;

// Sizes, the tensors that both passes read, and what a launch leaves for the next one.
template <typename T>
struct AffinityTask {
  int64_t batch, pixels, rank, channels, width, groups, chunks, blocks;  // blocks of a warp's channels
  T epsilon, scale;
  const T* encoded[2];
  const T* norms;  // (4, width): scales of u and of v, then offsets
  T* moments;      // (batch, 2, chunks, 2, width): mean and sum of squared deviations
  T* statistics;   // (batch, 2, 2, groups): mean and reciprocal of the standard deviation
  T* sums;         // (batch, chunks, 4, width): of the gradient of u, of that times the normalised u, of v, likewise
  T* totals;       // (batch, 4, width): these over the chunks
  T* means;        // (batch, 4, groups): these, times the scale, over the groups

  int64_t group_channels;  // of a norm

  AffinityTask(const AffinityProblem& p, const T* u, const T* v, const T* all_norms, T* scratch)
      : batch(p.batch),
        pixels(p.pixels),
        rank(p.rank),
        channels(p.channels),
        width(p.width()),
        groups(p.norm_groups),
        chunks((p.pixels + kChunkPixels - 1) / kChunkPixels),
        blocks((p.width() + kWarp - 1) / kWarp),
        epsilon(static_cast<T>(p.epsilon)),
        scale(static_cast<T>(1 / sqrt(static_cast<double>(p.channels)))),
        encoded{u, v},
        norms(all_norms),
        group_channels(p.norm_groups > 0 ? p.group_channels() : 0) {
    T* next = scratch;
    const auto take = [&](int64_t size) {
      T* from = next;
      next += size;
      return from;
    };
    moments = sums = take(batch * chunks * 4 * width);  // one after the other
    statistics = take(batch * 4 * groups);
    totals = take(batch * 4 * width);
    means = take(batch * 4 * groups);
  }

  static int64_t ScratchSize(const AffinityProblem& p) {
    const int64_t chunks = (p.pixels + kChunkPixels - 1) / kChunkPixels;
    return p.norm_groups > 0 ? p.batch * (4 * p.width() * (chunks + 1) + 8 * p.norm_groups) : 0;
  }

  __device__ int64_t Place(int64_t n, int64_t pixel, int64_t c) const { return (n * pixels + pixel) * width + c; }

  __device__ T Mean(int64_t n, int which, int64_t c) const {
    return statistics[(n * 2 + which) * 2 * groups + c / group_channels];
  }
  __device__ T Deviation(int64_t n, int which, int64_t c) const {
    return statistics[((n * 2 + which) * 2 + 1) * groups + c / group_channels];
  }
};

// What a value of a channel is multiplied by and what is added: normalisation, scale and offset in one.
template <typename T>
struct Factors {
  __device__ Factors(const AffinityTask<T>& t, int64_t n, int which, int64_t c) {
    if (t.groups == 0) return;
    factor = t.norms[which * t.width + c] * t.Deviation(n, which, c);
    addend = t.norms[(2 + which) * t.width + c] - t.Mean(n, which, c) * factor;
  }
  __device__ T Before(T value) const { return value * factor + addend; }

  T factor = 1, addend = 0;
};

template <typename T>
__device__ inline T Leaky(T x) {
  return x > 0 ? x : x * static_cast<T>(0.01);
}

template <typename T>
__device__ inline T Slope(T x) {
  return x > 0 ? T(1) : static_cast<T>(0.01);
}

// A warp per sample, encoding, chunk and block of channels.
template <typename T>
__global__ void __launch_bounds__(kThreads) ChunkMoments(AffinityTask<T> t) {
  const int64_t lane = threadIdx.x % kWarp, total = t.batch * 2 * t.chunks * t.blocks;
  for (GridRange<int64_t> range; range.first / kWarp < total; range.first += range.step) {
    const int64_t item = range.first / kWarp, c = item % t.blocks * kWarp + lane, chunk = item / t.blocks % t.chunks;
    const int64_t sample = item / t.blocks / t.chunks, n = sample / 2;
    if (c >= t.width) continue;
    const T* encoded = t.encoded[sample % 2];
    const int64_t begin = chunk * kChunkPixels, end = min(begin + kChunkPixels, t.pixels);
    T mean = 0, squares = 0;
    for (int64_t pixel = begin; pixel < end; ++pixel) mean += encoded[t.Place(n, pixel, c)];
    mean /= static_cast<T>(end - begin);
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      const T deviation = encoded[t.Place(n, pixel, c)] - mean;
      squares += deviation * deviation;
    }
    T* to = t.moments + (sample * t.chunks + chunk) * 2 * t.width + c;
    to[0] = mean;
    to[t.width] = squares;
  }
}

// Count, mean and sum of squared deviations of two sets as one.
template <typename T>
struct Moments {
  __device__ void Join(const Moments& other) {
    const T all = count + other.count, difference = other.mean - mean;
    if (other.count == 0) return;
    squares += other.squares + difference * difference * count * other.count / all;
    mean += difference * other.count / all;
    count = all;
  }
  T count = 0, mean = 0, squares = 0;
};

// A warp per sample, encoding and group.
template <typename T>
__global__ void __launch_bounds__(kThreads) JoinMoments(AffinityTask<T> t) {
  const int64_t lane = threadIdx.x % kWarp, total = t.batch * 2 * t.groups;
  for (GridRange<int64_t> range; range.first / kWarp < total; range.first += range.step) {
    const int64_t item = range.first / kWarp, group = item % t.groups, sample = item / t.groups;
    Moments<T> joined;
    for (int64_t k = lane; k < t.chunks * t.group_channels; k += kWarp) {
      const int64_t chunk = k / t.group_channels, c = group * t.group_channels + k % t.group_channels;
      const T* from = t.moments + (sample * t.chunks + chunk) * 2 * t.width + c;
      Moments<T> more;
      more.count = static_cast<T>(min(kChunkPixels, t.pixels - chunk * kChunkPixels));
      more.mean = from[0];
      more.squares = from[t.width];
      joined.Join(more);
    }
    for (int offset = kWarp / 2; offset > 0; offset /= 2) {
      Moments<T> other;
      other.count = __shfl_xor_sync(0xffffffffu, joined.count, offset);
      other.mean = __shfl_xor_sync(0xffffffffu, joined.mean, offset);
      other.squares = __shfl_xor_sync(0xffffffffu, joined.squares, offset);
      joined.Join(other);
    }
    if (lane > 0) continue;
    T* to = t.statistics + sample * 2 * t.groups + group;
    to[0] = joined.mean;
    to[t.groups] = 1 / sqrt(joined.squares / joined.count + t.epsilon);
  }
}

// A warp per pixel and product; its lanes share the channels.
template <typename T>
__global__ void __launch_bounds__(kThreads, 1) AffinityProducts(AffinityTask<T> t, T* __restrict__ affinity) {
  const int64_t lane = threadIdx.x % kWarp, total = t.batch * t.pixels * t.rank;
  for (GridRange<int64_t> range; range.first / kWarp < total; range.first += range.step) {
    const int64_t item = range.first / kWarp, q = item % t.rank, pixel = item / t.rank % t.pixels;
    const int64_t n = item / t.rank / t.pixels;
    T sum = 0;
    for (int64_t c = q * t.channels + lane; c < (q + 1) * t.channels; c += kWarp) {
      const T u = Factors<T>(t, n, 0, c).Before(t.encoded[0][t.Place(n, pixel, c)]);
      const T v = Factors<T>(t, n, 1, c).Before(t.encoded[1][t.Place(n, pixel, c)]);
      sum += Leaky(u) * Leaky(v);
    }
    sum = WarpSum(sum);
    if (lane == 0) affinity[item] = sum * t.scale;
  }
}

// The gradients towards what LeakyReLU reads, of u and of v, at one place.
template <typename T>
struct BeforeGradients {
  __device__ BeforeGradients(const AffinityTask<T>& t, const Factors<T>& u, const Factors<T>& v, int64_t place,
                             T from) {
    const T before_u = u.Before(t.encoded[0][place]), before_v = v.Before(t.encoded[1][place]);
    to[0] = Leaky(before_v) * Slope(before_u) * from;
    to[1] = Leaky(before_u) * Slope(before_v) * from;
  }
  T to[2];
};

// A warp per sample, chunk and block of channels.
template <typename T>
__global__ void __launch_bounds__(kThreads) GradientSums(AffinityTask<T> t, const T* __restrict__ upstream) {
  const int64_t lane = threadIdx.x % kWarp, total = t.batch * t.chunks * t.blocks;
  for (GridRange<int64_t> range; range.first / kWarp < total; range.first += range.step) {
    const int64_t item = range.first / kWarp, c = item % t.blocks * kWarp + lane, chunk = item / t.blocks % t.chunks;
    const int64_t n = item / t.blocks / t.chunks, end = min((chunk + 1) * kChunkPixels, t.pixels);
    if (c >= t.width) continue;
    const Factors<T> u(t, n, 0, c), v(t, n, 1, c);
    T sums[4] = {};
    for (int64_t pixel = chunk * kChunkPixels; pixel < end; ++pixel) {
      const T from = upstream[(n * t.pixels + pixel) * t.rank + c / t.channels] * t.scale;
      const int64_t place = t.Place(n, pixel, c);
      const BeforeGradients<T> gradients(t, u, v, place, from);
      for (int which = 0; which < 2; ++which) {
        const T normalised = (t.encoded[which][place] - t.Mean(n, which, c)) * t.Deviation(n, which, c);
        sums[2 * which] += gradients.to[which];
        sums[2 * which + 1] += gradients.to[which] * normalised;
      }
    }
    for (int k = 0; k < 4; ++k) t.sums[((n * t.chunks + chunk) * 4 + k) * t.width + c] = sums[k];
  }
}

// A thread per sample, sum and channel.
template <typename T>
__global__ void __launch_bounds__(kThreads) SampleSums(AffinityTask<T> t) {
  const int64_t per_sample = 4 * t.width;
  for (GridRange<int64_t> range; range.first < t.batch * per_sample; range.first += range.step) {
    const int64_t n = range.first / per_sample, k = range.first % per_sample;
    T sum = 0;
    for (int64_t chunk = 0; chunk < t.chunks; ++chunk) sum += t.sums[(n * t.chunks + chunk) * per_sample + k];
    t.totals[range.first] = sum;
  }
}

// A thread per row and channel of the norms: scales of u and of v, then offsets.
template <typename T>
__global__ void __launch_bounds__(kThreads) NormGradients(AffinityTask<T> t, T* __restrict__ gradient) {
  for (GridRange<int64_t> range; range.first < 4 * t.width; range.first += range.step) {
    const int64_t row = range.first / t.width, c = range.first % t.width, k = row % 2 * 2 + (row < 2);
    T sum = 0;
    for (int64_t n = 0; n < t.batch; ++n) sum += t.totals[(n * 4 + k) * t.width + c];
    gradient[range.first] = sum;
  }
}

// A thread per sample, sum and group.
template <typename T>
__global__ void __launch_bounds__(kThreads) GroupMeans(AffinityTask<T> t) {
  for (GridRange<int64_t> range; range.first < t.batch * 4 * t.groups; range.first += range.step) {
    const int64_t group = range.first % t.groups, sums = range.first / t.groups, which = sums % 4 / 2;
    T sum = 0;
    for (int64_t c = group * t.group_channels; c < (group + 1) * t.group_channels; ++c) {
      sum += t.totals[sums * t.width + c] * t.norms[which * t.width + c];
    }
    t.means[range.first] = sum / static_cast<T>(t.pixels * t.group_channels);
  }
}

// A thread per value of the encodings.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    EncodedGradients(AffinityTask<T> t, const T* __restrict__ upstream, T* __restrict__ to_u, T* __restrict__ to_v) {
  for (GridRange<int64_t> range; range.first < t.batch * t.pixels * t.width; range.first += range.step) {
    const int64_t place = range.first, c = place % t.width, pixel = place / t.width, n = pixel / t.pixels;
    const T from = upstream[pixel * t.rank + c / t.channels] * t.scale;
    const BeforeGradients<T> gradients(t, Factors<T>(t, n, 0, c), Factors<T>(t, n, 1, c), place, from);
    for (int which = 0; which < 2; ++which) {
      T gradient = gradients.to[which];
      if (t.groups > 0) {
        const T deviation = t.Deviation(n, which, c);
        const T normalised = (t.encoded[which][place] - t.Mean(n, which, c)) * deviation;
        const T* mean = t.means + (n * 4 + 2 * which) * t.groups + c / t.group_channels;
        gradient = (gradient * t.norms[which * t.width + c] - mean[0] - normalised * mean[t.groups]) * deviation;
      }
      (which ? to_v : to_u)[place] = gradient;
    }
  }
}

}  // namespace cuda
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_AFFINITY_CUH_
