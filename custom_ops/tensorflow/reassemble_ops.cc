// Reassembly as TensorFlow ops for CPUs, and the registration of everything when the library is loaded.

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/kernels/checks.h"
#include "custom_ops/kernels/cpu.h"
#include "custom_ops/kernels/thread_pool.h"
#include "custom_ops/tensorflow/op_definitions.h"
#include "custom_ops/tensorflow/op_kernel.h"

namespace a2u {
namespace {

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
  void* output = call.Output(0, dtype, {p.maps * p.batch, p.height, p.width, p.channels});
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
  if (!call.Check(CheckUpstream({p.maps * p.batch, p.height, p.width, p.channels}, ShapeOf(upstream)))) return;
  const TF_DataType dtype = TF_TensorType(features);
  void* features_gradient = call.Output(0, dtype, ShapeOf(features));
  void* kernels_gradient = call.ok() ? call.Output(1, dtype, ShapeOf(kernels)) : nullptr;
  if (!call.ok()) return;
  const CpuKernels& cpu = KernelsFor(dtype);
  cpu.features_gradient(p, TF_TensorData(kernels), TF_TensorData(upstream), features_gradient);
  cpu.kernels_gradient(p, TF_TensorData(features), TF_TensorData(upstream), kernels_gradient);
}

// Loading the library registers everything.
const bool registered = [] {
  RegisterOps();
  const std::vector<TF_DataType> dtypes = {TF_HALF, TF_BFLOAT16, TF_FLOAT, TF_DOUBLE};
  RegisterKernel(kReassemble, Reassemble, Create, Delete, dtypes);
  RegisterKernel(kReassembleGrad, ReassembleGrad, Create, Delete, dtypes);
  RegisterKernelMapsKernels();
  return true;
}();

}  // namespace
}  // namespace a2u

// For the Python wrapper, through ctypes.
extern "C" __attribute__((visibility("default"))) void a2u_set_threads(int threads) { a2u::SetThreads(threads); }
extern "C" __attribute__((visibility("default"))) int a2u_threads() { return a2u::Threads(); }
extern "C" __attribute__((visibility("default"))) const char* a2u_isa() { return a2u::IsaName(a2u::ChosenIsa()); }
