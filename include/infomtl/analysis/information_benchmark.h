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
  std::vector<double> targets = {2, 4, 6, 8, 10};  ///< true I(X; Y) in nats, in the order met (Song & Ermon 2020)
  std::int64_t dimensions = 20;                    ///< k, length of x and y
  std::int64_t rows = 128;                         ///< of a training batch
  std::int64_t steps = 1000;                       ///< training steps per target
  std::string critic = "separable";                ///< or "concat"
  std::int64_t hidden = 256;                       ///< width of the critics' hidden layers
  std::int64_t embedding = 32;                     ///< width of a separable critic's embeddings
  double learning_rate = 5e-4;                     ///< of Adam
  std::int64_t analytic_rows = 1000;               ///< of a batch that the analytic critic scores
  std::int64_t analytic_batches = 10;              ///< such batches per target
  std::vector<std::string> estimators;             ///< names of information_estimators(); empty: all
  std::int64_t seed = 0;                           ///< of critics and batches
  void fields(FieldVisitor& f);
};

/// One estimator on its way through the targets.
struct InformationCurve {
  std::string estimator;
  std::string kind;                       ///< "lower" or "upper" bound, or "estimate"
  std::vector<double> values;             ///< nats at each training step, targets one after the other; empty: untrained
  std::vector<double> trained_mean;       ///< per target, over the last quarter of its steps; empty: untrained
  std::vector<double> trained_deviation;  ///< over those steps
  std::vector<double> analytic_mean;      ///< per target, over the analytic batches
  std::vector<double> analytic_deviation;
};

struct INFOMTL_API InformationReport {
  InformationBenchmarkSettings settings;
  std::vector<InformationCurve> curves;

  /// Markdown: one row per estimator, one column per target; "trained +- deviation (analytic)".
  std::string table() const;
  Json json() const;
  /// One panel per estimator: the truth as a staircase, each step light, the running mean dark, analytic means as dots.
  std::string svg() const;
};

/// Names that information_benchmark() knows, in its order.
INFOMTL_API std::vector<std::string> information_estimators();

/// Trains each estimator's critic on fresh batches, `steps` per target. A function of the settings alone (for one number
/// of threads).
/// @param progress  called before each estimator with its name; may be empty
/// @throws UnknownNameError for an estimator it does not know
/// @throws ConfigError for settings out of range
/// @throws NonFiniteError naming estimator and step when a value is not finite
INFOMTL_API InformationReport information_benchmark(const InformationBenchmarkSettings& settings,
                                                    const std::function<void(std::string_view)>& progress = {});

}  // namespace infomtl
