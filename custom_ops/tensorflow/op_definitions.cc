// The ops' schemas and shape functions, through TensorFlow's C API.

#include "custom_ops/tensorflow/op_definitions.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"

namespace a2u {
namespace {

struct Shape {
  Shape() : handle(TF_NewShapeHandle()) {}
  ~Shape() { TF_DeleteShapeHandle(handle); }
  Shape(const Shape&) = delete;
  Shape& operator=(const Shape&) = delete;
  TF_ShapeHandle* handle;
};

bool Ok(TF_Status* status) { return TF_GetCode(status) == TF_OK; }

// The shape of input `index`, which must be of rank 4 or unknown.
void GetInput(TF_ShapeInferenceContext* context, int index, const char* name, Shape* shape, TF_Status* status) {
  TF_ShapeInferenceContextGetInput(context, index, shape->handle, status);
  if (!Ok(status) || !TF_ShapeInferenceContextRankKnown(context, shape->handle)) return;
  const int64_t rank = TF_ShapeInferenceContextRank(context, shape->handle);
  if (rank == 4) return;
  char text[200];
  std::snprintf(text, sizeof(text),
                "`%s` must be a tensor of rank 4, (batch, height, width, channels). Received: rank %lld", name,
                static_cast<long long>(rank));
  TF_SetStatus(status, TF_INVALID_ARGUMENT, text);
}

// Dimension `index` of a shape, -1 where unknown.
int64_t Dimension(TF_ShapeInferenceContext* context, const Shape& shape, int64_t index) {
  if (!TF_ShapeInferenceContextRankKnown(context, shape.handle)) return -1;
  TF_DimensionHandle* dimension = TF_NewDimensionHandle();
  TF_ShapeInferenceContextDim(context, shape.handle, index, dimension);
  const int64_t size = TF_DimensionHandleValueKnown(dimension) ? TF_DimensionHandleValue(dimension) : -1;
  TF_DeleteDimensionHandle(dimension);
  return size;
}

// The kernel map has the output's size. The C API shows no integer attributes, so that a map of 1 x 1, which may stand
// for any size, leaves it open.
void ReassembleShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  Shape features, kernels;
  GetInput(context, 0, "features", &features, status);
  if (Ok(status)) GetInput(context, 1, "kernels", &kernels, status);
  if (!Ok(status)) return;
  const bool ranks_known = TF_ShapeInferenceContextRankKnown(context, features.handle) &&
                           TF_ShapeInferenceContextRankKnown(context, kernels.handle);
  const int64_t height = Dimension(context, kernels, 1), width = Dimension(context, kernels, 2);
  const bool perhaps_shared = height <= 1 && width <= 1 && height != 0 && width != 0 && height + width > -2;
  if (!ranks_known || perhaps_shared) {
    // Only sizes that an input has can be written down here; the Python wrapper sets the shape where it is known.
    TF_ShapeInferenceContextSetUnknownShape(context, status);
    return;
  }
  Shape pixels, channels, output;
  TF_ShapeInferenceContextSubshape(context, kernels.handle, 0, 3, pixels.handle, status);
  if (Ok(status)) TF_ShapeInferenceContextSubshape(context, features.handle, 3, 4, channels.handle, status);
  if (Ok(status)) {
    TF_ShapeInferenceContextConcatenateShapes(context, pixels.handle, channels.handle, output.handle, status);
  }
  if (Ok(status)) TF_ShapeInferenceContextSetOutput(context, 0, output.handle, status);
}

void ReassembleGradShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  Shape features, kernels, upstream;
  GetInput(context, 0, "features", &features, status);
  if (Ok(status)) GetInput(context, 1, "kernels", &kernels, status);
  if (Ok(status)) GetInput(context, 2, "upstream", &upstream, status);
  if (Ok(status)) TF_ShapeInferenceContextSetOutput(context, 0, features.handle, status);
  if (Ok(status)) TF_ShapeInferenceContextSetOutput(context, 1, kernels.handle, status);
}

