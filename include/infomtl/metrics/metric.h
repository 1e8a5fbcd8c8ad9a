#pragma once
// Metric: scores a task's predictions with one number. A task record names it: "metric": "macro_f1", or with options
// "metric": {"name": "subset_f1", "labels": ["against", "favor"]}.
//
//   struct ErrorRate : Metric {
//     struct Settings { void fields(FieldVisitor&) {} };
//     ErrorRate(const Settings&, const MetricContext&) {}
//     bool reads(TaskKind kind) const override { return kind == TaskKind::classification; }
//     bool higher_is_better() const override { return false; }
//    private:
//     double compute(const Predictions& p) const override { ... }
//   };
//   INFOMTL_REGISTER_METRIC("error_rate", ErrorRate, "share of wrong rows")    // metrics/register_metric.h

#include <memory>
#include <string_view>

#include "infomtl/core/export.h"
#include "infomtl/core/registry.h"
#include "infomtl/metrics/predictions.h"

namespace infomtl {

class Config;

class INFOMTL_API Metric {
 public:
  virtual ~Metric() = default;

  /// Whether predictions of this kind can be scored.
  virtual bool reads(TaskKind kind) const = 0;
  virtual bool higher_is_better() const { return true; }

  /// Checks the predictions, then computes. Rates lie in [0, 1], correlations in [-1, 1].
  /// @throws what check() throws; StateError when the kind is not one that the metric reads
  double score(const Predictions& predictions) const;

 private:
  /// `predictions` have passed check() and are of a kind that reads() accepts.
  virtual double compute(const Predictions& predictions) const = 0;
};

/// A metric is built from its options and the answer space of its task.
using MetricRegistry = Registry<Metric, const MetricContext&>;

/// The registry of the process, built-in metrics included.
INFOMTL_API MetricRegistry& metric_registry();

/// Lists every built-in metric; metric_registry() calls it.
INFOMTL_API void register_builtin_metrics(MetricRegistry& registry);

/// The metric that a task record's "metric" field asks for: a name, or an object with "name" and options.
/// @throws ConfigError when the name or an option is wrong, or the metric cannot score this kind of task
INFOMTL_API std::shared_ptr<Metric> build_metric(const Config& config, const MetricContext& space);
INFOMTL_API std::shared_ptr<Metric> build_metric(std::string_view name, const MetricContext& space);

}  // namespace infomtl
