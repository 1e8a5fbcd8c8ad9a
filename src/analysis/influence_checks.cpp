#include "infomtl/analysis/influence_checks.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "analysis/influence_tasks.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/metrics/correlation.h"
#include "infomtl/ops/influence/arrow.h"
#include "infomtl/ops/influence/ekfac.h"
#include "infomtl/ops/minimize.h"
#include "infomtl/ops/tensor.h"

namespace infomtl {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kFactorised = 5000;  // parameters of the largest block of which an inverse speeds retraining up

double defined_correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto constant = [](const std::vector<double>& v) {
    return std::all_of(v.begin(), v.end(), [&](double value) { return value == v.front(); });
  };
  return a.size() < 2 || constant(a) || constant(b) ? kUndefined : correlation(a, b);
}

double mean_of_defined(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    count += 1;
  }
  return count == 0 ? kUndefined : sum / count;
}

std::vector<double> numbers_of(const Tensor& values) {
  const Tensor wide = values.to(torch::kFloat64).contiguous();
  return {wide.const_data_ptr<double>(), wide.const_data_ptr<double>() + wide.numel()};
}

/// Trains counterfactuals near a stationary point.
class Retraining {
 public:
  Retraining(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings, const InfluenceResult& result)
      : training_(training_objective(tasks, settings)), validation_(validation_objective(tasks, settings)) {
    options_.tolerance = result.point.tolerance / 100;
    options_.iterations = settings.iterations;
    const ops::ParameterPlaces& places = training_.places();
    const std::int64_t largest = std::max(places.shared, *std::max_element(places.size.begin(), places.size.end()));
    const Tensor& w = result.point.parameters;
    if (training_.convex() && settings.ridge > 0 && largest <= kFactorised) {
      const auto inverse =
          std::make_shared<ops::ArrowInverse>(ops::arrow_blocks(training_, w, ops::Curvature::hessian));
      options_.inverse = [inverse](const Tensor& v) { return inverse->times(v.unsqueeze(0)).squeeze(0); };
    } else if (!training_.settings().soft && settings.ridge > 0) {
      const auto inverse = std::make_shared<ops::EkfacInverse>(training_, w);
      options_.inverse = [inverse](const Tensor& v) { return inverse->times(v.unsqueeze(0)).squeeze(0); };
    }
    base_ = minimum_of(training_, w).point;
  }

  const ops::SharedObjective& training() const { return training_; }
  const Tensor& base() const { return base_; }
  std::int64_t short_of() const { return short_of_; }

  Tensor retrained(const ops::SharedObjective& objective) {
    const ops::Minimum minimum = minimum_of(objective, base_);
    if (!minimum.reached) ++short_of_;
    return minimum.point;
  }
  std::vector<double> validation_losses(const Tensor& w) const {
    std::vector<double> losses;
    for (std::size_t k = 0; k < validation_.tasks().size(); ++k) losses.push_back(validation_.task_loss(w, k).value);
    return losses;
  }

 private:
  ops::Minimum minimum_of(const ops::SharedObjective& objective, const Tensor& start) const {
    const auto function = [&](const Tensor& w) {
      ops::ValueAndGradient at = objective.value_and_gradient(w);
      return std::pair(at.value, std::move(at.gradient));
    };
    return ops::minimize(function, start, options_);
  }

  ops::SharedObjective training_, validation_;
  ops::MinimizeOptions options_;
  Tensor base_;
  std::int64_t short_of_ = 0;
};

void announce(const InfluenceHooks& hooks, const std::string& what, std::int64_t done, std::int64_t all) {
  if (hooks.stop != nullptr && *hooks.stop) throw InfluenceStopped();
  if (hooks.progress) hooks.progress(what + ", " + std::to_string(done) + " of " + std::to_string(all));
}

std::uint64_t seed_for(const InfluenceSettings& settings, const std::string& purpose, std::int64_t step = 0) {
  return derive_seed(static_cast<std::uint64_t>(settings.seed), purpose, static_cast<std::uint64_t>(step));
}

}  // namespace

