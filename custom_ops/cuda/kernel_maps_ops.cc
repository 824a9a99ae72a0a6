// The CUDA kernels that make kernel maps as kernels of the TensorFlow ops.

#include "custom_ops/cuda/kernels.h"
#include "custom_ops/cuda/op_kernel.h"
#include "custom_ops/kernels/checks.h"
#include "custom_ops/tensorflow/op_definitions.h"

namespace a2u {
namespace {

// Memory of the device for the time of a call.
absl::Status Scratch(OpKernelContext* context, int64_t size, Tensor* scratch) {
  return context->allocate_temp(context->input(0).dtype(), TensorShape({size}), scratch);
}

// The second half of a tensor.
void* Second(const Tensor& tensor) { return static_cast<char*>(Data(tensor)) + tensor.TotalBytes() / 2; }

class AffinityBase : public OpKernel {
 public:
  explicit AffinityBase(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("rank", &attributes_.rank));
    OP_REQUIRES_OK(construction, construction->GetAttr("norm_groups", &attributes_.norm_groups));
    OP_REQUIRES_OK(construction, construction->GetAttr("epsilon_bits", &attributes_.epsilon_bits));
  }

 protected:
  absl::Status Problem(OpKernelContext* context, AffinityProblem* problem) const {
    return Checked(MakeAffinityProblem(attributes_, ShapeOf(context->input(0)), ShapeOf(context->input(1)), problem));
  }

 private:
  AffinityAttributes attributes_;
};

class Affinity : public AffinityBase {
 public:
  using AffinityBase::AffinityBase;

  void Compute(OpKernelContext* context) override {
    AffinityProblem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    const Tensor &encoded = context->input(0), &norms = context->input(1);
    const TensorShape shape(AffinityShape(p, ShapeOf(encoded)));
    Tensor *affinity = nullptr, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &affinity));
    OP_REQUIRES_OK(context, Scratch(context, CudaAffinityScratch(p), &scratch));
    CheckLaunch(context, CudaAffinity(TypeOf(encoded), p, Data(encoded), Second(encoded), Data(norms), Data(*affinity),
                                      Data(scratch), StreamOf(context)));
  }
};

class AffinityGrad : public AffinityBase {
 public:
  using AffinityBase::AffinityBase;

  void Compute(OpKernelContext* context) override {
    AffinityProblem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    const Tensor &encoded = context->input(0), &norms = context->input(1), &upstream = context->input(2);
    OP_REQUIRES_OK(context, Checked(CheckUpstream(AffinityShape(p, ShapeOf(encoded)), ShapeOf(upstream))));
    Tensor *to_encoded = nullptr, *to_norms = nullptr, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, encoded.shape(), &to_encoded));
    OP_REQUIRES_OK(context, context->allocate_output(1, norms.shape(), &to_norms));
    OP_REQUIRES_OK(context, Scratch(context, CudaAffinityScratch(p), &scratch));
    CheckLaunch(context, CudaAffinityGradient(TypeOf(encoded), p, Data(encoded), Second(encoded), Data(norms),
                                              Data(upstream), Data(*to_encoded), Second(*to_encoded), Data(*to_norms),
                                              Data(scratch), StreamOf(context)));
  }
};

class KernelMapsBase : public OpKernel {
 public:
  explicit KernelMapsBase(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("scale", &attributes_.scale));
    OP_REQUIRES_OK(construction, construction->GetAttr("groups", &attributes_.groups));
    OP_REQUIRES_OK(construction, construction->GetAttr("taps", &attributes_.taps));
    OP_REQUIRES_OK(construction, construction->GetAttr("normalization", &attributes_.normalization));
  }

 protected:
  absl::Status Problem(OpKernelContext* context, KernelMapsProblem* problem) const {
    return Checked(MakeKernelMapsProblem(attributes_, ShapeOf(context->input(0)), ShapeOf(context->input(1)), problem));
  }

  static TensorShape Shape(const KernelMapsProblem& p) {
    return TensorShape({p.batch, p.rows * p.scale, p.columns * p.scale, p.depth()});
  }

 private:
  KernelMapsAttributes attributes_;
};

class KernelMaps : public KernelMapsBase {
 public:
  using KernelMapsBase::KernelMapsBase;

  void Compute(OpKernelContext* context) override {
    KernelMapsProblem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    Tensor* maps = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, Shape(p), &maps));
    const Tensor& affinity = context->input(0);
    CheckLaunch(context, CudaKernelMaps(TypeOf(affinity), p, Data(affinity), Data(context->input(1)), Data(*maps),
                                        StreamOf(context)));
  }
};

class KernelMapsGrad : public KernelMapsBase {
 public:
  using KernelMapsBase::KernelMapsBase;

  void Compute(OpKernelContext* context) override {
    KernelMapsProblem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    const Tensor &affinity = context->input(0), &projection = context->input(1), &upstream = context->input(2);
    OP_REQUIRES_OK(context, Checked(CheckUpstream({p.batch, p.rows * p.scale, p.columns * p.scale, p.depth()},
                                                  ShapeOf(upstream))));
    Tensor *to_affinity = nullptr, *to_projection = nullptr, scratch;
    OP_REQUIRES_OK(context, context->allocate_output(0, affinity.shape(), &to_affinity));
    OP_REQUIRES_OK(context, context->allocate_output(1, projection.shape(), &to_projection));
    OP_REQUIRES_OK(context, Scratch(context, CudaKernelMapsGradientScratch(p), &scratch));
    CheckLaunch(context,
                CudaKernelMapsGradient(TypeOf(affinity), p, Data(affinity), Data(projection), Data(upstream),
                                       Data(*to_affinity), Data(*to_projection), Data(scratch), StreamOf(context)));
  }
};

#define A2U_REGISTER(T)                                                                                            \
  REGISTER_KERNEL_BUILDER(Name(kAffinity).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), Affinity);         \
  REGISTER_KERNEL_BUILDER(Name(kAffinityGrad).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), AffinityGrad); \
  REGISTER_KERNEL_BUILDER(Name(kKernelMaps).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), KernelMaps);     \
  REGISTER_KERNEL_BUILDER(Name(kKernelMapsGrad).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), KernelMapsGrad)
A2U_REGISTER(float);
A2U_REGISTER(double);
#undef A2U_REGISTER

}  // namespace
}  // namespace a2u
