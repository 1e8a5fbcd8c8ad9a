#include "infomtl/data/step_batch.h"

#include <utility>

#include "infomtl/ops/device_copy.h"
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

using ops::copied_to;

/// PackedTokens::device_offsets: made once here, not once per layer.
Tensor offsets_for(torch::Device device, const Tensor& offsets) {
  return device.is_cpu() ? Tensor() : copied_to(offsets, device);
}

/// A tensor that moves to a device, as far as the host is to keep it: undefined where it stays there itself.
Tensor kept(const Tensor& tensor, const Tensor& before, torch::Device device) {
  if (!tensor.defined() || device.is_cpu()) return {};
  return tensor.is_cpu() ? tensor : before;
}

}  // namespace

PackedTokens PackedTokens::to(torch::Device device) const {
  return {copied_to(ids, device), copied_to(positions, device), copied_to(type_ids, device), offsets, word_starts,
          word_offsets,           offsets_for(device, offsets), kept(ids, host_ids, device)};
}

PackedTokens PackedTokens::select(const std::vector<std::int64_t>& sequences) const {
  const auto [tokens, ends] = pieces(offsets, sequences);
  const Tensor places = torch::tensor(tokens, torch::kInt64), source = copied_to(places, ids.device());
  PackedTokens result{ids.index_select(0, source), positions.index_select(0, source), type_ids.index_select(0, source),
                      torch::tensor(ends, torch::kInt32)};
  result.device_offsets = offsets_for(ids.device(), result.offsets);
  if (host_ids.defined()) result.host_ids = host_ids.index_select(0, places);
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
    batch.host_labels = kept(batch.labels, batch.host_labels, device);
    for (Tensor* tensor : {&batch.labels, &batch.unread, &batch.texts}) *tensor = copied_to(*tensor, device);
  }
  return result;
}

StepBatch StepBatch::pinned() const {
  StepBatch result = *this;
  std::vector<Tensor*> moving = {&result.tokens.ids, &result.tokens.positions, &result.tokens.type_ids,
                                 &result.tokens.offsets};
  for (TaskBatch& batch : result.tasks) moving.insert(moving.end(), {&batch.labels, &batch.unread, &batch.texts});
  for (Tensor* tensor : moving) {
    if (tensor->defined() && tensor->numel() > 0) *tensor = tensor->pin_memory();
  }
  return result;
}

}  // namespace infomtl
