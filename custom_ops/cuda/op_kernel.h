// What the wrappers of the CUDA kernels share, over TensorFlow's C++ API: its C API gives no stream of a stock CUDA
// device.

#ifndef A2U_CUSTOM_OPS_CUDA_OP_KERNEL_H_
#define A2U_CUSTOM_OPS_CUDA_OP_KERNEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "custom_ops/kernels/dtypes.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "xla/stream_executor/stream.h"

namespace a2u {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;

inline DType TypeOf(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case tensorflow::DT_HALF:
      return kHalf;
    case tensorflow::DT_BFLOAT16:
      return kBFloat16;
    case tensorflow::DT_DOUBLE:
      return kDouble;
    default:
      return kFloat;
  }
}

inline std::vector<int64_t> ShapeOf(const Tensor& tensor) {
  std::vector<int64_t> shape(tensor.dims());
  for (int i = 0; i < tensor.dims(); ++i) shape[i] = tensor.dim_size(i);
  return shape;
}

inline void* Data(const Tensor& tensor) { return const_cast<char*>(tensor.tensor_data().data()); }

// Tests put these kernels on the CPU, over tests/cuda_on_cpu: nodes ask for them there by their label.
#ifdef A2U_CUDA_ON_CPU
constexpr char kDevice[] = "CPU", kLabel[] = "cuda_on_cpu";

inline void* StreamOf(OpKernelContext*) { return nullptr; }
#else
constexpr char kDevice[] = "GPU", kLabel[] = "";

inline void* StreamOf(OpKernelContext* context) {
  return context->op_device_context()->stream()->platform_specific_handle().stream;
}
#endif

inline void CheckLaunch(OpKernelContext* context, const char* error) {
  if (error != nullptr) context->CtxFailure(absl::InternalError(std::string("CUDA launch failed: ") + error));
}

inline absl::Status Checked(const std::string& error) {
  return error.empty() ? absl::OkStatus() : absl::InvalidArgumentError(error);
}

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_CUDA_OP_KERNEL_H_
