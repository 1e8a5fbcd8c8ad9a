// Twenty steps of variational multi-task learning on three tasks, by the operations and the memory bank that the loss terms
// train with, against numbers written by scripts/fixtures/vmtl.py (numpy, float64) from the paper's equations: losses,
// divergences, Gumbel weights of every step, parameters after the last.

#include <gtest/gtest.h>

#include <map>

#include "infomtl/ops/information/classification.h"
#include "infomtl/ops/information/gaussian.h"
#include "infomtl/ops/information/variational.h"
#include "infomtl/optim/weight_schedule.h"
#include "losses/feature_bank.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

using ops::GaussianMoments;
using testing::close;

constexpr double kTolerance = 1e-8;

namespace reference {

Tensor numbers(const Json& value) {
  if (!value.is_array()) return torch::tensor(value.get<double>(), torch::kFloat64);
  if (!value[0].is_array()) return testing::float64_tensor(value);
  std::vector<Tensor> rows;
  for (const Json& row : value) rows.push_back(numbers(row));
  return torch::stack(rows);
}

Tensor indices(const Json& value) { return torch::tensor(value.get<std::vector<std::int64_t>>(), torch::kInt64); }

/// The model, its priors and its banks.
struct Learner {
  const Json& fixture;
  ops::TaskPrior prior;
  std::map<std::string, Tensor> parameters;
  std::vector<std::shared_ptr<FeatureBank>> banks;
  Schedule temperature = Schedule::exponential(1.0, 0.5, 15), beta = Schedule::staircase(0, 0.01, 20, 5);

  Learner(const Json& given, const Json& run) : fixture(given), prior(ops::task_prior(run["form"].get<std::string>())) {
    for (const auto& [name, value] : run["start"].items()) parameters[name] = numbers(value).requires_grad_(true);
    for (std::size_t t = 0; t < 3; ++t) {
      const auto width = static_cast<std::int64_t>(fixture["features"][t][0].size());
      banks.push_back(std::make_shared<FeatureBank>(fixture["bank"].get<std::int64_t>(), width));
    }
  }

  GaussianMoments code(const Tensor& x) const {
    const auto& p = parameters;
    return ops::bayesian_linear(x, {p.at("code_mean"), ops::softplus_variance(p.at("code_scale"))},
                                {p.at("code_bias"), ops::softplus_variance(p.at("code_bias_scale"))});
  }
  GaussianMoments classifier(std::size_t t) const {
    const std::string name = "head" + std::to_string(t);
    return {parameters.at(name + "_mean"), ops::softplus_variance(parameters.at(name + "_scale"))};
  }
  Tensor features(std::size_t t, const Json& given) const {
    return numbers(fixture["features"][t]).index_select(0, indices(given["rows"]));
  }
  Tensor labels(std::size_t t, const Json& given) const {
    return indices(fixture["labels"][t]).index_select(0, indices(given["rows"]));
  }

  /// The divergence of the codes of rows x, [B].
  Tensor code_divergence(std::size_t t, const Tensor& x, const Tensor& y, const Tensor& weights, int step) const {
    const GaussianMoments own = code(x);
    std::vector<Tensor> means, variances;
    bool ready = true;
    for (std::size_t other = 0; other < 3; ++other) {
      if (other == t) continue;
      const torch::NoGradGuard no_grad;
      const FeatureBank& bank = *banks[other];
      ready = ready && bank.any(step).item<bool>();
      const bool same = fixture["classes"][other] == fixture["classes"][t];
      const Tensor allowed = same ? y.unsqueeze(1) == bank.labels().unsqueeze(0) : Tensor();
      const GaussianMoments there =
          code(ops::related_inputs(x, bank.rows().to(torch::kFloat64), bank.filled(step), allowed));
      means.push_back(there.mean.detach());
      variances.push_back(there.variance);
    }
    if (!ready) return ops::kl_to_tasks(own, {}, {}, ops::TaskPrior::standard);
    return ops::kl_to_tasks(own, {at::stack(means), at::stack(variances)}, weights, prior);
  }

