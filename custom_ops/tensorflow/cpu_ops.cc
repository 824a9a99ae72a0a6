// The CPU kernels as TensorFlow ops, through TensorFlow's C API: one binary for every TensorFlow 2.x.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "custom_ops/kernels/checks.h"
#include "custom_ops/kernels/cpu.h"
#include "custom_ops/kernels/thread_pool.h"
#include "custom_ops/tensorflow/huge_pages.h"
#include "custom_ops/tensorflow/op_definitions.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace a2u {
namespace {

constexpr char kDevice[] = "CPU";

bool Ok(TF_Status* status) { return TF_GetCode(status) == TF_OK; }

// One run of a kernel: its inputs and outputs, released at the end, and the first error, reported once.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (!Ok(status_)) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Null after an error.
  TF_Tensor* Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (!Ok(status_)) return nullptr;
    tensors_.push_back(tensor);
    return tensor;
  }

  // Memory of an output, null after an error.
  void* Output(int index, TF_DataType dtype, const std::vector<int64_t>& shape) {
    size_t bytes = TF_DataTypeSize(dtype);
    for (int64_t size : shape) bytes *= static_cast<size_t>(size);
    TF_Tensor* tensor =
        TF_AllocateOutput(context_, index, dtype, shape.data(), static_cast<int>(shape.size()), bytes, status_);
    if (!Ok(status_)) return nullptr;
    tensors_.push_back(tensor);
    AdviseHugePages(TF_TensorData(tensor), bytes);
    return TF_TensorData(tensor);
  }

  bool Check(const std::string& error) {
    if (!error.empty()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, error.c_str());
    return error.empty();
  }

  bool ok() const { return Ok(status_); }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

std::vector<int64_t> ShapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t i = 0; i < shape.size(); ++i) shape[i] = TF_Dim(tensor, static_cast<int>(i));
  return shape;
}

const CpuKernels& KernelsFor(TF_DataType dtype) {
  const DType type = dtype == TF_HALF       ? kHalf
                     : dtype == TF_BFLOAT16 ? kBFloat16
                     : dtype == TF_DOUBLE   ? kDouble
                                            : kFloat;
  return CpuKernelsFor(ChosenIsa(), type);
}

void* Create(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  Attributes* attributes = new Attributes;
  const struct {
    const char* name;
    int64_t* value;
  } wanted[] = {{"kernel_size", &attributes->kernel_size},
                {"up", &attributes->up},
                {"down", &attributes->down},
                {"groups", &attributes->groups}};
  for (const auto& attribute : wanted) {
    if (Ok(status)) TF_OpKernelConstruction_GetAttrInt64(construction, attribute.name, attribute.value, status);
  }
  if (Ok(status)) {
    const std::string error = CheckAttributes(*attributes);
    if (!error.empty()) TF_SetStatus(status, TF_INVALID_ARGUMENT, error.c_str());
  }
  if (!Ok(status)) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void Delete(void* attributes) { delete static_cast<Attributes*>(attributes); }

void Reassemble(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor* features = call.Input(0);
  TF_Tensor* kernels = call.ok() ? call.Input(1) : nullptr;
  if (!call.ok()) return;
  Problem p;
  if (!call.Check(MakeProblem(*static_cast<Attributes*>(attributes), ShapeOf(features), ShapeOf(kernels), &p))) return;
  const TF_DataType dtype = TF_TensorType(features);
  void* output = call.Output(0, dtype, {p.batch, p.height, p.width, p.channels});
  if (!call.ok()) return;
  KernelsFor(dtype).forward(p, TF_TensorData(features), TF_TensorData(kernels), output);
}

void ReassembleGrad(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  TF_Tensor* features = call.Input(0);
  TF_Tensor* kernels = call.ok() ? call.Input(1) : nullptr;
  TF_Tensor* upstream = call.ok() ? call.Input(2) : nullptr;
  if (!call.ok()) return;
  Problem p;
  if (!call.Check(MakeProblem(*static_cast<Attributes*>(attributes), ShapeOf(features), ShapeOf(kernels), &p))) return;
  if (!call.Check(CheckUpstream(p, ShapeOf(upstream)))) return;
  const TF_DataType dtype = TF_TensorType(features);
  void* features_gradient = call.Output(0, dtype, ShapeOf(features));
  void* kernels_gradient = call.ok() ? call.Output(1, dtype, ShapeOf(kernels)) : nullptr;
  if (!call.ok()) return;
  const CpuKernels& cpu = KernelsFor(dtype);
  cpu.features_gradient(p, TF_TensorData(kernels), TF_TensorData(upstream), features_gradient);
  cpu.kernels_gradient(p, TF_TensorData(features), TF_TensorData(upstream), kernels_gradient);
}

void RegisterKernel(const char* op, void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  for (TF_DataType dtype : {TF_HALF, TF_BFLOAT16, TF_FLOAT, TF_DOUBLE}) {
    TF_KernelBuilder* builder = TF_NewKernelBuilder(op, kDevice, Create, compute, Delete);
    TF_KernelBuilder_TypeConstraint(builder, "T", dtype, status);
    if (Ok(status)) TF_RegisterKernelBuilder(op, builder, status);
    if (!Ok(status)) {
      std::fprintf(stderr, "a2u_tf: kernel not registered: %s\n", TF_Message(status));
      std::abort();
    }
  }
  TF_DeleteStatus(status);
}

// Loading the library registers everything.
const bool registered = [] {
  RegisterOps();
  RegisterKernel(kReassemble, Reassemble);
  RegisterKernel(kReassembleGrad, ReassembleGrad);
  return true;
}();

}  // namespace
}  // namespace a2u

// For the Python wrapper, through ctypes.
extern "C" __attribute__((visibility("default"))) void a2u_set_threads(int threads) { a2u::SetThreads(threads); }
extern "C" __attribute__((visibility("default"))) int a2u_threads() { return a2u::Threads(); }
extern "C" __attribute__((visibility("default"))) const char* a2u_isa() { return a2u::IsaName(a2u::ChosenIsa()); }
