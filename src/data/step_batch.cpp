#include "infomtl/data/step_batch.h"

#include <utility>

#include "infomtl/ops/host_values.h"

namespace infomtl {
namespace {

using ops::host_values;

/// What lies between offsets[s] and offsets[s+1] for every s of `sequences`, one after another: indices, and new offsets.
std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>> pieces(const Tensor& offsets,
                                                                       const std::vector<std::int64_t>& sequences) {
  const std::vector<std::int64_t> begins = host_values(offsets);
  std::vector<std::int64_t> items, ends = {0};
  for (const std::int64_t sequence : sequences) {
    const auto s = static_cast<std::size_t>(sequence);
    for (std::int64_t item = begins.at(s); item < begins.at(s + 1); ++item) items.push_back(item);
    ends.push_back(std::ssize(items));
  }
  return {std::move(items), std::move(ends)};
}

Tensor moved(const Tensor& tensor, torch::Device device) { return tensor.defined() ? tensor.to(device) : tensor; }

/// PackedTokens::device_offsets: made once here, not once per layer.
Tensor offsets_for(torch::Device device, const Tensor& offsets) {
  return device.is_cpu() ? Tensor() : offsets.to(device, /*non_blocking=*/true);
}

}  // namespace

PackedTokens PackedTokens::to(torch::Device device) const {
  return {moved(ids, device), moved(positions, device),    moved(type_ids, device), offsets, word_starts,
          word_offsets,       offsets_for(device, offsets)};
}

PackedTokens PackedTokens::select(const std::vector<std::int64_t>& sequences) const {
  const auto [tokens, ends] = pieces(offsets, sequences);
  const Tensor source = torch::tensor(tokens, torch::kInt64).to(ids.device());
  PackedTokens result{ids.index_select(0, source), positions.index_select(0, source), type_ids.index_select(0, source),
                      torch::tensor(ends, torch::kInt32)};
  result.device_offsets = offsets_for(ids.device(), result.offsets);
  if (word_offsets.defined()) {
    const auto [words, word_ends] = pieces(word_offsets, sequences);
    result.word_starts = word_starts.index_select(0, torch::tensor(words, torch::kInt64));
    result.word_offsets = torch::tensor(word_ends, torch::kInt64);
  }
  return result;
}

StepBatch StepBatch::to(torch::Device device) const {
  StepBatch result{tokens.to(device), tasks};
  for (TaskBatch& batch : result.tasks) {
    for (Tensor* tensor : {&batch.rows, &batch.labels, &batch.words, &batch.unread, &batch.word_offsets,
                           &batch.examples, &batch.texts}) {
      *tensor = moved(*tensor, device);
    }
  }
  return result;
}

}  // namespace infomtl