  Tensor head_divergence(std::size_t t, const Tensor& weights) const {
    const GaussianMoments own = classifier(t);
    std::vector<Tensor> means, variances;
    for (std::size_t other = 0; other < 3; ++other) {
      if (other == t) continue;
      const torch::NoGradGuard no_grad;
      const GaussianMoments there = ops::match_classes(classifier(other), own.mean.size(0));
      means.push_back(there.mean.detach());
      variances.push_back(there.variance);
    }
    return ops::kl_to_tasks(own, {at::stack(means), at::stack(variances)}, weights, prior);
  }

  /// The task's loss of a step, and its parts under the names of the fixture.
  std::map<std::string, Tensor> loss(std::size_t t, const Json& given, int step) const {
    const Tensor x = features(t, given), y = labels(t, given);
    const auto samples = fixture["samples"].get<std::int64_t>();
    const GaussianMoments own = code(x);
    const auto flat = [](const Tensor& noise) { return noise.flatten(0, 1); };
    const Tensor z = ops::gaussian_sample(own.mean.repeat({samples, 1}), own.variance.log().repeat({samples, 1}),
                                          flat(numbers(given["code_noise"])));
    const GaussianMoments logits = ops::bayesian_linear(z, classifier(t));
    const Tensor drawn =
        ops::gaussian_sample(logits.mean, ops::log_of_variance(logits.variance), flat(numbers(given["head_noise"])));
    const auto weights = [&](const std::string& of) {
      return ops::gumbel_softmax(parameters.at(of + "_logits" + std::to_string(t)),
                                 ops::gumbel_noise(numbers(given[of + "_uniform"])), temperature.at(step));
    };
    std::map<std::string, Tensor> found;
    found["expected"] = ops::cross_entropy(drawn, y.repeat({samples}), 0.0).mean();
    found["code_weights"] = weights("code");
    found["head_weights"] = weights("head");
    found["kl_codes"] = code_divergence(t, x, y, found["code_weights"], step).mean();
    found["kl_heads"] = head_divergence(t, found["head_weights"]).sum();
    found["loss"] =
        found["expected"] + fixture["eta"].get<double>() * found["kl_codes"] + beta.at(step) * found["kl_heads"];
    return found;
  }

  void descend(const Tensor& total) {
    std::vector<Tensor> all;
    for (const auto& [name, value] : parameters) all.push_back(value);
    const auto gradients = torch::autograd::grad({total}, all, {}, false, false, /*allow_unused=*/true);
    const torch::NoGradGuard no_grad;
    for (std::size_t p = 0; p < all.size(); ++p) {
      if (gradients[p].defined()) all[p].sub_(gradients[p], fixture["rate"].get<double>());
    }
  }
};

}  // namespace reference

TEST(VariationalReference, TwentyStepsAreTheSame) {
  const Json fixture = testing::read_fixture("ops/vmtl.json");
  ASSERT_EQ(fixture["runs"].size(), 2U);
  for (const Json& run : fixture["runs"]) {
    SCOPED_TRACE(run["form"].get<std::string>());
    reference::Learner learner(fixture, run);
    ASSERT_EQ(run["steps"].size(), 20U);
    for (int step = 0; step < 20; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const Json& given = run["steps"][static_cast<std::size_t>(step)];
      Tensor total;
      for (std::size_t t = 0; t < 3; ++t) {
        const auto found = learner.loss(t, given[t], step);
        for (const auto& [name, value] : found) {
          ASSERT_TRUE(close(value, reference::numbers(given[t][name]), kTolerance, kTolerance)) << name << " of " << t;
        }
        total = total.defined() ? total + found.at("loss") : found.at("loss");
        // Banks of the step in hand show from the next one on, whoever reads them.
        learner.banks[t]->record(learner.features(t, given[t]), learner.labels(t, given[t]), step);
      }
      learner.descend(total);
    }
    for (const auto& [name, value] : learner.parameters) {
      EXPECT_TRUE(close(value, reference::numbers(run["end"][name]), kTolerance, kTolerance)) << name;
    }
  }
}

}  // namespace
}  // namespace infomtl
