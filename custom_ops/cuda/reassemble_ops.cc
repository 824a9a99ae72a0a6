// The CUDA kernels of reassembly as kernels of the TensorFlow ops. Built for one TensorFlow version, in a library of
// its own; the ops themselves are in the other one.

#include "custom_ops/cuda/kernels.h"
#include "custom_ops/cuda/op_kernel.h"
#include "custom_ops/kernels/checks.h"
#include "custom_ops/tensorflow/op_definitions.h"

namespace a2u {
namespace {

class ReassembleBase : public OpKernel {
 public:
  explicit ReassembleBase(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("kernel_size", &attributes_.kernel_size));
    OP_REQUIRES_OK(construction, construction->GetAttr("up", &attributes_.up));
    OP_REQUIRES_OK(construction, construction->GetAttr("down", &attributes_.down));
    OP_REQUIRES_OK(construction, construction->GetAttr("groups", &attributes_.groups));
    OP_REQUIRES_OK(construction, Checked(CheckAttributes(attributes_)));
  }

 protected:
  absl::Status Problem(OpKernelContext* context, struct Problem* problem) const {
    return Checked(MakeProblem(attributes_, ShapeOf(context->input(0)), ShapeOf(context->input(1)), problem));
  }

 private:
  Attributes attributes_;
};

class Reassemble : public ReassembleBase {
 public:
  using ReassembleBase::ReassembleBase;

  void Compute(OpKernelContext* context) override {
    struct Problem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    Tensor* output = nullptr;
    const TensorShape shape({p.maps * p.batch, p.height, p.width, p.channels});
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    const Tensor& features = context->input(0);
    CheckLaunch(context, CudaForward(TypeOf(features), p, Data(features), Data(context->input(1)), Data(*output),
                                     StreamOf(context)));
  }
};

class ReassembleGrad : public ReassembleBase {
 public:
  using ReassembleBase::ReassembleBase;

  void Compute(OpKernelContext* context) override {
    struct Problem p;
    OP_REQUIRES_OK(context, Problem(context, &p));
    const Tensor &features = context->input(0), &kernels = context->input(1), &upstream = context->input(2);
    OP_REQUIRES_OK(context, Checked(CheckUpstream({p.maps * p.batch, p.height, p.width, p.channels}, ShapeOf(upstream))));
    Tensor *features_gradient = nullptr, *kernels_gradient = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, features.shape(), &features_gradient));
    OP_REQUIRES_OK(context, context->allocate_output(1, kernels.shape(), &kernels_gradient));
    const DType dtype = TypeOf(features);
    void* stream = StreamOf(context);
    CheckLaunch(context,
                CudaFeaturesGradient(dtype, p, Data(kernels), Data(upstream), Data(*features_gradient), stream));
    CheckLaunch(context,
                CudaKernelsGradient(dtype, p, Data(features), Data(upstream), Data(*kernels_gradient), stream));
  }
};

#define A2U_REGISTER(T)                                                                                        \
  REGISTER_KERNEL_BUILDER(Name(kReassemble).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), Reassemble); \
  REGISTER_KERNEL_BUILDER(Name(kReassembleGrad).Device(kDevice).Label(kLabel).TypeConstraint<T>("T"), ReassembleGrad)
A2U_REGISTER(Eigen::half);
A2U_REGISTER(tensorflow::bfloat16);
A2U_REGISTER(float);
A2U_REGISTER(double);
#undef A2U_REGISTER

}  // namespace
}  // namespace a2u
