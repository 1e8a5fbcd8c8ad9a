#pragma once
// Features: what a model makes of every labelled text of a split, with the labels: for relatedness of tasks, alignment
// of covariances, probes. In evaluation mode, without gradients.
//
//   Features f = collect_features(model, data, Split::train);
//   Tensor z = f.pooled.index_select(0, f.tasks[2].rows);   // [B, H] of the third task's texts
//   Tensor y = f.tasks[2].labels;
//
// Letters: R texts that any task labels, B rows of a task, W its labelled words (tagging), H width of the encoder, D of
// the task's representation.

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/batch_source.h"
#include "infomtl/data/task_data.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {

struct FeatureOptions {
  std::int64_t batch_size = 128;  ///< texts per pass; another one changes results by rounding only
  bool representations = false;   ///< fill TaskFeatures::representation
  bool outputs = false;           ///< fill TaskFeatures::output
};

/// One task's part; rows in the order of its examples in the split. All on the CPU.
struct TaskFeatures {
  Tensor rows;            ///< [B] int64: its texts, as rows of Features::pooled
  Tensor labels;          ///< as TaskBatch::labels: [B] or [B, C], of tagging [W] int64
  Tensor word_offsets;    ///< [B+1] int64, tagging only: the words of row b are word_offsets[b] .. word_offsets[b+1]
  Tensor representation;  ///< [B, D] float32, of tagging [W, D]; undefined unless asked for
  Tensor output;          ///< [B, C] float32 of the head, of tagging [W, C]; undefined unless asked for
};

struct Features {
  Tensor pooled;                    ///< [R, H] float32 on the CPU, in the order of the texts in the split
  std::vector<TaskFeatures> tasks;  ///< as the model's; B = 0 where the split has no rows of a task
};

INFOMTL_API Features collect_features(const MultiTaskModel& model, const TaskData& data, Split split,
                                      const FeatureOptions& options = {});

/// One task's rows as a source of batches has them, in the order of its examples. All on the CPU.
struct LabelledRows {
  Tensor pooled;  ///< [B, H] float32; undefined where there are none
  Tensor labels;  ///< as TaskBatch::labels; likewise
  Tensor output;  ///< [B, C] float32 of the head, of tagging [W, C]; undefined unless asked for
};
/// The same of a source of batches, which need not have texts at hand: per task of the model, in evaluation mode and
/// without gradients.
INFOMTL_API std::vector<LabelledRows> collect_labelled_rows(const MultiTaskModel& model, const BatchReader& batches,
                                                            bool outputs = false);

}  // namespace infomtl
