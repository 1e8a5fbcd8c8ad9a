#include "infomtl/ops/feedback.h"

#include <ATen/ATen.h>

#include <optional>

#include "infomtl/core/errors.h"
#include "infomtl/ops/device_copy.h"
#include "infomtl/ops/group_sums.h"

namespace infomtl::ops {

using torch::Tensor;

Tensor probabilities(const Tensor& output, TaskKind kind) {
  switch (kind) {
    case TaskKind::multi_label:
      return at::sigmoid(output);
    case TaskKind::regression:
      return output;
    case TaskKind::classification:
    case TaskKind::tagging:
      break;
  }
  return at::softmax(output, 1);
}

namespace {

/// [W] the sequence of every word, of `words` in all.
Tensor sequence_of_words(const Tensor& lengths, std::int64_t words) {
  return at::repeat_interleave(lengths, std::optional<std::int64_t>(words));  // an int would be a number of repeats
}

}  // namespace

Tensor mean_over_words(const Tensor& words, const Tensor& offsets) {
  const Tensor lengths = copied_to(offsets, words.device()).diff();
  const Tensor sequence = sequence_of_words(lengths, words.size(0));
  return group_sums(words, sequence, lengths.size(0)) / lengths.clamp_min(1).unsqueeze(1).to(words.scalar_type());
}

Tensor repeat_over_words(const Tensor& sequences, const Tensor& offsets, std::int64_t words) {
  const Tensor lengths = copied_to(offsets, sequences.device()).diff();
  return sequences.index_select(0, sequence_of_words(lengths, words));
}

namespace {

/// [B] Euclidean lengths of rows; of a zero row the gradient is 0 and not NaN.
Tensor lengths_of_rows(const Tensor& rows) {
  const Tensor squares = rows.square().sum(1);
  const Tensor zero = squares.detach().eq(0);
  return squares.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0);
}

}  // namespace

LossValue round_convergence(const std::vector<Tensor>& rounds, Convergence form) {
  if (rounds.empty()) throw ShapeError("round_convergence: no rounds");
  Tensor sum = rounds.back().sum() * 0;  // with a graph also where nothing is added
  Tensor before;
  for (std::size_t k = 1; k < rounds.size(); ++k) {
    const Tensor step = rounds[k] - rounds[k - 1];
    if (form == Convergence::delta) {
      sum = sum + step.square().sum();
      continue;
    }
    const Tensor length = lengths_of_rows(step);
    if (before.defined()) sum = sum + at::relu(length - before).sum();
    before = length;
  }
  return {sum, at::full({}, static_cast<double>(rounds.back().size(0)), sum.options().requires_grad(false))};
}

}  // namespace infomtl::ops
