#include "infomtl/data/packing.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>

namespace infomtl {
namespace {

template <class Value>
Tensor tensor_of(const std::vector<Value>& values, torch::ScalarType type) {
  Tensor tensor = torch::empty({static_cast<std::int64_t>(values.size())}, type);
  std::copy(values.begin(), values.end(), tensor.data_ptr<Value>());
  return tensor;
}
Tensor int64_tensor(const std::vector<std::int64_t>& values) { return tensor_of(values, torch::kInt64); }

/// Equal for sequences of equal tokens; different ones differ but for a chance of 2^-64.
std::int64_t text_hash(const SequenceTokens& tokens) {
  const auto hash_of = [](const auto& values) {
    const auto* const bytes = reinterpret_cast<const char*>(values.data());
    return std::hash<std::string_view>{}({bytes, values.size() * sizeof(values[0])});
  };
  return std::bit_cast<std::int64_t>(hash_of(tokens.ids) * 31 + hash_of(tokens.type_ids));
}

/// The labels of one task on the packed texts of one selection.
class TaskBatchBuilder {
 public:
  TaskBatchBuilder(std::size_t index, const Task& task, const TaskRows& rows, TokenlessWords tokenless)
      : index_(index), task_(task), rows_(rows), tokenless_(tokenless) {}

  /// @param row  of the packed sequences; @param first_token  where its tokens begin
  void add(std::int32_t sequence, std::int64_t row, std::int64_t first_token, const SequenceTokens& tokens) {
    const auto found = std::lower_bound(rows_.sequences.begin(), rows_.sequences.end(), sequence);
    if (found == rows_.sequences.end() || *found != sequence) return;
    const auto example = static_cast<std::size_t>(found - rows_.sequences.begin());
    sequence_rows_.push_back(row);
    examples_.push_back(static_cast<std::int64_t>(example));
    texts_.push_back(text_hash(tokens));
    switch (task_.kind) {
      case TaskKind::classification:
        classes_.push_back(rows_.classes[example]);
        break;
      case TaskKind::regression:
        values_.push_back(rows_.values[example]);
        break;
      case TaskKind::multi_label:
        values_.resize(values_.size() + task_.labels.size(), 0.0F);
        for (std::int64_t j = rows_.label_offsets[example]; j < rows_.label_offsets[example + 1]; ++j) {
          const auto label = static_cast<std::size_t>(rows_.classes[static_cast<std::size_t>(j)]);
          values_[values_.size() - task_.labels.size() + label] = 1.0F;
        }
        break;
      case TaskKind::tagging:
        add_tags(example, first_token, tokens);
        break;
    }
  }

  bool empty() const { return sequence_rows_.empty(); }

  TaskBatch build() const {
    TaskBatch batch;
    batch.task = index_;
    batch.rows = int64_tensor(sequence_rows_);
    batch.examples = int64_tensor(examples_);
    batch.texts = int64_tensor(texts_);
    if (task_.kind == TaskKind::classification || task_.kind == TaskKind::tagging) {
      batch.labels = int64_tensor(classes_);
    } else {
      batch.labels = tensor_of(values_, torch::kFloat32);
      if (task_.kind == TaskKind::multi_label) {
        batch.labels = batch.labels.view({batch.rows.size(0), static_cast<std::int64_t>(task_.labels.size())});
      }
    }
    if (task_.kind == TaskKind::tagging) {
      batch.words = int64_tensor(words_);
      if (std::find(unread_.begin(), unread_.end(), std::uint8_t{1}) != unread_.end()) {
        batch.unread = tensor_of(unread_, torch::kUInt8).to(torch::kBool);
      }
      batch.word_offsets = int64_tensor(word_offsets_);
    }
    return batch;
  }

 private:
  void add_tags(std::size_t example, std::int64_t first_token, const SequenceTokens& tokens) {
    const auto begin = static_cast<std::size_t>(rows_.label_offsets[example]);
    const bool none = std::all_of(tokens.word_tokens.begin(), tokens.word_tokens.end(), [](auto t) { return t < 0; });
    std::int32_t previous = 0;
    for (std::size_t w = 0; w < tokens.word_tokens.size(); ++w) {
      const std::int32_t token = tokens.word_tokens[w];
      if (token < 0 && !none && tokenless_ == TokenlessWords::leave_out) continue;
      if (token >= 0) previous = token;
      words_.push_back(first_token + previous);
      unread_.push_back(token == kWordNotRead);
      classes_.push_back(rows_.classes[begin + w]);
    }
    word_offsets_.push_back(static_cast<std::int64_t>(words_.size()));
  }

