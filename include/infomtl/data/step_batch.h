#pragma once
// Step batch: all sequences of one step packed end to end, without padding, and each task's rows and labels.
//
// What the host reads to lay a step out (lengths, rows, words) stays on the host: reading it never waits for a device.
//
// Letters: N real tokens, S sequences, B_t rows of task t, C_t its classes, W_t labelled words (tagging).

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/ops/tensor.h"

namespace infomtl {

/// Sequences end to end. Sequence s is rows offsets[s] .. offsets[s+1].
struct INFOMTL_API PackedTokens {
  Tensor ids;        ///< [N] int64
  Tensor positions;  ///< [N] int64, 0-based inside each sequence (an encoder adds its own offset)
  Tensor type_ids;   ///< [N] int64
  Tensor offsets;    ///< [S+1] int32, always on the CPU: lengths steer the work and are read by the host
  /// Where words begin in texts that were given as words, undefined where no text was: the words of sequence s are
  /// word_starts[word_offsets[s]] .. , each counted from the sequence's first token. Words without a token are left out.
  Tensor word_starts = {};     ///< [W] int64, on the CPU
  Tensor word_offsets = {};    ///< [S+1] int64, on the CPU
  Tensor device_offsets = {};  ///< a copy of offsets on the device of ids; undefined where that is the CPU
  Tensor host_ids = {};        ///< a copy of ids on the host; undefined where ids lie there

  std::int64_t tokens() const { return ids.size(0); }
  /// The ids where the host can read them.
  const Tensor& ids_on_host() const { return host_ids.defined() ? host_ids : ids; }
  std::int64_t sequences() const { return offsets.size(0) - 1; }
  /// On a device, without waiting for the copies.
  PackedTokens to(torch::Device device) const;
  /// These sequences only, in this order; a sequence may be named more than once.
  PackedTokens select(const std::vector<std::int64_t>& sequences) const;
};

/// The rows of one task in a step.
struct INFOMTL_API TaskBatch {
  std::size_t task = 0;  ///< index into the experiment's tasks
  Tensor rows;           ///< [B_t] int64, on the CPU: which sequences
  Tensor labels;         ///< single: [B_t] int64 | multiple: [B_t, C_t] float | value: [B_t] float | tags: [W_t] int64
  Tensor words;          ///< tags only: [W_t] int64, on the CPU: the packed token row where each labelled word begins
  Tensor word_offsets;   ///< tags only: [B_t+1] int64, on the CPU: row b has words word_offsets[b] .. word_offsets[b+1]
  Tensor examples;  ///< [B_t] int64, on the CPU: index of each row in the task's split, for reports and predictions
  Tensor texts;     ///< [B_t] int64: equal where rows have the same tokens, in any task of the step; may be undefined
  /// tags only, in evaluation: [W_t] bool, words that max_length cut off, which `words` gives the token before; undefined
  /// where every word was read.
  Tensor unread;
  Tensor host_labels = {};          ///< a copy of labels on the host; undefined where labels lie there
  std::int64_t batches_before = 0;  ///< drawn for the task in the run before this one: a function of (seed, step)

  /// Labels that a loss averages over: B_t, or W_t for tagging.
  std::int64_t label_count() const { return labels.size(0); }
  /// The labels where the host can read them.
  const Tensor& labels_on_host() const { return host_labels.defined() ? host_labels : labels; }
};

struct INFOMTL_API StepBatch {
  PackedTokens tokens;
  std::vector<TaskBatch> tasks;

  /// What is computed with on a device, without waiting for the copies; what the host reads stays.
  StepBatch to(torch::Device device) const;
  /// The same batch in memory that a GPU reads itself, so that copies to it are asynchronous.
  StepBatch pinned() const;
};

}  // namespace infomtl
