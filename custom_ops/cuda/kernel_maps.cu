#include "custom_ops/cuda/affinity.cuh"
#include "custom_ops/cuda/kernel_maps.cuh"
#include "custom_ops/cuda/kernels.h"

namespace a2u {
namespace {

using namespace cuda;  // NOLINT: this file is the door to it

const char* LaunchError() {
  const cudaError_t error = cudaGetLastError();
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

template <typename T>
void MakeStatistics(const AffinityTask<T>& t, cudaStream_t stream) {
  if (t.groups == 0) return;
  Launch(ChunkMoments<T>, Blocks(t.batch * 2 * t.chunks * t.blocks * kWarp), stream, t);
  Launch(JoinMoments<T>, Blocks(t.batch * 2 * t.groups * kWarp), stream, t);
}

template <typename T>
void Affinity(const AffinityProblem& p, const void* u, const void* v, const void* norms, void* affinity, void* scratch,
              cudaStream_t stream) {
  const AffinityTask<T> t(p, static_cast<const T*>(u), static_cast<const T*>(v), static_cast<const T*>(norms),
                          static_cast<T*>(scratch));
  MakeStatistics(t, stream);
  Launch(AffinityProducts<T>, Blocks(t.batch * t.pixels * t.rank * kWarp), stream, t, static_cast<T*>(affinity));
}

template <typename T>
void AffinityGradient(const AffinityProblem& p, const void* u, const void* v, const void* norms, const void* upstream,
                      void* to_u, void* to_v, void* to_norms, void* scratch, cudaStream_t stream) {
  const AffinityTask<T> t(p, static_cast<const T*>(u), static_cast<const T*>(v), static_cast<const T*>(norms),
                          static_cast<T*>(scratch));
  const T* from = static_cast<const T*>(upstream);
  MakeStatistics(t, stream);
  if (t.groups > 0) {
    Launch(GradientSums<T>, Blocks(t.batch * t.chunks * t.blocks * kWarp), stream, t, from);
    Launch(SampleSums<T>, Blocks(t.batch * 4 * t.width), stream, t);
    Launch(NormGradients<T>, Blocks(4 * t.width), stream, t, static_cast<T*>(to_norms));
    Launch(GroupMeans<T>, Blocks(t.batch * 4 * t.groups), stream, t);
  }
  Launch(EncodedGradients<T>, Blocks(t.batch * t.pixels * t.width), stream, t, from, static_cast<T*>(to_u),
         static_cast<T*>(to_v));
}

template <typename T>
void KernelMapsGradient(const KernelMapsProblem& p, const void* affinity, const void* projection, const void* upstream,
                        void* to_affinity, void* to_projection, void* scratch, cudaStream_t stream) {
  const KernelMapsTask<T> t(p, static_cast<const T*>(affinity), static_cast<const T*>(projection));
  T *to_raw = static_cast<T*>(scratch), *sums = to_raw + p.cells() * p.values();
  const int64_t size = t.rank * t.values;
  Launch(RawGradients<T>, Blocks(p.cells() * p.values() / p.taps), stream, t, static_cast<const T*>(upstream), to_raw);
  Launch(AffinityGradients<T>, Blocks(p.cells() * t.rank), stream, t, to_raw, static_cast<T*>(to_affinity));
  Launch(ChunkProjectionSums<T>, Blocks(t.batch * t.chunks * size), stream, t, to_raw, sums);
  Launch(ProjectionGradients<T>, Blocks((t.shared ? 1 : t.batch) * size), stream, t, sums,
         static_cast<T*>(to_projection));
}

size_t Bytes(DType dtype, int64_t size) { return static_cast<size_t>(size) * (dtype == kDouble ? 8 : 4); }

}  // namespace

int64_t CudaAffinityScratch(const AffinityProblem& p) { return AffinityTask<float>::ScratchSize(p); }

int64_t CudaKernelMapsGradientScratch(const KernelMapsProblem& p) { return KernelMapsTask<float>::ScratchSize(p); }

const char* CudaAffinity(DType dtype, const AffinityProblem& p, const void* u, const void* v, const void* norms,
                         void* affinity, void* scratch, void* stream) {
  if (p.batch * p.pixels * p.rank == 0) return nullptr;
  const auto run = dtype == kDouble ? Affinity<double> : Affinity<float>;
  run(p, u, v, norms, affinity, scratch, static_cast<cudaStream_t>(stream));
  return LaunchError();
}

const char* CudaAffinityGradient(DType dtype, const AffinityProblem& p, const void* u, const void* v, const void* norms,
                                 const void* upstream, void* to_u, void* to_v, void* to_norms, void* scratch,
                                 void* stream) {
  const cudaStream_t own = static_cast<cudaStream_t>(stream);
  if (p.size() == 0) {  // sums over nothing
    if (p.norm_groups > 0) cudaMemsetAsync(to_norms, 0, Bytes(dtype, 4 * p.width()), own);
    return LaunchError();
  }
  const auto run = dtype == kDouble ? AffinityGradient<double> : AffinityGradient<float>;
  run(p, u, v, norms, upstream, to_u, to_v, to_norms, scratch, own);
  return LaunchError();
}

const char* CudaKernelMaps(DType dtype, const KernelMapsProblem& p, const void* affinity, const void* projection,
                           void* maps, void* stream) {
  if (p.cells() == 0) return nullptr;
  const auto run = [&](auto element) {
    using T = decltype(element);
    const KernelMapsTask<T> t(p, static_cast<const T*>(affinity), static_cast<const T*>(projection));
    Launch(MakeMaps<T>, Blocks(p.cells() * p.values() / p.taps), static_cast<cudaStream_t>(stream), t,
           static_cast<T*>(maps));
  };
  dtype == kDouble ? run(double()) : run(float());
  return LaunchError();
}

const char* CudaKernelMapsGradient(DType dtype, const KernelMapsProblem& p, const void* affinity,
                                   const void* projection, const void* upstream, void* to_affinity, void* to_projection,
                                   void* scratch, void* stream) {
  const cudaStream_t own = static_cast<cudaStream_t>(stream);
  if (p.cells() == 0) {  // sums over nothing
    cudaMemsetAsync(to_projection, 0, Bytes(dtype, (p.shared ? 1 : p.batch) * p.rank * p.values()), own);
    return LaunchError();
  }
  const auto run = dtype == kDouble ? KernelMapsGradient<double> : KernelMapsGradient<float>;
  run(p, affinity, projection, upstream, to_affinity, to_projection, scratch, own);
  return LaunchError();
}

}  // namespace a2u