  std::size_t index_;
  const Task& task_;
  const TaskRows& rows_;
  TokenlessWords tokenless_;
  std::vector<std::int64_t> sequence_rows_, examples_, texts_, classes_, words_, word_offsets_ = {0};
  std::vector<float> values_;
  std::vector<std::uint8_t> unread_;
};

}  // namespace

PackedTokens pack(const std::vector<SequenceTokens>& sequences) {
  std::int64_t total = 0;
  for (const SequenceTokens& sequence : sequences) total += std::ssize(sequence.ids);
  PackedTokens packed;
  packed.ids = torch::empty({total}, torch::kInt64);
  packed.positions = torch::empty({total}, torch::kInt64);
  packed.type_ids = torch::empty({total}, torch::kInt64);
  packed.offsets = torch::empty({std::ssize(sequences) + 1}, torch::kInt32);
  auto* ids = packed.ids.data_ptr<std::int64_t>();
  auto* positions = packed.positions.data_ptr<std::int64_t>();
  auto* type_ids = packed.type_ids.data_ptr<std::int64_t>();
  auto* offsets = packed.offsets.data_ptr<std::int32_t>();
  std::int32_t begin = 0;
  std::vector<std::int64_t> word_starts, word_offsets = {0};
  bool any_words = false;
  for (const SequenceTokens& sequence : sequences) {
    *offsets++ = begin;
    any_words = any_words || !sequence.word_tokens.empty();
    std::copy_if(sequence.word_tokens.begin(), sequence.word_tokens.end(), std::back_inserter(word_starts),
                 [](std::int32_t token) { return token >= 0; });
    word_offsets.push_back(std::ssize(word_starts));
    ids = std::copy(sequence.ids.begin(), sequence.ids.end(), ids);
    type_ids = std::copy(sequence.type_ids.begin(), sequence.type_ids.end(), type_ids);
    std::iota(positions, positions + sequence.ids.size(), std::int64_t{0});
    positions += sequence.ids.size();
    begin += static_cast<std::int32_t>(sequence.ids.size());
  }
  *offsets = begin;
  if (any_words) {
    packed.word_starts = int64_tensor(word_starts);
    packed.word_offsets = int64_tensor(word_offsets);
  }
  return packed;
}

StepBatch assemble(const std::vector<TextSelection>& selections, const std::vector<Task>& tasks, const SplitData& data,
                   const TokenizedTexts& tokens, TokenlessWords tokenless) {
  std::vector<SequenceTokens> packed;
  std::int64_t first_token = 0;
  StepBatch batch;
  for (const TextSelection& selection : selections) {
    std::vector<std::pair<std::int32_t, SequenceTokens>> chosen;
    chosen.reserve(selection.sequences.size());
    for (const std::int32_t sequence : selection.sequences) {
      chosen.emplace_back(sequence, tokens.sequence(static_cast<std::size_t>(sequence)));
    }
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const auto& a, const auto& b) { return a.second.ids.size() < b.second.ids.size(); });
    std::vector<TaskBatchBuilder> builders;
    builders.reserve(selection.tasks.size());
    for (const std::size_t t : selection.tasks) builders.emplace_back(t, tasks[t], data.tasks[t], tokenless);
    for (auto& [sequence, sequence_tokens] : chosen) {
      for (TaskBatchBuilder& builder : builders) {
        builder.add(sequence, std::ssize(packed), first_token, sequence_tokens);
      }
      first_token += std::ssize(sequence_tokens.ids);
      packed.push_back(std::move(sequence_tokens));
    }
    for (const TaskBatchBuilder& builder : builders) {
      if (builder.empty()) continue;
      batch.tasks.push_back(builder.build());
      batch.tasks.back().batches_before = selection.batches_before;
    }
  }
  batch.tokens = pack(packed);
  return batch;
}

}  // namespace infomtl
