#include "infomtl/losses/supervised_contrastive.h"

#include "infomtl/ops/information/contrastive.h"
#include "losses/counted_items.h"

namespace infomtl {

std::int64_t SupervisedContrastive::count(const TaskBatch& rows) const {
  const Tensor labels = rows.labels_on_host().masked_select(known_labels(rows)).repeat({settings_.views});
  return (labels.unsqueeze(0) == labels.unsqueeze(1)).sum(1).gt(1).sum().item<std::int64_t>();
}

LossValue SupervisedContrastive::compute(TaskStep& step) {
  const Tensor known = known_places(step.batch(), step.shared(0).device());
  if (known.size(0) == 0) return no_items(step.shared(0));
  std::vector<Tensor> rows;
  for (int view = 0; view < settings_.views; ++view) rows.push_back(step.shared(view).index_select(0, known));
  const Tensor labels = step.labels().index_select(0, known).repeat({settings_.views});
  return ops::supervised_contrastive(at::cat(rows), labels, settings_.temperature);
}

}  // namespace infomtl