LeaveOneOutCheck leave_one_out(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                               const InfluenceResult& result, std::int64_t rows, const InfluenceHooks& hooks) {
  const at::NoGradGuard no_grad;
  Retraining retraining(tasks, settings, result);
  const std::vector<double> with_all = retraining.validation_losses(retraining.base());
  const std::size_t count = tasks.size();
  std::vector<std::vector<double>> predicted(count * count), measured(count * count);
  LeaveOneOutCheck found;
  std::int64_t done = 0;
  for (std::size_t l = 0; l < count; ++l) {
    const ops::LabelledFeatures& task = retraining.training().tasks()[l];
    const std::int64_t n = task.features.size(0);
    const auto order = RandomStream(seed_for(settings, "influence/leave_one_out/" + tasks[l].name))
                           .permutation(static_cast<std::size_t>(n));
    // As many of each task; the first tasks have one more where the number does not divide.
    const auto share = static_cast<std::int64_t>((static_cast<std::size_t>(rows) + count - 1 - l) / count);
    for (std::int64_t i = 0; i < std::min(share, n); ++i) {
      announce(hooks, "leaving one row out", ++done, rows);
      const auto row = static_cast<std::int64_t>(order[static_cast<std::size_t>(i)]);
      ops::LabelledFeatures others = task;
      others.weights = at::full({n}, 1 / static_cast<double>(n), torch::kFloat64);
      others.weights.narrow(0, row, 1).zero_();
      const std::vector<double> without =
          retraining.validation_losses(retraining.retrained(retraining.training().with_rows(l, others)));
      const std::vector<double> of_row = numbers_of(result.rows[l][row]);
      for (std::size_t k = 0; k < count; ++k) {
        predicted[l * count + k].push_back(of_row[k]);
        measured[l * count + k].push_back(with_all[k] - without[k]);
      }
      ++found.rows;
    }
  }
  std::vector<double> all, within, between;
  for (std::size_t l = 0; l < count; ++l) {
    for (std::size_t k = 0; k < count; ++k) {
      all.push_back(defined_correlation(predicted[l * count + k], measured[l * count + k]));
      (l == k ? within : between).push_back(all.back());
    }
  }
  const auto side = static_cast<std::int64_t>(count);
  found.pearson = torch::tensor(all, torch::kFloat64).view({side, side});
  found.within = mean_of_defined(within);
  found.between = mean_of_defined(between);
  found.short_of = retraining.short_of();
  return found;
}

