#include "custom_ops/kernels/checks.h"

#include <cmath>
#include <cstddef>
#include <cstring>

namespace a2u {
namespace {

// A window of a million taps is beyond any use, and far below where products of sizes overflow.
constexpr int64_t kLargestKernelSize = 1023;
constexpr int64_t kLargestRatio = 1 << 20;

std::string Text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + ")";
}

int64_t CeilDivide(int64_t a, int64_t b) { return a / b + (a % b != 0); }

// Whether the elements, at 8 bytes each, can be counted in 63 bits.
bool CanBeCounted(const std::vector<int64_t>& shape) {
  int64_t bytes = 8;
  for (int64_t size : shape) {
    if (size != 0 && __builtin_mul_overflow(bytes, size, &bytes)) return false;
  }
  return true;
}

}  // namespace

std::string CheckAttributes(const Attributes& a) {
  if (a.kernel_size < 1 || a.kernel_size > kLargestKernelSize) {
    return "`kernel_size` must lie between 1 and " + std::to_string(kLargestKernelSize) +
           ". Received: kernel_size=" + std::to_string(a.kernel_size);
  }
  const std::string ratios = "up=" + std::to_string(a.up) + ", down=" + std::to_string(a.down);
  if (a.up < 1 || a.down < 1 || a.up > kLargestRatio || a.down > kLargestRatio) {
    return "`up` and `down` must lie between 1 and " + std::to_string(kLargestRatio) + ". Received: " + ratios;
  }
  if (a.up > 1 && a.down > 1) {
    return "One of `up` and `down` must be 1. Received: " + ratios + ". Resample in two steps.";
  }
  if (a.up > 1 && a.kernel_size % 2 == 0) {
    return "`kernel_size` of upsampling must be odd: its window is centred on the source pixel. Received: "
           "kernel_size=" +
           std::to_string(a.kernel_size) + ". Use " + std::to_string(a.kernel_size - 1) + " or " +
           std::to_string(a.kernel_size + 1) + ".";
  }
  if (a.groups < 1 || a.groups > INT32_MAX) {
    return "`groups` must be an integer of at least 1. Received: groups=" + std::to_string(a.groups);
  }
  return "";
}

std::string MakeProblem(const Attributes& a, const std::vector<int64_t>& features, const std::vector<int64_t>& kernels,
                        Problem* problem) {
  std::string error = CheckAttributes(a);
  if (!error.empty()) return error;
  const std::string received = "Received: features.shape=" + Text(features) + ", kernels.shape=" + Text(kernels);
  for (const auto& shape : {features, kernels}) {
    if (shape.size() != 4) {
      return "`features` and `kernels` must be of rank 4, (batch, height, width, channels). " + received;
    }
  }
  Problem p;
  p.kernel_size = a.kernel_size;
  p.up = a.up;
  p.down = a.down;
  p.groups = a.groups;
  p.batch = features[0];
  p.source_height = features[1];
  p.source_width = features[2];
  p.channels = features[3];
  if (p.channels % p.groups != 0) {
    return "`groups` must divide the channels of the features: groups=" + std::to_string(p.groups) + ". " + received;
  }
  const bool single = p.up == 1 && kernels[1] == 1 && kernels[2] == 1;
  if (single && kernels[3] > 0 && kernels[3] % p.depth() == 0) p.maps = kernels[3] / p.depth();
  if (kernels[3] != p.maps * p.depth()) {
    return "The last axis of `kernels` must hold groups * kernel_size**2 = " + std::to_string(p.depth()) +
           " values, or a multiple where all pixels share them. " + received;
  }
  if (kernels[0] != p.batch) {
    return "`features` and `kernels` must have the same batch size. " + received;
  }
  const int64_t reduced_height = CeilDivide(p.source_height, p.down);
  const int64_t reduced_width = CeilDivide(p.source_width, p.down);
  p.broadcast = single && (p.maps > 1 || reduced_height != 1 || reduced_width != 1);
  p.height = p.broadcast ? reduced_height : kernels[1];
  p.width = p.broadcast ? reduced_width : kernels[2];
  if (CeilDivide(p.height, p.up) != reduced_height || CeilDivide(p.width, p.up) != reduced_width) {
    return p.up > 1
               ? "The height and width of `features` must be those of `kernels` divided by up=" + std::to_string(p.up) +
                     " and rounded up. " + received
               : "The height and width of `kernels` must be 1 and 1, or those of `features` divided by down=" +
                     std::to_string(p.down) + " and rounded up. " + received;
  }
  if (!CanBeCounted({p.maps, p.batch, p.height, p.width, p.channels}) || !CanBeCounted(features) || !CanBeCounted(kernels)) {
    return "The sizes are too large: the elements of a tensor cannot be counted in 63 bits. " + received;
  }
  *problem = p;
  return "";
}

std::string CheckUpstream(const std::vector<int64_t>& output, const std::vector<int64_t>& upstream) {
  if (upstream == output) return "";
  return "`upstream` must have the shape of the output, " + Text(output) + ". Received: " + Text(upstream);
}

