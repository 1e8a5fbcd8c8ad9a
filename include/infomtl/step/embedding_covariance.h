#pragma once
// Embedding covariance: how the word embeddings of each task's texts vary, before and after what an architecture makes of them
// (Architecture::embedding_offset), for the similarity of tasks in ops/covariance.h.

#include <cstdint>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/data/task_data.h"
#include "infomtl/model/multi_task_model.h"
#include "infomtl/ops/covariance.h"

namespace infomtl {

/// Sums over the tokens of one task's texts, special ones included.
struct EmbeddingCovariance {
  ops::CovarianceSums before;  ///< of the encoder's word embeddings
  ops::CovarianceSums after;   ///< of what the task reads in their place
};

/// Per task of the model; empty where its architecture leaves embeddings as they are. Without gradients; the encoder's layers
/// are not run. @param batch_size  texts at a time
INFOMTL_API std::vector<EmbeddingCovariance> embedding_covariances(const MultiTaskModel& model, const TaskData& data,
                                                                   Split split, std::int64_t batch_size = 128);

}  // namespace infomtl
