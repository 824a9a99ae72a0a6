// Gradient to the features in gather form: each source pixel sums the outputs whose windows reached it, so that nothing
// is added to memory twice. Where windows overlap in steps, the down x down pixels of a block are reached by the same
// outputs. Per instruction set, see vector.h.

#ifndef A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_
#define A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_

#include <cstdint>

#include "custom_ops/kernels/problem.h"
#include "custom_ops/kernels/weighted_sum.h"

namespace a2u {
namespace A2U_ISA {

template <typename T>
class FeaturesGradient {
 public:
  using A = Accumulator<T>;

  FeaturesGradient(const Problem& problem, const T* kernels, const T* upstream, T* gradient)
      : p_(problem),
        kernels_(kernels),
        upstream_(upstream),
        gradient_(gradient),
        weight_rows_(Reach()),
        weight_columns_(Reach()),
        spread_rows_(Reach()),
        spread_columns_(Reach()),
        readers_(problem.source_width) {
    for (int64_t u = 0; u < p_.source_width; ++u) readers_.get()[u] = ReadersOf(u, p_.width);
    // Going down one output leaves one map row of kernels behind, and `down` rows of taps every `up` outputs.
    for (int64_t k = 0; k < Reach(); ++k) {
      const int64_t row = -(k / p_.up * p_.down * p_.kernel_size), column = -(k / p_.up * p_.down);
      weight_rows_.get()[k] = row + (p_.broadcast ? 0 : k * p_.width * p_.depth());
      weight_columns_.get()[k] = column + (p_.broadcast ? 0 : k * p_.depth());
      // Weights laid out per channel are in the order of the taps, or of the outputs.
      spread_rows_.get()[k] = p_.broadcast ? row : k * Reach();
      spread_columns_.get()[k] = p_.broadcast ? column : k;
    }
  }

  void Run() const {
    if (p_.features_size() == 0) return;
    // A block is a run of source rows v with one (v + before) / down.
    const int64_t first = p_.before() / p_.down;
    const int64_t blocks = (p_.source_height - 1 + p_.before()) / p_.down + 1 - first;
    const int64_t cost = p_.maps * p_.down * p_.source_width * p_.channels * Reach() * Reach();
    const bool narrow = p_.groups > 1 && p_.group_channels() < kNarrowGroup;
    Parallel(p_.batch * blocks, cost, [&](int64_t begin, int64_t end) {
      const int64_t taps = p_.broadcast ? p_.maps * p_.taps() : Reach() * Reach();
      Scratch<A> weights(narrow ? taps * p_.channels : 0);
      TapList list(p_.maps * Reach() * Reach());
      for (int64_t item = begin; item < end; ++item) {
        const int64_t n = item / blocks, block = first + item % blocks;
        if (narrow && p_.broadcast && (item == begin || item % blocks == 0)) {
          for (int64_t m = 0; m < p_.maps; ++m) {
            SpreadWeights(kernels_ + p_.kernel_offset(n, 0, 0) + m * p_.depth(), p_.taps(), p_.groups,
                          p_.group_channels(), weights.get() + m * p_.taps() * p_.channels);
          }
        }
        const Range vs = Clip(block * p_.down - p_.before(), (block + 1) * p_.down - p_.before(), p_.source_height);
        if (narrow) {
          for (int64_t v = vs.begin; v < vs.end; ++v) NarrowRow(n, v, &list, weights.get());
        } else if (p_.down > 1 && p_.kernel_size % p_.down == 0) {
          BlockRow(n, vs, &list);
        } else {
          for (int64_t v = vs.begin; v < vs.end; ++v) Row(n, v, &list);
        }
      }
    });
  }

 private:
  // The outputs that reach a source pixel, and where their weights begin.
  struct Source {
    int64_t rows, columns;
    const T* window;
    const T* weights;
    int64_t tap;  // of the first output
    T* gradient;
  };

  // How many outputs, along one axis, can read one source pixel.
  int64_t Reach() const { return p_.up > 1 ? p_.kernel_size * p_.up : (p_.kernel_size - 1) / p_.down + 1; }

  // The outputs along one axis that read a pixel, and which tap of the first of them does.
  struct Readers {
    Range outputs;
    int64_t tap;
  };

  // Of pixel v, among `size` outputs.
  Readers ReadersOf(int64_t v, int64_t size) const {
    const int64_t last = v + p_.before(), first = last - p_.kernel_size + 1;
    if (p_.up > 1) return {Clip(first * p_.up, (last + 1) * p_.up, size), last - Max(first, 0)};
    const Range outputs = Clip(first > 0 ? (first + p_.down - 1) / p_.down : 0, last / p_.down + 1, size);
    return {{outputs.begin, Max(outputs.begin, outputs.end)}, last - outputs.begin * p_.down};
  }

  Source SourceAt(int64_t n, int64_t v, int64_t u, const Readers& rows) const {
    const Readers& columns = readers_.get()[u];
    const int64_t y = rows.outputs.begin, x = columns.outputs.begin;
    Source source;
    source.rows = rows.outputs.size();
    source.columns = columns.outputs.size();
    source.tap = rows.tap * p_.kernel_size + columns.tap;
    source.window = upstream_ + ((n * p_.height + y) * p_.width + x) * p_.channels;
    source.weights = kernels_ + p_.kernel_offset(n, y, x) + source.tap;
    source.gradient = gradient_ + ((n * p_.source_height + v) * p_.source_width + u) * p_.channels;
    return source;
  }

