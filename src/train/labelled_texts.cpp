#include "train/labelled_texts.h"

#include <utility>

#include "infomtl/metrics/sentence_accuracy.h"
#include "infomtl/ops/host_values.h"

namespace infomtl {

void LabelledTexts::add(std::size_t task, const Tensor& rows) {
  for (const std::int64_t sequence : ops::host_values(rows)) texts_.at(task).push_back((batch_ << 32) + sequence);
}

std::vector<JointAccuracy> LabelledTexts::joint(const std::vector<Task>& tasks,
                                                const std::vector<Predictions>& predictions) const {
  std::vector<JointAccuracy> found;
  std::vector<bool> taken(tasks.size(), false);
  for (std::size_t first = 0; first < tasks.size(); ++first) {
    JointAccuracy one{.tasks = {}, .accuracy = 0, .texts = static_cast<std::int64_t>(texts_[first].size())};
    std::vector<std::vector<bool>> right;
    for (std::size_t t = first; t < tasks.size() && one.texts > 0; ++t) {
      if (taken[t] || tasks[t].kind == TaskKind::regression || texts_[t] != texts_[first]) continue;
      taken[t] = true;
      one.tasks.push_back(t);
      right.push_back(rows_right(predictions[t]));
    }
    if (one.tasks.size() < 2) continue;
    one.accuracy = sentence_accuracy(right);
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace infomtl
