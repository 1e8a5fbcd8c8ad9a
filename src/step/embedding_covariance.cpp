#include "infomtl/step/embedding_covariance.h"

#include <optional>

#include "infomtl/data/evaluation_stream.h"
#include "infomtl/ops/host_values.h"

namespace infomtl {

std::vector<EmbeddingCovariance> embedding_covariances(const MultiTaskModel& model, const TaskData& data, Split split,
                                                       std::int64_t batch_size) {
  Architecture& architecture = model.architecture();
  if (!architecture.changes_embeddings()) return {};
  const torch::NoGradGuard no_grad;
  const ops::CovarianceSums none(model.encoder().embedding_width());
  std::vector<EmbeddingCovariance> found(model.tasks().size(), {.before = none, .after = none});
  const torch::Device device = model.parameters().front().device();
  EvaluationStream stream(data.dataset(), split, data.tokens(split), batch_size);
  while (const std::optional<StepBatch> batch = stream.next()) {
    for (const TaskBatch& task : batch->tasks) {
      const PackedTokens tokens = batch->tokens.select(ops::host_values(task.rows)).to(device);
      const Tensor words = model.encoder().word_embeddings(tokens);
      const Tensor offset = architecture.embedding_offset(task.task, words);
      found[task.task].before.add(words);
      found[task.task].after.add(offset.defined() ? words + offset : words);
    }
  }
  return found;
}

}  // namespace infomtl
