#pragma once
// Metrics of numbers.

#include <cmath>
#include <cstddef>

#include "infomtl/metrics/correlation.h"
#include "infomtl/metrics/metric.h"

namespace infomtl {

class ValueMetric : public Metric {
 public:
  using Settings = NoSettings;
  ValueMetric() = default;
  ValueMetric(const Settings&, const MetricContext&) {}
  bool reads(TaskKind kind) const override { return kind == TaskKind::regression; }
};

class Pearson final : public ValueMetric {
 public:
  using ValueMetric::ValueMetric;

 private:
  double compute(const Predictions& p) const override { return correlation(p.gold_values, p.predicted_values); }
};

class Spearman final : public ValueMetric {
 public:
  using ValueMetric::ValueMetric;

 private:
  double compute(const Predictions& p) const override {
    return correlation(ranks(p.gold_values), ranks(p.predicted_values));
  }
};

class MeanSquaredError final : public ValueMetric {
 public:
  using ValueMetric::ValueMetric;
  bool higher_is_better() const override { return false; }

 private:
  double compute(const Predictions& p) const override {
    double sum = 0;
    for (std::size_t i = 0; i < p.gold_values.size(); ++i) sum += std::pow(p.gold_values[i] - p.predicted_values[i], 2);
    return sum / static_cast<double>(p.gold_values.size());
  }
};

class MeanAbsoluteError final : public ValueMetric {
 public:
  using ValueMetric::ValueMetric;
  bool higher_is_better() const override { return false; }

 private:
  double compute(const Predictions& p) const override {
    double sum = 0;
    for (std::size_t i = 0; i < p.gold_values.size(); ++i) sum += std::abs(p.gold_values[i] - p.predicted_values[i]);
    return sum / static_cast<double>(p.gold_values.size());
  }
};

}  // namespace infomtl
