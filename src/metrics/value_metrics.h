#pragma once
// Metrics of numbers.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "infomtl/metrics/metric.h"

namespace infomtl {

class ValueMetric : public Metric {
 public:
  using Settings = NoSettings;
  ValueMetric() = default;
  ValueMetric(const Settings&, const MetricContext&) {}
  bool reads(TaskKind kind) const override { return kind == TaskKind::regression; }
};

/// Pearson's correlation in two passes. 0 when either side is constant or there is one row: scipy says NaN there, which
/// no model could be selected by.
inline double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto constant = [](const std::vector<double>& v) {
    return std::all_of(v.begin(), v.end(), [&](double value) { return value == v.front(); });
  };
  if (constant(a) || constant(b)) return 0.0;
  const double rows = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / rows;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / rows;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return std::clamp(ab / (std::sqrt(aa) * std::sqrt(bb)), -1.0, 1.0);
}

/// Ranks from 1; equal values share the average of their ranks.
inline std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t i = first; i < last; ++i) result[order[i]] = static_cast<double>(first + last + 1) / 2;
  }
  return result;
}

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