  // How many source columns from u on, `down` apart, are read by as many outputs, each in the same way.
  int64_t ColumnsAlike(int64_t u) const {
    const Readers* readers = readers_.get();
    int64_t count = 1;
    for (int64_t next = u + p_.down; next < p_.source_width; next += p_.down, ++count) {
      const Range outputs = readers[next].outputs, before = readers[next - p_.down].outputs;
      const bool one_on = outputs.begin == before.begin + p_.up && outputs.size() == before.size();
      if (!one_on || readers[next].tap != readers[u].tap) break;
    }
    return count;
  }

  WindowRun RunOf(int64_t count) const {
    return {count, p_.up * p_.channels, p_.broadcast ? 0 : p_.up * p_.depth(), p_.down * p_.channels};
  }

  // Of all maps; `step`: how far their weights lie apart.
  const Taps& TapsOf(const Source& source, const int64_t* rows, const int64_t* columns, int64_t step,
                     TapList* list) const {
    return list->Of(p_.maps * source.rows, source.columns, [&](int64_t k, int64_t b, int64_t* pixel, int64_t* weight) {
      const int64_t m = k / source.rows, a = k % source.rows;
      *pixel = m * p_.map_size() + (a * p_.width + b) * p_.channels;
      *weight = m * step + rows[a] + columns[b];
    });
  }

  // The source rows of a block together: the outputs that reach one pixel reach its neighbours, too.
  void BlockRow(int64_t n, const Range& vs, TapList* list) const {
    Sums<T> sums(p_.groups, p_.group_channels(), p_.taps());
    const Readers first = ReadersOf(vs.begin, p_.height);
    Range us = {0, 0};
    for (int64_t u = 0; u < p_.source_width; u = us.end) {
      us = {u, Min(u + p_.down - (u + p_.before()) % p_.down, p_.source_width)};
      const int64_t blocks = us.size() == p_.down ? (p_.source_width - us.end) / p_.down + 1 : 1;
      const WindowRun run = RunOf(Min(blocks, ColumnsAlike(u)));
      const Source corner = SourceAt(n, vs.begin, u, first);
      const Taps& taps = TapsOf(corner, weight_rows_.get(), weight_columns_.get(), p_.depth(), list);
      for (int64_t v = vs.begin; v < vs.end; ++v) {
        const Readers rows = {first.outputs, first.tap + v - vs.begin};
        for (int64_t own = us.begin; own < us.end; ++own) {
          const Source source = SourceAt(n, v, own, rows);
          sums.Add(taps, run, corner.window, source.weights, source.gradient);
        }
      }
      sums.Finish(taps, run, corner.window);
      us.end += (run.count - 1) * p_.down;
    }
  }

  // Columns `down` apart are reached in the same way, one output on.
  void Row(int64_t n, int64_t v, TapList* list) const {
    Sums<T> sums(p_.groups, p_.group_channels(), p_.taps());
    const Readers rows = ReadersOf(v, p_.height);
    for (int64_t first = 0; first < Min(p_.down, p_.source_width); ++first) {
      WindowRun run = RunOf(0);
      for (int64_t u = first; u < p_.source_width; u += run.count * p_.down) {
        const Source source = SourceAt(n, v, u, rows);
        const Taps& taps = TapsOf(source, weight_rows_.get(), weight_columns_.get(), p_.depth(), list);
        run.count = ColumnsAlike(u);
        sums.Add(taps, run, source.window, source.weights, source.gradient);
        sums.Finish(taps, run, source.window);
      }
    }
  }

  void NarrowRow(int64_t n, int64_t v, TapList* list, A* weights) const {
    const Readers rows = ReadersOf(v, p_.height);
    for (int64_t u = 0; u < p_.source_width; ++u) {
      const Source source = SourceAt(n, v, u, rows);
      if (!p_.broadcast) Collect(source, weights);
      const Taps& taps = TapsOf(source, spread_rows_.get(), spread_columns_.get(), p_.taps(), list);
      const A* first = weights + (p_.broadcast ? source.tap * p_.channels : 0);
      ChannelwiseSum(taps, source.window, first, p_.channels, source.gradient);
    }
  }

  // The weights of a source in the order output, channel.
  void Collect(const Source& source, A* weights) const {
    for (int64_t a = 0; a < source.rows; ++a) {
      for (int64_t b = 0; b < source.columns; ++b) {
        const T* kernel = source.weights + weight_rows_.get()[a] + weight_columns_.get()[b];
        A* to = weights + (a * Reach() + b) * p_.channels;
        for (int64_t g = 0; g < p_.groups; ++g) {
          const A weight = Widen(kernel[g * p_.taps()]);
          for (int64_t c = 0; c < p_.group_channels(); ++c) *to++ = weight;
        }
      }
    }
  }

  const Problem& p_;
  const T* kernels_;
  const T* upstream_;
  T* gradient_;
  Scratch<int64_t> weight_rows_, weight_columns_, spread_rows_, spread_columns_;
  Scratch<Readers> readers_;  // of each column
};

}  // namespace A2U_ISA
}  // namespace a2u

#endif  // A2U_CUSTOM_OPS_KERNELS_FEATURES_GRADIENT_H_
