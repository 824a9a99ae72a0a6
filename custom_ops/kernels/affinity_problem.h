// Sizes of what makes A2U's kernels: the affinity of two encodings, and its projection to kernel maps.
//
//   affinity[n,p,q] = 1 / sqrt(channels) * sum over c of  e(u)[n,p,q,c] * e(v)[n,p,q,c]
//
// where e is group normalisation with its scale and offset, and LeakyReLU(0.01). Reference: Dai, Lu, Shen, "Learning
// Affinity-Aware Upsampling for Deep Image Matting", CVPR 2021, Figure 2.

#ifndef A2U_CUSTOM_OPS_KERNELS_AFFINITY_PROBLEM_H_
#define A2U_CUSTOM_OPS_KERNELS_AFFINITY_PROBLEM_H_

#include <cstdint>

namespace a2u {

struct AffinityProblem {
  int64_t batch = 0;
  int64_t pixels = 0;  // of a sample's map
  int64_t rank = 1;
  int64_t channels = 0;     // of each of `rank` encodings, side by side
  int64_t norm_groups = 0;  // of all rank * channels; 0: no normalisation
  double epsilon = 1e-5;

  int64_t width() const { return rank * channels; }
  int64_t group_channels() const { return width() / norm_groups; }
  int64_t size() const { return batch * pixels * width(); }
};

// Kernel maps from an affinity: raw[n,cell,j] = sum over q of affinity[n,cell,q] * projection[n,q,j], normalised over
// the taps of each kernel. Values j are ordered sub-position, group, tap; sub-positions are those of the finer map in a
// cell.
struct KernelMapsProblem {
  enum Normalization { kSoftmax, kSigmoid, kSoftmaxOfSigmoid };

  int64_t batch = 0;
  int64_t rows = 0;  // of cells
  int64_t columns = 0;
  int64_t rank = 1;
  int64_t scale = 1;  // of the maps to the cells
  int64_t groups = 1;
  int64_t taps = 1;
  bool shared = false;  // one projection for all samples
  Normalization normalization = kSoftmax;

  int64_t depth() const { return groups * taps; }
  int64_t values() const { return scale * scale * depth(); }
  int64_t cells() const { return batch * rows * columns; }

  // Where the kernels of a cell's sub-position begin in the maps.
  int64_t offset(int64_t n, int64_t row, int64_t column, int64_t sub) const {
    const int64_t y = row * scale + sub / scale, x = column * scale + sub % scale;
    return ((n * rows * scale + y) * columns * scale + x) * depth();
  }
};

}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_AFFINITY_PROBLEM_H_
