#include "infomtl/metrics/predictions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

double ratio(std::int64_t above, std::int64_t below) {
  return below == 0 ? 0.0 : static_cast<double>(above) / static_cast<double>(below);
}

[[noreturn]] void fail(const std::string& message) { throw StateError("predictions: " + message); }

void check_sizes(std::size_t gold, std::size_t predicted) {
  if (gold != predicted) {
    fail(std::to_string(gold) + " gold answers and " + std::to_string(predicted) + " predicted ones");
  }
  if (gold == 0) throw DataError("there is nothing to score: no labelled rows");
}

void check_finite(const std::vector<double>& values, const char* side) {
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!std::isfinite(values[row])) {
      throw NonFiniteError(std::string(side) + " value of row " + std::to_string(row) + " is " +
                           std::to_string(values[row]));
    }
  }
}

void check_numbers(const std::vector<std::int64_t>& numbers, std::int64_t lowest, std::int64_t highest,
                   const char* side) {
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    if (numbers[at] < lowest || numbers[at] > highest) {
      fail(std::string(side) + " answer " + std::to_string(at) + " is " + std::to_string(numbers[at]) + ", not in " +
           std::to_string(lowest) + " .. " + std::to_string(highest));
    }
  }
}

}  // namespace

std::string_view name_of(TaskKind kind) {
  switch (kind) {
    case TaskKind::classification:
      return "classification";
    case TaskKind::multi_label:
      return "multi_label";
    case TaskKind::regression:
      return "regression";
    case TaskKind::tagging:
      return "tagging";
  }
  throw StateError("no such kind of task");
}

std::size_t MetricContext::index_of(std::string_view label) const {
  const auto found = std::find(labels.begin(), labels.end(), label);
  if (found == labels.end()) {
    throw ConfigError("the task has no label \"" + std::string(label) + "\"" + did_you_mean(label, labels));
  }
  return static_cast<std::size_t>(found - labels.begin());
}

void check(const Predictions& predictions) {
  const auto last = static_cast<std::int64_t>(predictions.space.labels.size()) - 1;
  if (predictions.space.kind == TaskKind::regression) {
    check_sizes(predictions.gold_values.size(), predictions.predicted_values.size());
    check_finite(predictions.gold_values, "gold");
    check_finite(predictions.predicted_values, "predicted");
    return;
  }
  check_sizes(predictions.gold.size(), predictions.predicted.size());
  if (predictions.space.kind == TaskKind::multi_label) {
    if (last < 0 || predictions.gold.size() % predictions.space.labels.size() != 0) {
      fail(std::to_string(predictions.gold.size()) + " marks do not make rows of " + std::to_string(last + 1));
    }
    check_numbers(predictions.gold, 0, 1, "gold");
    check_numbers(predictions.predicted, 0, 1, "predicted");
    return;
  }
  check_numbers(predictions.gold, 0, last, "gold");
  check_numbers(predictions.predicted, kNoAnswer, last, "predicted");
  if (predictions.space.kind == TaskKind::tagging) {
    const auto& lengths = predictions.sentence_lengths;
    const std::size_t words = std::accumulate(lengths.begin(), lengths.end(), std::size_t{0});
    if (words != predictions.gold.size()) {
      fail("sentences of " + std::to_string(words) + " words and " + std::to_string(predictions.gold.size()) + " tags");
    }
  }
}

double LabelCounts::precision() const { return ratio(true_positives, true_positives + false_positives); }
double LabelCounts::recall() const { return ratio(true_positives, true_positives + false_negatives); }
double LabelCounts::f1() const {
  return ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives);
}

std::vector<LabelCounts> count_labels(const Predictions& predictions) {
  std::vector<LabelCounts> counts(predictions.space.labels.size());
  const bool sets = predictions.space.kind == TaskKind::multi_label;
  for (std::size_t i = 0; i < predictions.gold.size(); ++i) {
    const std::int64_t gold = predictions.gold[i];
    const std::int64_t predicted = predictions.predicted[i];
    if (sets) {
      LabelCounts& label = counts[i % counts.size()];
      label.true_positives += gold & predicted;
      label.false_negatives += gold & (1 - predicted);
      label.false_positives += (1 - gold) & predicted;
    } else if (gold == predicted) {
      ++counts[static_cast<std::size_t>(gold)].true_positives;
    } else {
      ++counts[static_cast<std::size_t>(gold)].false_negatives;
      if (predicted != kNoAnswer) ++counts[static_cast<std::size_t>(predicted)].false_positives;
    }
  }
  return counts;
}

}  // namespace infomtl
