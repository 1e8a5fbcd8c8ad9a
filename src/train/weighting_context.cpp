#include "infomtl/train/weighting_context.h"

namespace infomtl {

std::vector<std::string> task_names(const BatchSource& batches) {
  std::vector<std::string> names;
  for (const Task& task : batches.tasks()) names.push_back(task.name);
  return names;
}

WeightingContext weighting_context(const BatchSource& batches) {
  WeightingContext context{.names = task_names(batches),
                           .train_rows = {},
                           .regime = batches.regime(),
                           .sampled_by_size = batches.sampled_by_size()};
  for (const Task& task : batches.tasks()) context.train_rows.push_back(task.train_rows);
  return context;
}

}  // namespace infomtl