std::string MakeAffinityProblem(const AffinityAttributes& a, const std::vector<int64_t>& encoded,
                                const std::vector<int64_t>& norms, AffinityProblem* problem) {
  const std::string received = "Received: encoded.shape=" + Text(encoded) + ", norms.shape=" + Text(norms) +
                               ", rank=" + std::to_string(a.rank) + ", norm_groups=" + std::to_string(a.norm_groups);
  if (encoded.size() != 4 || encoded[0] % 2 != 0) {
    return "`encoded` must be of shape (2 * batch, height, width, channels): the encodings by U, then those by V. " +
           received;
  }
  const int64_t width = encoded[3];
  if (a.rank < 1 || width % a.rank != 0) {
    return "`rank` must be at least 1 and divide the channels. " + received;
  }
  if (a.norm_groups < 0 || (a.norm_groups > 0 && (a.norm_groups > width || width % a.norm_groups != 0))) {
    return "`norm_groups` must divide the channels, or be 0 where there is no norm. " + received;
  }
  const std::vector<int64_t> expected = {a.norm_groups > 0 ? 4 : 0, width};
  if (norms != expected) {
    return "`norms` must have the shape " + Text(expected) + ": scales of both, then offsets. " + received;
  }
  if (!CanBeCounted(encoded)) {
    return "The sizes are too large: the elements of a tensor cannot be counted in 63 bits. " + received;
  }
  std::memcpy(&problem->epsilon, &a.epsilon_bits, sizeof(problem->epsilon));
  if (!(problem->epsilon >= 0 && std::isfinite(problem->epsilon))) {
    return "`epsilon_bits` must be those of a finite float64 of at least 0. " + received;
  }
  problem->batch = encoded[0] / 2;
  problem->pixels = encoded[1] * encoded[2];
  problem->rank = a.rank;
  problem->channels = width / a.rank;
  problem->norm_groups = a.norm_groups;
  return "";
}

std::vector<int64_t> AffinityShape(const AffinityProblem& problem, std::vector<int64_t> encoded) {
  encoded[0] = problem.batch;
  encoded[3] = problem.rank;
  return encoded;
}

std::string MakeKernelMapsProblem(const KernelMapsAttributes& a, const std::vector<int64_t>& affinity,
                                  const std::vector<int64_t>& projection, KernelMapsProblem* problem) {
  const std::string received = "Received: affinity.shape=" + Text(affinity) + ", projection.shape=" + Text(projection) +
                               ", scale=" + std::to_string(a.scale) + ", groups=" + std::to_string(a.groups) +
                               ", taps=" + std::to_string(a.taps) + ", normalization=" + a.normalization;
  const char* names[] = {"softmax", "sigmoid", "softmax_of_sigmoid"};
  int normalization = -1;
  for (int k = 0; k < 3; ++k) {
    if (a.normalization == names[k]) normalization = k;
  }
  if (normalization < 0) return "`normalization` must be softmax, sigmoid or softmax_of_sigmoid. " + received;
  constexpr int64_t kMost = 1 << 20;  // of each; beyond any use, and far below where products of them overflow
  for (int64_t value : {a.scale, a.groups, a.taps}) {
    if (value < 1 || value > kMost) {
      return "`scale`, `groups` and `taps` must lie between 1 and " + std::to_string(kMost) + ". " + received;
    }
  }
  if (affinity.size() != 4 || projection.size() != 3) {
    return "Expected an affinity (batch, rows, columns, rank) and a projection (batch or 1, rank, values). " + received;
  }
  if (affinity[3] < 1 || projection[1] != affinity[3]) {
    return "`affinity` and `projection` must have the same rank, at least 1. " + received;
  }
  if (projection[0] != 1 && projection[0] != affinity[0]) {
    return "`projection` must serve one sample each, or all: its first axis is 1 or the batch. " + received;
  }
  const std::vector<int64_t> maps = {affinity[0], affinity[1], affinity[2], a.scale, a.scale, a.groups, a.taps};
  if (!CanBeCounted(maps) || !CanBeCounted(affinity) || !CanBeCounted(projection) ||
      !CanBeCounted({a.scale, a.scale, a.groups, a.taps, affinity[3]})) {
    return "The sizes are too large: the elements of a tensor cannot be counted in 63 bits. " + received;
  }
  KernelMapsProblem p;
  p.batch = affinity[0];
  p.rows = affinity[1];
  p.columns = affinity[2];
  p.rank = affinity[3];
  p.scale = a.scale;
  p.groups = a.groups;
  p.taps = a.taps;
  p.shared = projection[0] == 1;
  p.normalization = static_cast<KernelMapsProblem::Normalization>(normalization);
  if (projection[2] != p.values()) {
    return "`projection` must hold scale**2 * groups * taps = " + std::to_string(p.values()) + " values. " + received;
  }
  *problem = p;
  return "";
}

}  // namespace a2u
