// What makes kernel maps, as TensorFlow ops for CPUs.

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/kernels/checks.h"
#include "custom_ops/tensorflow/op_definitions.h"
#include "custom_ops/tensorflow/op_kernel.h"

namespace a2u {
namespace {

// Reads integer attributes, each into its place.
struct IntegerAttribute {
  const char* name;
  int64_t* value;
};
void ReadIntegers(TF_OpKernelConstruction* construction, const std::vector<IntegerAttribute>& wanted,
                  TF_Status* status) {
  for (const IntegerAttribute& attribute : wanted) {
    if (Ok(status)) TF_OpKernelConstruction_GetAttrInt64(construction, attribute.name, attribute.value, status);
  }
}

void* CreateAffinity(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  AffinityAttributes* attributes = new AffinityAttributes;
  ReadIntegers(construction,
               {{"rank", &attributes->rank},
                {"norm_groups", &attributes->norm_groups},
                {"epsilon_bits", &attributes->epsilon_bits}},
               status);
  if (!Ok(status)) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void DeleteAffinity(void* attributes) { delete static_cast<AffinityAttributes*>(attributes); }

// What the CPU kernels take, and give: both encodings, then the four rows of the norms.
template <typename Byte, typename Pointer>
void Split(const AffinityProblem& p, size_t element, Pointer encoded, Pointer norms, Pointer (&to)[6]) {
  to[0] = encoded;
  to[1] = static_cast<Byte*>(encoded) + p.size() * element;
  for (int k = 0; k < 4; ++k) to[2 + k] = static_cast<Byte*>(norms) + k * p.width() * element;
}

// The inputs that both passes share, checked; false after an error.
bool ReadAffinity(Call* call, const AffinityAttributes& attributes, AffinityProblem* problem, TF_Tensor* (&inputs)[2]) {
  for (int k = 0; k < 2; ++k) {
    inputs[k] = call->Input(k);
    if (!call->ok()) return false;
  }
  return call->Check(MakeAffinityProblem(attributes, ShapeOf(inputs[0]), ShapeOf(inputs[1]), problem));
}

void ComputeAffinity(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  AffinityProblem p;
  TF_Tensor* inputs[2];
  if (!ReadAffinity(&call, *static_cast<AffinityAttributes*>(attributes), &p, inputs)) return;
  const TF_DataType dtype = TF_TensorType(inputs[0]);
  void* affinity = call.Output(0, dtype, AffinityShape(p, ShapeOf(inputs[0])));
  if (!call.ok()) return;
  const void* pointers[6];
  Split<const char, const void*>(p, TF_DataTypeSize(dtype), TF_TensorData(inputs[0]), TF_TensorData(inputs[1]),
                                 pointers);
  KernelsFor(dtype).affinity(p, pointers, affinity);
}

void ComputeAffinityGrad(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  AffinityProblem p;
  TF_Tensor* inputs[2];
  if (!ReadAffinity(&call, *static_cast<AffinityAttributes*>(attributes), &p, inputs)) return;
  TF_Tensor* upstream = call.Input(2);
  if (!call.ok() || !call.Check(CheckUpstream(AffinityShape(p, ShapeOf(inputs[0])), ShapeOf(upstream)))) return;
  const TF_DataType dtype = TF_TensorType(inputs[0]);
  void* outputs[2];
  for (int k = 0; k < 2; ++k) {
    outputs[k] = call.Output(k, dtype, ShapeOf(inputs[k]));
    if (!call.ok()) return;
  }
  const void* pointers[6];
  void* gradients[6];
  const size_t element = TF_DataTypeSize(dtype);
  Split<const char, const void*>(p, element, TF_TensorData(inputs[0]), TF_TensorData(inputs[1]), pointers);
  Split<char, void*>(p, element, outputs[0], outputs[1], gradients);
  KernelsFor(dtype).affinity_gradient(p, pointers, TF_TensorData(upstream), gradients);
}

void* CreateKernelMaps(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  KernelMapsAttributes* attributes = new KernelMapsAttributes;
  ReadIntegers(construction,
               {{"scale", &attributes->scale}, {"groups", &attributes->groups}, {"taps", &attributes->taps}}, status);
  char text[32] = {};
  if (Ok(status)) TF_OpKernelConstruction_GetAttrString(construction, "normalization", text, sizeof(text) - 1, status);
  attributes->normalization = text;
  if (!Ok(status)) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void DeleteKernelMaps(void* attributes) { delete static_cast<KernelMapsAttributes*>(attributes); }

bool ReadKernelMaps(Call* call, const KernelMapsAttributes& attributes, KernelMapsProblem* problem,
                    TF_Tensor* (&inputs)[2]) {
  for (int k = 0; k < 2; ++k) {
    inputs[k] = call->Input(k);
    if (!call->ok()) return false;
  }
  return call->Check(MakeKernelMapsProblem(attributes, ShapeOf(inputs[0]), ShapeOf(inputs[1]), problem));
}

std::vector<int64_t> MapsShape(const KernelMapsProblem& p) {
  return {p.batch, p.rows * p.scale, p.columns * p.scale, p.depth()};
}

void ComputeKernelMaps(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  KernelMapsProblem p;
  TF_Tensor* inputs[2];
  if (!ReadKernelMaps(&call, *static_cast<KernelMapsAttributes*>(attributes), &p, inputs)) return;
  const TF_DataType dtype = TF_TensorType(inputs[0]);
  void* maps = call.Output(0, dtype, MapsShape(p));
  if (call.ok()) KernelsFor(dtype).kernel_maps(p, TF_TensorData(inputs[0]), TF_TensorData(inputs[1]), maps);
}

void ComputeKernelMapsGrad(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  KernelMapsProblem p;
  TF_Tensor* inputs[2];
  if (!ReadKernelMaps(&call, *static_cast<KernelMapsAttributes*>(attributes), &p, inputs)) return;
  TF_Tensor* upstream = call.Input(2);
  if (!call.ok() || !call.Check(CheckUpstream(MapsShape(p), ShapeOf(upstream)))) return;
  const TF_DataType dtype = TF_TensorType(inputs[0]);
  void* to_affinity = call.Output(0, dtype, ShapeOf(inputs[0]));
  void* to_projection = call.ok() ? call.Output(1, dtype, ShapeOf(inputs[1])) : nullptr;
  if (!call.ok()) return;
  KernelsFor(dtype).kernel_maps_gradient(p, TF_TensorData(inputs[0]), TF_TensorData(inputs[1]), TF_TensorData(upstream),
                                         to_affinity, to_projection);
}

}  // namespace

void RegisterKernelMapsKernels() {
  const std::vector<TF_DataType> dtypes = {TF_FLOAT, TF_DOUBLE};
  RegisterKernel(kAffinity, ComputeAffinity, CreateAffinity, DeleteAffinity, dtypes);
  RegisterKernel(kAffinityGrad, ComputeAffinityGrad, CreateAffinity, DeleteAffinity, dtypes);
  RegisterKernel(kKernelMaps, ComputeKernelMaps, CreateKernelMaps, DeleteKernelMaps, dtypes);
  RegisterKernel(kKernelMapsGrad, ComputeKernelMapsGrad, CreateKernelMaps, DeleteKernelMaps, dtypes);
}

}  // namespace a2u
