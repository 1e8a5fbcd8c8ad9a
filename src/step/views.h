#pragma once
// Views: the sequences of a batch laid out once per dropout view, so that one encoder pass serves all tasks and views;
// and the parts of a batch that a pass of one task alone needs.
//
//   ViewedBatch viewed = with_views(batch, {2, 1});   // two views of the first task, one of the second
//   viewed.rows[0][1];                                // [B] the sequences of the first task's second view

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infomtl/data/step_batch.h"
#include "infomtl/ops/packed/gradient_segments.h"

namespace infomtl {

/// One encoder pass over all tasks and views: where each view of each task lies.
struct ViewedBatch {
  PackedTokens tokens;
  /// rows[k][v]: [B] int64, the sequences of view v of the step's k-th task. View 0 is always there.
  std::vector<std::vector<Tensor>> rows;
  /// The same on the host.
  std::vector<std::vector<Tensor>> host_rows;
  /// words[k]: like TaskBatch::words, into the packed tokens of view 0 (undefined unless tagging).
  std::vector<Tensor> words;
  /// Row ranges by owner, the tasks in order of StepBatch::tasks; empty when tasks share sequences: then gradients of
  /// tasks cannot be told apart by rows.
  std::vector<ops::GradientSegments::Range> token_ranges, sequence_ranges;
};

/// How often a sequence that several tasks of a step label is encoded.
enum class SharedSequences {
  once,
  per_task,  ///< where tasks read different embeddings of it
};

/// Lays out the step's sequences once per view: for each task its view 0, then its view 1, ...; views[k] >= 1 counts
/// the views of the k-th task of the step. A sequence that several tasks share gets the most views any of them asks
/// for, or is laid out for each of them.
/// @throws ShapeError for another number of counts than of tasks, or a count below 1
ViewedBatch with_views(const StepBatch& batch, const std::vector<int>& views,
                       SharedSequences sharing = SharedSequences::once);

/// The same rows with other owners: every sequence its own, or the place-th of `places` owners all of them.
void give_to_rows(ViewedBatch& viewed);
void give_to_one(ViewedBatch& viewed, std::size_t place, std::size_t places);

/// TaskBatch::words of the k-th task, whose rows `task` are, in the packed tokens of a view.
Tensor words_of_view(const ViewedBatch& viewed, const TaskBatch& task, std::size_t k, int view);

/// The words of sequences, labelled or not.
struct TextWords {
  Tensor tokens;   ///< [W] int64, where each begins in the packed tokens
  Tensor offsets;  ///< [B+1] int64, words of row b are offsets[b] .. offsets[b+1]
};
/// Of the k-th task's rows in a view; rows of texts that were not given as words have none.
TextWords words_of_texts(const ViewedBatch& viewed, std::size_t k, int view);

/// Rows offsets[s] .. offsets[s+1] of every sequence s in `sequences`, one after another: [sum of lengths] int64.
/// Both arguments are read on the host; the result lies there too.
Tensor token_rows(const Tensor& offsets, const Tensor& sequences);

/// The batch reduced to the rows and sequences of its k-th task.
StepBatch only_task(const StepBatch& batch, std::size_t k);

/// The batch reduced to one row of its k-th task.
StepBatch only_row(const StepBatch& batch, std::size_t k, std::int64_t row);

}  // namespace infomtl
