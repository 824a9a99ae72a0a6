// Mattes one picture with an exported model, without Python:
//
//   matte_picture MODEL_DIR PHOTO TRIMAP ALPHA
//
// MODEL_DIR is the version folder of a SavedModel, NAME/1. It is read by tensorflow::LoadSavedModel, the loader that
// TensorFlow Serving uses. The signature serve_encoded takes the bytes of both picture files and gives those of the
// matte, a PNG, so that no picture library is needed here.

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/cc/saved_model/loader.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/platform/env.h"

namespace {

using tensorflow::Env;
using tensorflow::SavedModelBundleLite;
using tensorflow::SignatureDef;
using tensorflow::Tensor;

constexpr char kTag[] = "serve";
constexpr char kSignature[] = "serve_encoded";
constexpr char kImage[] = "image_bytes";
constexpr char kTrimap[] = "trimap_bytes";
constexpr char kAlpha[] = "alpha_bytes";

absl::Status Load(const std::string& folder, SavedModelBundleLite* model) {
  if (!tensorflow::MaybeSavedModelDirectory(folder)) {
    return absl::NotFoundError(
        absl::StrCat(folder, " holds no saved_model.pb. Name the version folder of an export, NAME/1"));
  }
  return tensorflow::LoadSavedModel(tensorflow::SessionOptions(), tensorflow::RunOptions(), folder, {kTag}, model);
}

absl::Status FindSignature(const SavedModelBundleLite& model, SignatureDef* signature) {
  const auto& signatures = model.GetSignatures();
  const auto found = signatures.find(kSignature);
  if (found == signatures.end()) {
    const auto append_name = [](std::string* text, const auto& entry) { absl::StrAppend(text, entry.first); };
    return absl::NotFoundError(absl::StrCat("the model has no signature ", kSignature,
                                            ". It has: ", absl::StrJoin(signatures, ", ", append_name)));
  }
  *signature = found->second;
  if (!signature->inputs().contains(kImage) || !signature->inputs().contains(kTrimap) ||
      !signature->outputs().contains(kAlpha)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the signature ", kSignature, " must map ", kImage, " and ", kTrimap, " to ", kAlpha));
  }
  return absl::OkStatus();
}

// Reads a file into a batch of one string.
absl::Status ReadTensor(const std::string& path, Tensor* tensor) {
  std::string content;
  const absl::Status status = tensorflow::ReadFileToString(Env::Default(), path, &content);
  *tensor = Tensor(tensorflow::DT_STRING, {1});
  tensor->vec<tensorflow::tstring>()(0) = content;
  return status;
}

// Writes under a temporary name, then renames: the file is whole or not there.
absl::Status WriteWhole(const std::string& path, absl::string_view content) {
  Env* env = Env::Default();
  const std::string temporary = absl::StrCat(path, ".", getpid());
  absl::Status status = tensorflow::WriteStringToFile(env, temporary, content);
  if (status.ok()) status = env->RenameFile(temporary, path);
  if (!status.ok()) env->DeleteFile(temporary).IgnoreError();
  return status;
}

absl::Status MattePicture(const std::string& folder, const std::string& photo, const std::string& trimap,
                          const std::string& alpha) {
  Tensor image_bytes, trimap_bytes;
  TF_RETURN_IF_ERROR(ReadTensor(photo, &image_bytes));
  TF_RETURN_IF_ERROR(ReadTensor(trimap, &trimap_bytes));
  SavedModelBundleLite model;
  TF_RETURN_IF_ERROR(Load(folder, &model));
  SignatureDef signature;
  TF_RETURN_IF_ERROR(FindSignature(model, &signature));
  std::vector<Tensor> outputs;
  TF_RETURN_IF_ERROR(model.GetSession()->Run(
      {{signature.inputs().at(kImage).name(), image_bytes}, {signature.inputs().at(kTrimap).name(), trimap_bytes}},
      {signature.outputs().at(kAlpha).name()}, {}, &outputs));
  if (outputs[0].dtype() != tensorflow::DT_STRING || outputs[0].NumElements() != 1) {
    return absl::FailedPreconditionError(
        absl::StrCat(kAlpha, " must be one string. Received: ", outputs[0].DebugString()));
  }
  return WriteWhole(alpha, outputs[0].flat<tensorflow::tstring>()(0));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: " << argv[0] << " MODEL_DIR PHOTO TRIMAP ALPHA\n";
    return 2;
  }
  const absl::Status status = MattePicture(argv[1], argv[2], argv[3], argv[4]);
  if (status.ok()) return 0;
  // Behind its first line TensorFlow names a node of the graph.
  std::cerr << "error: " << status.message().substr(0, status.message().find('\n')) << "\n";
  return 1;
}
