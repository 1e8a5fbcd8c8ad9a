#include "infomtl/data/step_batch.h"

namespace infomtl {
namespace {

Tensor moved(const Tensor& tensor, torch::Device device) { return tensor.defined() ? tensor.to(device) : tensor; }

}  // namespace

PackedTokens PackedTokens::to(torch::Device device) const {
  return {moved(ids, device), moved(positions, device), moved(type_ids, device), offsets};
}

StepBatch StepBatch::to(torch::Device device) const {
  StepBatch result{tokens.to(device), tasks};
  for (TaskBatch& batch : result.tasks) {
    for (Tensor* tensor :
         {&batch.rows, &batch.labels, &batch.words, &batch.word_offsets, &batch.examples, &batch.texts}) {
      *tensor = moved(*tensor, device);
    }
  }
  return result;
}

}  // namespace infomtl
