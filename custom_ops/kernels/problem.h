// One reassembly: its sizes, and which pixels belong together.
//
//   out[n,y,x,c] = sum over i,j < kernel_size of
//     kernels[n,y,x, G(c) * kernel_size^2 + i * kernel_size + j] * features[n, y*down/up + i - p, x*down/up + j - p, c]
//
// with p = (kernel_size - 1) / 2, G(c) = c / (channels / groups), and zero outside the map. One of `up` and `down`
// is 1. Reference: Dai, Lu, Shen, "Learning Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021.

#ifndef A2U_CUSTOM_OPS_KERNELS_PROBLEM_H_
#define A2U_CUSTOM_OPS_KERNELS_PROBLEM_H_

#include <cstdint>

namespace a2u {

struct Problem {
  int64_t batch = 0;
  int64_t source_height = 0;  // of the features
  int64_t source_width = 0;
  int64_t height = 0;  // of the output
  int64_t width = 0;
  int64_t channels = 0;
  int64_t kernel_size = 1;
  int64_t up = 1;
  int64_t down = 1;
  int64_t groups = 1;
  bool broadcast = false;  // one kernel per sample and group instead of one per pixel
  int64_t maps = 1;        // of the output, one behind the other; several by as many shared kernels of a group

  int64_t before() const { return (kernel_size - 1) / 2; }
  int64_t taps() const { return kernel_size * kernel_size; }
  int64_t depth() const { return groups * taps(); }
  int64_t group_channels() const { return channels / groups; }
  int64_t features_size() const { return batch * source_height * source_width * channels; }
  int64_t map_size() const { return batch * height * width * channels; }
  int64_t output_size() const { return maps * map_size(); }
  int64_t kernels_size() const { return batch * (broadcast ? maps : height * width) * depth(); }

  // Where the kernel of an output pixel begins; that of the next map lies `depth` behind.
  int64_t kernel_offset(int64_t n, int64_t y, int64_t x) const {
    return (broadcast ? n * maps : (n * height + y) * width + x) * depth();
  }
};

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_PROBLEM_H_
