// What the CPU ops share, over TensorFlow's C API: one binary for every TensorFlow 2.x.

#ifndef A2U_CUSTOM_OPS_TENSORFLOW_OP_KERNEL_H_
#define A2U_CUSTOM_OPS_TENSORFLOW_OP_KERNEL_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "custom_ops/kernels/cpu.h"
#include "custom_ops/tensorflow/huge_pages.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace a2u {

constexpr char kDevice[] = "CPU";

inline bool Ok(TF_Status* status) { return TF_GetCode(status) == TF_OK; }

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

inline std::vector<int64_t> ShapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t i = 0; i < shape.size(); ++i) shape[i] = TF_Dim(tensor, static_cast<int>(i));
  return shape;
}

inline const CpuKernels& KernelsFor(TF_DataType dtype) {
  const DType type = dtype == TF_HALF       ? kHalf
                     : dtype == TF_BFLOAT16 ? kBFloat16
                     : dtype == TF_DOUBLE   ? kDouble
                                            : kFloat;
  return CpuKernelsFor(ChosenIsa(), type);
}

inline void RegisterKernel(const char* op, void (*compute)(void*, TF_OpKernelContext*),
                           void* (*create)(TF_OpKernelConstruction*), void (*destroy)(void*),
                           const std::vector<TF_DataType>& dtypes) {
  TF_Status* status = TF_NewStatus();
  for (TF_DataType dtype : dtypes) {
    TF_KernelBuilder* builder = TF_NewKernelBuilder(op, kDevice, create, compute, destroy);
    TF_KernelBuilder_TypeConstraint(builder, "T", dtype, status);
    if (Ok(status)) TF_RegisterKernelBuilder(op, builder, status);
    if (!Ok(status)) {
      std::fprintf(stderr, "a2u_tf: kernel not registered: %s\n", TF_Message(status));
      std::abort();
    }
  }
  TF_DeleteStatus(status);
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_TENSORFLOW_OP_KERNEL_H_
