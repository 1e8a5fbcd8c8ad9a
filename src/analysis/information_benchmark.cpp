#include "infomtl/analysis/information_benchmark.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "analysis/information_estimators.h"
#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/tensor_random.h"
#include "infomtl/optim/optimizer.h"

namespace infomtl {

using analysis::Estimate;
using analysis::Estimator;
using analysis::KnownPairs;
namespace {

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments found;
  for (const double value : values) found.mean += value / static_cast<double>(values.size());
  for (const double value : values) {
    found.deviation += (value - found.mean) * (value - found.mean) / static_cast<double>(values.size());
  }
  found.deviation = std::sqrt(found.deviation);
  return found;
}

double correlation(double nats, std::int64_t dimensions) {
  return std::sqrt(-std::expm1(-2 * nats / static_cast<double>(dimensions)));
}

std::pair<Tensor, Tensor> draw_pairs(ops::TensorRandom& random, std::int64_t rows, std::int64_t k, double rho,
                                     torch::ScalarType type) {
  const auto normal = [&] { return at::randn({rows, k}, random.generator(), torch::dtype(type)); };
  const Tensor x = normal();
  return {x, rho * x + std::sqrt(1 - rho * rho) * normal()};
}

KnownPairs known_pairs(ops::TensorRandom& random, std::int64_t rows, std::int64_t k, double rho) {
  KnownPairs pairs;
  std::tie(pairs.x, pairs.y) = draw_pairs(random, rows, k, rho, torch::kFloat64);
  pairs.rho = rho;
  const Tensor log_variance = at::full_like(pairs.x, std::log1p(-rho * rho));
  pairs.conditional = ops::conditional_scores(rho * pairs.x, log_variance, pairs.y);
  const Tensor zeros = at::zeros_like(pairs.y);
  pairs.pmi = pairs.conditional - ops::gaussian_log_density(pairs.y, zeros, zeros).unsqueeze(0);
  return pairs;
}

void train(const Estimator& estimator, const InformationBenchmarkSettings& settings, InformationCurve& curve) {
  const auto seed = static_cast<std::uint64_t>(settings.seed);
  const auto trained = estimator.train({.form = settings.critic,
                                        .dimensions = settings.dimensions,
                                        .hidden = settings.hidden,
                                        .embedding = settings.embedding,
                                        .seed = derive_seed(seed, "critic/" + estimator.name)});
  FlatParameters parameters(trained->parameters());
  // AdamW without decay is Adam (Kingma & Ba 2015).
  const Json adam = {{"name", "adamw"}, {"learning_rate", settings.learning_rate}, {"weight_decay", 0.0}};
  const auto optimizer = optimizer_registry().build(Config::from_json(adam, "information benchmark"), parameters);
  for (std::size_t target = 0; target < settings.targets.size(); ++target) {
    // Every estimator meets the same batches.
    ops::TensorRandom random(derive_seed(seed, "batches", target));
    const double rho = correlation(settings.targets[target], settings.dimensions);
    for (std::int64_t step = 0; step < settings.steps; ++step) {
      const auto [x, y] = draw_pairs(random, settings.rows, settings.dimensions, rho, torch::kFloat32);
      const Estimate estimate = trained->estimate(x, y);
      parameters.zero_gradients();
      estimate.loss.backward();
      optimizer->step(settings.learning_rate);
      const double nats = estimate.nats.item<double>();
      if (!std::isfinite(nats)) {
        throw NonFiniteError("information benchmark: " + estimator.name + " is not finite at " +
                             std::to_string(settings.targets[target]) + " nats, step " + std::to_string(step));
      }
      curve.values.push_back(nats);
    }
    const auto kept = std::max<std::int64_t>(1, settings.steps / 4);
    const Moments last = moments_of({curve.values.end() - kept, curve.values.end()});
    curve.trained_mean.push_back(last.mean);
    curve.trained_deviation.push_back(last.deviation);
  }
}

void check(const InformationBenchmarkSettings& settings) {
  auto require = [](bool holds, const char* what) {
    if (!holds) throw ConfigError(std::string("information benchmark: ") + what);
  };
  require(!settings.targets.empty(), "targets must not be empty");
  for (const double target : settings.targets) require(target >= 0 && std::isfinite(target), "targets must be >= 0");
  require(settings.dimensions > 0 && settings.hidden > 0 && settings.embedding > 0, "widths must be above 0");
  require(settings.rows >= 2 && settings.analytic_rows >= 2, "a batch needs at least two rows");
  require(settings.steps > 0 && settings.analytic_batches > 0, "steps and analytic_batches must be above 0");
  require(settings.learning_rate > 0, "learning_rate must be above 0");
  require(settings.critic == "separable" || settings.critic == "concat", "critic must be \"separable\" or \"concat\"");
}

}  // namespace

