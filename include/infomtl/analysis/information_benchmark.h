#pragma once
// Information benchmark: how near each estimator of mutual information comes to the truth on pairs of Gaussian vectors
// whose information is known (Song & Ermon 2020): x ~ N(0, I_k), y = rho x + sqrt(1 - rho^2) e, with k = 20 and
// rho = sqrt(1 - exp(-2 I / k)). Critics are trained while I climbs; beside them stand the same formulas with the
// analytic critic, which shows what the estimator itself can do.
//
//   InformationReport report = information_benchmark({.steps = 1000});
//   std::puts(report.table().c_str());              // Markdown: estimators x targets
//   std::ofstream("information.svg") << report.svg();

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"
#include "infomtl/core/settings.h"

namespace infomtl {

struct INFOMTL_API InformationBenchmarkSettings {
  std::vector<double> targets = {2, 4, 6, 8, 10};
  std::int64_t dimensions = 20;
  std::int64_t rows = 128;
  std::int64_t steps = 1000;
  std::string critic = "separable";
  std::int64_t hidden = 256;
  std::int64_t embedding = 32;
  double learning_rate = 5e-4;
  std::int64_t analytic_rows = 1000;
  std::int64_t analytic_batches = 10;
  std::vector<std::string> estimators;
  std::int64_t seed = 0;
  void fields(FieldVisitor& f);
};

/// One estimator's way through the targets.
struct InformationCurve {
  std::string estimator;
  std::string side;                       ///< "lower", "upper" or "estimate"
  std::vector<double> values;             ///< nats of each training step, targets one after the other; empty: no critic
  std::vector<double> trained_mean;       ///< a target's last quarter of steps; empty when no critic is trained
  std::vector<double> trained_deviation;  ///< over those steps
  std::vector<double> analytic_mean;      ///< over analytic batches; empty when the formula has no analytic critic
  std::vector<double> analytic_deviation;
};

struct INFOMTL_API InformationReport {
  InformationBenchmarkSettings settings;
  std::vector<InformationCurve> curves;

  /// Markdown: a row an estimator, a column a target; "trained +- deviation (analytic)".
  std::string table() const;
  Json json() const;
  /// A panel an estimator: the truth as a staircase, raw values light, their running mean dark, analytic means as dots.
  std::string svg() const;
};

/// Names information_benchmark() knows, in its order.
INFOMTL_API std::vector<std::string> information_estimators();

/// Trains each estimator's critic on fresh batches, `steps` a target. A function of the settings alone (one thread
/// count).
/// @param progress called before each estimator with its name; may be empty
/// @throws UnknownNameError for an estimator it does not know, ConfigError for settings out of range, NonFiniteError
/// naming
///         estimator and step when a value is not finite
INFOMTL_API InformationReport information_benchmark(const InformationBenchmarkSettings& settings,
                                                    const std::function<void(std::string_view)>& progress = {});

}  // namespace infomtl
