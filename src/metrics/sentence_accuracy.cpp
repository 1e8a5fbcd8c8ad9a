#include "infomtl/metrics/sentence_accuracy.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

/// Answers of each row.
std::vector<std::size_t> row_lengths(const Predictions& predictions) {
  const std::size_t answers = predictions.gold.size(), labels = predictions.space.labels.size();
  switch (predictions.space.kind) {
    case TaskKind::classification:
      return std::vector<std::size_t>(answers, 1);
    case TaskKind::multi_label:
      return std::vector<std::size_t>(labels == 0 ? 0 : answers / labels, labels);
    case TaskKind::tagging:
      return predictions.sentence_lengths;
    case TaskKind::regression:
      break;
  }
  throw StateError("sentence accuracy: a value is neither right nor wrong");
}

}  // namespace

std::vector<bool> rows_right(const Predictions& predictions) {
  const std::vector<std::size_t> lengths = row_lengths(predictions);
  const std::size_t answers = std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
  if (predictions.gold.size() != answers || predictions.predicted.size() != answers) {
    throw StateError("sentence accuracy: " + std::to_string(predictions.gold.size()) + " gold answers and " +
                     std::to_string(predictions.predicted.size()) + " predicted ones for rows of " +
                     std::to_string(answers));
  }
  std::vector<bool> right;
  auto gold = predictions.gold.begin(), predicted = predictions.predicted.begin();
  for (const std::size_t length : lengths) {
    const auto end = gold + static_cast<std::ptrdiff_t>(length);
    right.push_back(std::equal(gold, end, predicted));
    predicted += static_cast<std::ptrdiff_t>(length);
    gold = end;
  }
  return right;
}

double sentence_accuracy(const std::vector<std::vector<bool>>& tasks) {
  if (tasks.empty() || tasks.front().empty()) throw StateError("sentence accuracy: there is nothing to count");
  for (const std::vector<bool>& task : tasks) {
    if (task.size() != tasks.front().size()) throw StateError("sentence accuracy: tasks of different texts");
  }
  std::size_t whole = 0;
  for (std::size_t text = 0; text < tasks.front().size(); ++text) {
    const auto is_right = [&](const std::vector<bool>& task) { return task[text]; };
    whole += std::all_of(tasks.begin(), tasks.end(), is_right) ? 1U : 0U;
  }
  return static_cast<double>(whole) / static_cast<double>(tasks.front().size());
}

}  // namespace infomtl