void InformationBenchmarkSettings::fields(FieldVisitor& f) {
  f.field("targets", targets, "true information in nats, in the order met", between(0, 100));
  f.field("dimensions", dimensions, "length k of x and y", between(1, 4096));
  f.field("rows", rows, "rows of a training batch", between(2, 8192));
  f.field("steps", steps, "training steps per target", between(1, 1e9));
  f.choice("critic", critic, {"separable", "concat"}, "form of the trained critic");
  f.field("hidden", hidden, "width of the critics' hidden layers", between(1, 16384));
  f.field("embedding", embedding, "width of a separable critic's embeddings", between(1, 16384));
  f.field("learning_rate", learning_rate, "rate of Adam", above(0));
  f.field("analytic_rows", analytic_rows, "rows of a batch scored by the analytic critic", between(2, 8192));
  f.field("analytic_batches", analytic_batches, "such batches per target", between(1, 1e9));
  f.field("estimators", estimators, "which ones; empty for all");
  f.field("seed", seed, "seed of critics and batches", at_least(0));
}

std::vector<std::string> information_estimators() {
  std::vector<std::string> names;
  for (const Estimator& estimator : analysis::estimators()) names.push_back(estimator.name);
  return names;
}

InformationReport information_benchmark(const InformationBenchmarkSettings& settings,
                                        const std::function<void(std::string_view)>& progress) {
  check(settings);
  const auto known = information_estimators();
  for (const std::string& name : settings.estimators) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw UnknownNameError("unknown estimator \"" + name + "\"" + did_you_mean(name, known));
    }
  }
  InformationReport report{.settings = settings, .curves = {}};
  std::vector<const Estimator*> chosen;
  for (const Estimator& estimator : analysis::estimators()) {
    const auto& wanted = settings.estimators;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), estimator.name) == wanted.end()) continue;
    chosen.push_back(&estimator);
    report.curves.push_back({.estimator = estimator.name,
                             .kind = estimator.kind,
                             .values = {},
                             .trained_mean = {},
                             .trained_deviation = {},
                             .analytic_mean = {},
                             .analytic_deviation = {}});
  }
  for (std::size_t target = 0; target < settings.targets.size(); ++target) {
    at::NoGradGuard no_grad;
    ops::TensorRandom random(derive_seed(static_cast<std::uint64_t>(settings.seed), "analytic", target));
    const double rho = correlation(settings.targets[target], settings.dimensions);
    std::vector<std::vector<double>> found(chosen.size());
    for (std::int64_t batch = 0; batch < settings.analytic_batches; ++batch) {
      const KnownPairs pairs = known_pairs(random, settings.analytic_rows, settings.dimensions, rho);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i]->analytic) found[i].push_back(chosen[i]->analytic(pairs).item<double>());
      }
    }
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (found[i].empty()) continue;
      const Moments moments = moments_of(found[i]);
      report.curves[i].analytic_mean.push_back(moments.mean);
      report.curves[i].analytic_deviation.push_back(moments.deviation);
    }
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (progress) progress(chosen[i]->name);
    if (chosen[i]->train) train(*chosen[i], settings, report.curves[i]);
  }
  return report;
}

}  // namespace infomtl
