// Runs `serving_default` of an exported model through TensorFlow's C API alone: uint8 picture and trimap on standard
// input, float32 alpha on standard output. Arguments: the model's folder, height, width, and the graph's names of
// image, trimap and alpha, such as `serving_default_image` and `StatefulPartitionedCall`.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

namespace {

void Check(TF_Status* status) {
  if (TF_GetCode(status) == TF_OK) return;
  std::fprintf(stderr, "%s\n", TF_Message(status));
  std::exit(1);
}

TF_Output Named(TF_Graph* graph, const char* name) {
  TF_Operation* operation = TF_GraphOperationByName(graph, name);
  if (operation == nullptr) {
    std::fprintf(stderr, "no operation %s\n", name);
    std::exit(1);
  }
  return {operation, 0};
}

TF_Tensor* Read(const std::vector<int64_t>& shape) {
  size_t bytes = 1;
  for (int64_t size : shape) bytes *= static_cast<size_t>(size);
  TF_Tensor* tensor = TF_AllocateTensor(TF_UINT8, shape.data(), static_cast<int>(shape.size()), bytes);
  if (std::fread(TF_TensorData(tensor), 1, bytes, stdin) != bytes) std::exit(2);
  return tensor;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  const int64_t height = std::atoll(arguments[2]), width = std::atoll(arguments[3]);
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tags[] = {"serve"};
  TF_Session* session = TF_LoadSessionFromSavedModel(options, nullptr, arguments[1], tags, 1, graph, nullptr, status);
  Check(status);
  const TF_Output inputs[] = {Named(graph, arguments[4]), Named(graph, arguments[5])};
  const TF_Output output = Named(graph, arguments[6]);
  TF_Tensor* values[] = {Read({1, height, width, 3}), Read({1, height, width, 1})};
  TF_Tensor* alpha = nullptr;
  TF_SessionRun(session, nullptr, inputs, values, 2, &output, &alpha, 1, nullptr, 0, nullptr, status);
  Check(status);
  std::fwrite(TF_TensorData(alpha), 1, TF_TensorByteSize(alpha), stdout);
  for (TF_Tensor* tensor : {values[0], values[1], alpha}) TF_DeleteTensor(tensor);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
