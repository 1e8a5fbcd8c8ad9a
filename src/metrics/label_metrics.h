#pragma once
// Metrics of labels. On classes and on tags they count rows and words; on sets every label is a yes-or-no answer of its
// own, as in scikit-learn's indicator matrices.

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/metrics/metric.h"

namespace infomtl {

class LabelMetric : public Metric {
 public:
  bool reads(TaskKind kind) const override { return kind != TaskKind::regression; }
};

/// Share of right rows (of right words for tags; of rows with exactly the right set for sets).
class Accuracy final : public LabelMetric {
 public:
  using Settings = NoSettings;
  Accuracy(const Settings&, const MetricContext&) {}

 private:
  double compute(const Predictions& p) const override {
    const std::size_t width = p.space.kind == TaskKind::multi_label ? p.space.labels.size() : 1;
    std::size_t right = 0;
    for (std::size_t at = 0; at < p.gold.size(); at += width) {
      bool same = true;
      for (std::size_t i = at; i < at + width; ++i) same = same && p.gold[i] == p.predicted[i];
      right += same ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(p.gold.size() / width);
  }
};

/// Which labels a mean runs over.
struct LabelChoice {
  std::vector<std::string> labels;
  std::string over = "present";

  void fields(FieldVisitor& f) {
    f.field("labels", labels, "only these labels; empty: see over");
    f.choice("over", over, {"present", "all"},
             "without labels: those in gold or predictions (as scikit-learn and TweetEval), or all of the task");
  }
};

/// Means over labels: the chosen counts of one prediction file.
class LabelMean : public LabelMetric {
 public:
  using Settings = LabelChoice;
  LabelMean(const Settings& settings, const MetricContext& space) : all_(settings.over == "all") {
    for (const std::string& label : settings.labels) chosen_.push_back(space.index_of(label));
  }

 protected:
  std::vector<LabelCounts> chosen(const Predictions& p) const {
    const std::vector<LabelCounts> counts = count_labels(p);
    std::vector<LabelCounts> result;
    for (const std::size_t label : chosen_) result.push_back(counts[label]);
    if (!chosen_.empty()) return result;
    for (const LabelCounts& label : counts) {
      if (all_ || p.space.kind == TaskKind::multi_label || label.occurs()) result.push_back(label);
    }
    return result;
  }
  template <class Score>
  double mean(const Predictions& p, Score of_label) const {
    double sum = 0;
    const std::vector<LabelCounts> counts = chosen(p);
    for (const LabelCounts& label : counts) sum += (label.*of_label)();
    return sum / static_cast<double>(counts.size());
  }

 private:
  bool all_;
  std::vector<std::size_t> chosen_;
};

class MacroF1 final : public LabelMean {
 public:
  using LabelMean::LabelMean;

 private:
  double compute(const Predictions& p) const override { return mean(p, &LabelCounts::f1); }
};

class MacroRecall final : public LabelMean {
 public:
  using LabelMean::LabelMean;

 private:
  double compute(const Predictions& p) const override { return mean(p, &LabelCounts::recall); }
};

class MacroPrecision final : public LabelMean {
 public:
  using LabelMean::LabelMean;

 private:
  double compute(const Predictions& p) const override { return mean(p, &LabelCounts::precision); }
};

/// F1 of all counts added up; on classes without a choice of labels this is the accuracy.
class MicroF1 final : public LabelMean {
 public:
  using LabelMean::LabelMean;

 private:
  double compute(const Predictions& p) const override {
    LabelCounts sum;
    for (const LabelCounts& label : chosen(p)) {
      sum.true_positives += label.true_positives;
      sum.false_positives += label.false_positives;
      sum.false_negatives += label.false_negatives;
    }
    return sum.f1();
  }
};

/// Mean F1 of named labels. TweetEval's scorer gives -1 when one of them occurs neither in gold nor in predictions,
/// where scikit-learn counts that label as 0.
class SubsetF1 : public LabelMetric {
 public:
  struct Settings {
    std::vector<std::string> labels;
    std::string missing = "zero";
    void fields(FieldVisitor& f) {
      f.field("labels", labels, "the labels whose F1 is averaged");
      f.choice("missing", missing, {"zero", "minus_one"},
               "a label in neither gold nor predictions counts 0, or makes the whole score -1 (TweetEval's scorer)");
    }
  };
  SubsetF1(const Settings& settings, const MetricContext& space) : minus_one_(settings.missing == "minus_one") {
    if (settings.labels.empty()) throw ConfigError("needs \"labels\": the names whose F1 is averaged");
    for (const std::string& label : settings.labels) labels_.push_back(space.index_of(label));
  }

 private:
  double compute(const Predictions& p) const override {
    const std::vector<LabelCounts> counts = count_labels(p);
    double sum = 0;
    for (const std::size_t label : labels_) {
      if (minus_one_ && !counts[label].occurs()) return -1.0;
      sum += counts[label].f1();
    }
    return sum / static_cast<double>(labels_.size());
  }

  bool minus_one_;
  std::vector<std::size_t> labels_;
};

/// F1 of one label, the positive one.
class BinaryF1 final : public SubsetF1 {
 public:
  struct Settings {
    std::string label;
    std::string missing = "zero";
    void fields(FieldVisitor& f) {
      f.field("label", label, "the positive label; empty: the second of two");
      f.choice("missing", missing, {"zero", "minus_one"},
               "score when the label is in neither gold nor predictions: 0, or -1 (TweetEval's scorer)");
    }
  };
  BinaryF1(const Settings& settings, const MetricContext& space)
      : SubsetF1({{positive(settings.label, space)}, settings.missing}, space) {}

 private:
  static std::string positive(const std::string& label, const MetricContext& space) {
    if (!label.empty()) return label;
    if (space.labels.size() == 2) return space.labels[1];
    throw ConfigError("needs \"label\": which of the " + std::to_string(space.labels.size()) + " labels is positive");
  }
};

/// Matthews' correlation for any number of classes (Gorodkin, Comput. Biol. Chem. 2004):
/// (c s - sum_k p_k t_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2)), c right rows of s, p_k predicted, t_k gold;
/// 0 when either side is constant.
class Matthews final : public Metric {
 public:
  using Settings = NoSettings;
  Matthews(const Settings&, const MetricContext&) {}
  bool reads(TaskKind kind) const override { return kind == TaskKind::classification || kind == TaskKind::tagging; }

 private:
  double compute(const Predictions& p) const override {
    const double rows = static_cast<double>(p.gold.size());
    double right = 0, products = 0, gold_squares = 0, predicted_squares = 0, unanswered = rows;
    for (const LabelCounts& label : count_labels(p)) {
      const double gold = static_cast<double>(label.true_positives + label.false_negatives);
      const double predicted = static_cast<double>(label.true_positives + label.false_positives);
      right += static_cast<double>(label.true_positives);
      products += gold * predicted;
      gold_squares += gold * gold;
      predicted_squares += predicted * predicted;
      unanswered -= predicted;
    }
    predicted_squares += unanswered * unanswered;  // kNoAnswer is a class of its own, which gold never has
    const double spread = (rows * rows - gold_squares) * (rows * rows - predicted_squares);
    return spread == 0 ? 0.0 : (right * rows - products) / std::sqrt(spread);
  }
};

}  // namespace infomtl