std::vector<SubsetScore> subset_scores(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                                       const InfluenceResult& result, std::int64_t subsets,
                                       const InfluenceHooks& hooks) {
  const at::NoGradGuard no_grad;
  Retraining retraining(tasks, settings, result);
  const std::size_t count = tasks.size();
  struct Rival {
    std::string method;
    std::vector<Tensor> rows;
    double seconds;
    std::vector<std::vector<double>> predicted;  // per target
  };
  std::vector<Rival> rivals;
  double inverse_seconds = kUndefined;
  for (const auto& [stage, seconds] : result.seconds) {
    if (stage == "inverse") inverse_seconds = seconds;
  }
  rivals.push_back({result.backend.name, result.rows, inverse_seconds, std::vector<std::vector<double>>(count)});
  const Tensor gradients = validation_gradients(validation_objective(tasks, settings), result.point.parameters);
  rivals.push_back({"gradient_product", row_influences(retraining.training(), result.point.parameters, gradients), 0,
                    std::vector<std::vector<double>>(count)});
  Rival random{"random", {}, 0, std::vector<std::vector<double>>(count)};
  for (std::size_t l = 0; l < count; ++l) {
    RandomStream stream(seed_for(settings, "influence/random/" + tasks[l].name));
    Tensor values = at::empty_like(result.rows[l]);
    std::generate_n(values.mutable_data_ptr<double>(), values.numel(), [&] { return stream.normal(); });
    random.rows.push_back(values);
  }
  rivals.push_back(std::move(random));

  // The losses do not depend on the backend: what another one's check measured is read back.
  Tensor losses = at::empty({0, static_cast<std::int64_t>(count)}, torch::kFloat64);
  if (hooks.kept) losses = hooks.kept("subsets").value_or(losses);
  std::vector<std::vector<double>> measured(count);
  for (std::int64_t j = 0; j < subsets; ++j) {
    std::vector<Tensor> halves;
    for (std::size_t l = 0; l < count; ++l) {
      const auto n = static_cast<std::size_t>(tasks[l].features.size(0));
      const auto order = RandomStream(seed_for(settings, "influence/subset/" + tasks[l].name, j)).permutation(n);
      std::vector<std::int64_t> half(order.begin(), order.begin() + static_cast<std::ptrdiff_t>((n + 1) / 2));
      halves.push_back(torch::tensor(half, torch::kInt64));
    }
    if (j >= losses.size(0)) {
      announce(hooks, "training on half of the rows", j + 1, subsets);
      const auto found = retraining.validation_losses(retraining.retrained(retraining.training().subset(halves)));
      losses = at::cat({losses, torch::tensor(found, torch::kFloat64).unsqueeze(0)});
      if (hooks.keep) hooks.keep("subsets", losses);
    }
    for (std::size_t k = 0; k < count; ++k) {
      measured[k].push_back(losses[j][static_cast<std::int64_t>(k)].item<double>());
    }
    for (Rival& rival : rivals) {
      Tensor sum = at::zeros({static_cast<std::int64_t>(count)}, torch::kFloat64);
      for (std::size_t l = 0; l < count; ++l) sum += rival.rows[l].index_select(0, halves[l]).sum(0);
      const std::vector<double> predicted = numbers_of(sum);
      for (std::size_t k = 0; k < count; ++k) rival.predicted[k].push_back(predicted[k]);
    }
  }
  std::vector<SubsetScore> found;
  for (const Rival& rival : rivals) {
    SubsetScore score{.method = rival.method, .scores = {}, .seconds = rival.seconds};
    for (std::size_t k = 0; k < count; ++k) {
      score.scores.push_back(defined_correlation(ranks(rival.predicted[k]), ranks(measured[k])));
    }
    score.mean = mean_of_defined(score.scores);
    found.push_back(std::move(score));
  }
  return found;
}

std::vector<MislabelScore> mislabel_scores(const std::vector<InfluenceTask>& tasks, const InfluenceSettings& settings,
                                           double share, const InfluenceHooks& hooks) {
  const at::NoGradGuard no_grad;
  std::vector<InfluenceTask> changed = tasks;
  std::vector<std::vector<bool>> flipped(tasks.size());
  bool any = false;
  for (std::size_t l = 0; l < tasks.size(); ++l) {
    InfluenceTask& task = changed[l];
    if (task.kind != TaskKind::classification) continue;
    any = true;
    const auto n = static_cast<std::size_t>(task.labels.size(0));
    flipped[l].assign(n, false);
    task.labels = task.labels.clone();
    std::int64_t* labels = task.labels.mutable_data_ptr<std::int64_t>();
    RandomStream random(seed_for(settings, "influence/mislabel/" + task.name));
    const auto order = random.permutation(n);
    const auto classes = static_cast<std::uint64_t>(task.outputs);
    const auto wrong = static_cast<std::size_t>(std::llround(share * static_cast<double>(n)));
    for (std::size_t i = 0; i < wrong; ++i) {
      const auto before = static_cast<std::uint64_t>(labels[order[i]]);
      labels[order[i]] = static_cast<std::int64_t>((before + 1 + random.below(classes - 1)) % classes);
      flipped[l][order[i]] = true;
    }
  }
  if (!any) throw UserError(kNoClassesToChange);
  const InfluenceResult result =
      influence_of(changed, settings, {.progress = hooks.progress, .kept = {}, .keep = {}, .stop = hooks.stop});
  std::vector<MislabelScore> found;
  for (std::size_t l = 0; l < tasks.size(); ++l) {
    if (flipped[l].empty()) continue;
    const std::vector<double> harm = numbers_of(result.rows[l].select(1, static_cast<std::int64_t>(l)));
    found.push_back({.task = tasks[l].name,
                     .flipped = std::count(flipped[l].begin(), flipped[l].end(), true),
                     .auc = area_under_curve(harm, flipped[l])});
  }
  return found;
}

}  // namespace infomtl
