// The op linked into a program instead of loaded, as in a TensorFlow Serving of one's own: a graph with the op runs.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "custom_ops/tests/naive.h"
#include "tensorflow/c/c_api.h"

namespace a2u {
namespace {

constexpr double kTolerance = 1e-12;

void Check(TF_Status* status) {
  if (TF_GetCode(status) == TF_OK) return;
  std::printf("FAILED: %s\n", TF_Message(status));
  std::exit(1);
}

TF_Tensor* MakeTensor(const std::vector<int64_t>& shape, const std::vector<double>& values) {
  const size_t bytes = values.size() * sizeof(double);
  TF_Tensor* tensor = TF_AllocateTensor(TF_DOUBLE, shape.data(), static_cast<int>(shape.size()), bytes);
  std::memcpy(TF_TensorData(tensor), values.data(), bytes);
  return tensor;
}

TF_Output Placeholder(TF_Graph* graph, const char* name, TF_Status* status) {
  TF_OperationDescription* placeholder = TF_NewOperation(graph, "Placeholder", name);
  TF_SetAttrType(placeholder, "dtype", TF_DOUBLE);
  TF_Operation* operation = TF_FinishOperation(placeholder, status);
  Check(status);
  return {operation, 0};
}

int Run() {
  const Problem p = MakeCase(2, 3, 4, 6, {3, 2, 1, 2});
  const Tensors t = RandomTensors(p, 0);
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  const TF_Output inputs[] = {Placeholder(graph, "features", status), Placeholder(graph, "kernels", status)};
  TF_OperationDescription* reassemble = TF_NewOperation(graph, "A2U>Reassemble", "reassemble");
  for (const TF_Output& input : inputs) TF_AddInput(reassemble, input);
  TF_SetAttrInt(reassemble, "kernel_size", p.kernel_size);
  TF_SetAttrInt(reassemble, "up", p.up);
  TF_SetAttrInt(reassemble, "groups", p.groups);
  const TF_Output output = {TF_FinishOperation(reassemble, status), 0};
  Check(status);

  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Session* session = TF_NewSession(graph, options, status);
  Check(status);
  TF_Tensor* values[] = {MakeTensor({p.batch, p.source_height, p.source_width, p.channels}, t.features),
                         MakeTensor({p.batch, p.height, p.width, p.depth()}, t.kernels)};
  TF_Tensor* result = nullptr;
  TF_SessionRun(session, nullptr, inputs, values, 2, &output, &result, 1, nullptr, 0, nullptr, status);
  Check(status);

  const std::vector<double> expected = Naive(p, t).output;
  if (TF_TensorByteSize(result) != expected.size() * sizeof(double)) {
    std::printf("FAILED: %zu bytes instead of %zu\n", TF_TensorByteSize(result), expected.size() * sizeof(double));
    return 1;
  }
  double error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::fabs(static_cast<const double*>(TF_TensorData(result))[i] - expected[i]);
    error = difference <= error ? error : difference;  // a NaN stays
  }
  std::printf("TensorFlow %s: largest error %.3g\n", TF_Version(), error);
  return error <= kTolerance ? 0 : 1;
}

}  // namespace
}  // namespace a2u

int main() { return a2u::Run(); }