// Gradients have the shapes of the first `kCount` inputs.
template <int kCount>
void GradientsShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  for (int index = 0; Ok(status) && index < kCount; ++index) {
    Shape input;
    TF_ShapeInferenceContextGetInput(context, index, input.handle, status);
    if (Ok(status)) TF_ShapeInferenceContextSetOutput(context, index, input.handle, status);
  }
}

// Integer attributes decide it, which the C API does not show: the Python wrapper sets it.
void OpenShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

struct Definition {
  const char* name;
  std::vector<const char*> attributes, inputs, outputs;
  void (*shape)(TF_ShapeInferenceContext*, TF_Status*);
};

void AddAttributes(TF_OpDefinitionBuilder* builder) {
  TF_OpDefinitionBuilderAddAttr(builder, "T: {half, bfloat16, float, double}");
  TF_OpDefinitionBuilderAddAttr(builder, "kernel_size: int >= 1");
  TF_OpDefinitionBuilderAddAttr(builder, "up: int >= 1 = 1");
  TF_OpDefinitionBuilderAddAttr(builder, "down: int >= 1 = 1");
  TF_OpDefinitionBuilderAddAttr(builder, "groups: int >= 1 = 1");
  TF_OpDefinitionBuilderAddInput(builder, "features: T");
  TF_OpDefinitionBuilderAddInput(builder, "kernels: T");
}

void Register(TF_OpDefinitionBuilder* builder, TF_Status* status) {
  TF_RegisterOpDefinition(builder, status);
  if (Ok(status)) return;
  std::fprintf(stderr, "a2u_tf: op not registered: %s\n", TF_Message(status));
  std::abort();
}

}  // namespace

void RegisterOps() {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* forward = TF_NewOpDefinitionBuilder(kReassemble);
  AddAttributes(forward);
  TF_OpDefinitionBuilderAddOutput(forward, "output: T");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(forward, ReassembleShape);
  Register(forward, status);
  TF_OpDefinitionBuilder* backward = TF_NewOpDefinitionBuilder(kReassembleGrad);
  AddAttributes(backward);
  TF_OpDefinitionBuilderAddInput(backward, "upstream: T");
  TF_OpDefinitionBuilderAddOutput(backward, "features_grad: T");
  TF_OpDefinitionBuilderAddOutput(backward, "kernels_grad: T");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(backward, ReassembleGradShape);
  Register(backward, status);
  const std::vector<const char*> affinity = {"T: {float, double}", "rank: int >= 1 = 1", "norm_groups: int >= 0 = 0",
                                             "epsilon_bits: int"};
  const std::vector<const char*> maps = {"T: {float, double}", "scale: int >= 1 = 1", "groups: int >= 1 = 1",
                                         "taps: int >= 1",
                                         "normalization: {'softmax', 'sigmoid', 'softmax_of_sigmoid'}"};
  const std::vector<const char*> encoded = {"encoded: T", "norms: T"};
  for (const Definition& definition : {
           Definition{kAffinity, affinity, encoded, {"affinity: T"}, OpenShape},
           Definition{kAffinityGrad,
                      affinity,
                      {"encoded: T", "norms: T", "upstream: T"},
                      {"encoded_grad: T", "norms_grad: T"},
                      GradientsShape<2>},
           Definition{kKernelMaps, maps, {"affinity: T", "projection: T"}, {"maps: T"}, OpenShape},
           Definition{kKernelMapsGrad,
                      maps,
                      {"affinity: T", "projection: T", "upstream: T"},
                      {"affinity_grad: T", "projection_grad: T"},
                      GradientsShape<2>},
       }) {
    TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(definition.name);
    for (const char* attribute : definition.attributes) TF_OpDefinitionBuilderAddAttr(builder, attribute);
    for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(builder, input);
    for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
    TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, definition.shape);
    Register(builder, status);
  }
  TF_DeleteStatus(status);
}

}  // namespace a2u
