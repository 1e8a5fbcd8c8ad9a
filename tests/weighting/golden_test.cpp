// Every weighting over eight steps against a NumPy version written from its paper's equations, in float64. Fixture:
// tests/fixtures/weightings/runs.json by scripts/fixtures/weightings.py (versions and seed inside). Directions are
// compared, since equal rows leave weights free.

#include <cstdio>
#include <map>

#include "ops/aggregation/matrices.h"
#include "support/compare.h"
#include "support/fixture.h"
#include "support/linear_task_gradients.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::testing {
namespace {

using torch::Tensor;

constexpr double kParity = 1e-6;
/// Runs of every method that must be compared: where too many have no one answer, the rest would prove little.
constexpr int kLeastCompared = 20;

/// What a weighting sees of one step; the same rules in the script's class Step.
struct GoldenStep {
  GoldenStep(const Json& json, std::int64_t number, std::int64_t steps_an_epoch)
      : seed(json["seed"].get<std::uint64_t>() + 1000 * static_cast<std::uint64_t>(number)),
        g(family_matrix(json["kind"], json["tasks"], json["columns"], seed)),
        losses(family_losses(g.size(0), 0, seed + 300)),
        problem(losses.first, g, 0, json["seed"].get<std::uint64_t>()),
        second(losses.second, second_matrix(g, seed)),
        third(losses.third, second_matrix(g, seed + 1)) {
    problem.set_step(number, number / steps_an_epoch);
    problem.set_losses_after(losses.second);
    problem.add_independent(second);
    problem.add_independent(third);
    RandomStream stream(seed + 400);
    std::vector<Tensor> values = draw(stream), slopes = draw(stream);
    problem.set_representations(values, slopes);
  }
  std::vector<Tensor> draw(RandomStream& stream) const {
    std::vector<Tensor> tasks;
    for (std::int64_t t = 0; t < g.size(0); ++t) {
      Tensor rows = torch::empty({3, 5}, torch::kFloat64);
      auto entries = rows.accessor<double, 2>();
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 5; ++j) entries[i][j] = 2.0 * stream.uniform() - 1.0;
      }
      tasks.push_back(rows);
    }
    return tasks;
  }

  std::uint64_t seed;
  Tensor g;
  FamilyLosses losses;
  LinearTaskGradients problem, second, third;
};

/// Drives a weighting as a training run would, with plain descent on its own parameters; the last step.
std::unique_ptr<GoldenStep> last_step(GradientWeighting& weighting, const Json& json, const Json& fixture) {
  const auto steps_an_epoch = fixture["steps_an_epoch"].get<std::int64_t>();
  weighting.to(torch::kFloat64);
  Tensor sum;
  std::unique_ptr<GoldenStep> step;
  for (std::int64_t number = 0; number < fixture["steps"].get<std::int64_t>(); ++number) {
    step = std::make_unique<GoldenStep>(json, number, steps_an_epoch);
    weighting.zero_grad();
    weighting.backward(step->problem);
    EXPECT_EQ(step->problem.applied, 1);
    {
      const torch::NoGradGuard no_grad;
      for (Tensor& parameter : weighting.parameters()) {
        if (parameter.grad().defined()) parameter -= 0.1 * parameter.grad();
      }
    }
    weighting.after_update(step->problem);
    sum = number % steps_an_epoch == 0 ? step->losses.first : sum + step->losses.first;
    if (number % steps_an_epoch == steps_an_epoch - 1) {
      const Tensor mean = sum / static_cast<double>(steps_an_epoch);
      weighting.end_epoch(number / steps_an_epoch, {mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel()});
    }
  }
  return step;
}

/// max |a - b| over the larger of the two; sizes below `floor` count as 0.
double difference(const Tensor& a, const Tensor& b, double floor) {
  const double size = std::max({a.abs().max().item<double>(), b.abs().max().item<double>(), floor, 1e-300});
  return ((a - b).abs().max() / size).nan_to_num(INFINITY).item<double>();
}

TEST(WeightingGolden, EveryMethodFollowsItsEquationsOverARun) {
  const Json fixture = read_fixture("weightings/runs.json");
  struct Tally {
    int cases = 0, defined = 0;
    double worst = 0.0;
  };
  std::map<std::string, Tally> tallies;
  for (const Json& json : fixture["cases"]) {
    const auto tasks = json["tasks"].get<std::size_t>();
    for (const auto& [name, expected] : json["results"].items()) {
      SCOPED_TRACE(name + " " + json["kind"].get<std::string>() + " T=" + std::to_string(tasks) + " seed " +
                   json["seed"].dump());
      if (expected.contains("undefined") && expected["undefined"].get<std::string>().starts_with("needs")) continue;
      const auto weighting =
          build_weighting(Config::from_json(fixture["configs"][name], "golden"), weighting_tasks(tasks));
      const std::unique_ptr<GoldenStep> step = last_step(*weighting, json, fixture);
      LinearTaskGradients& problem = step->problem;
      const bool representation = !problem.applied_representation_gradients.empty();
      const Tensor direction =
          representation ? at::stack(problem.applied_representation_gradients).reshape({-1}) : problem.direction;
      ASSERT_TRUE(all_finite(direction));
      Tally& tally = tallies[name];
      ++tally.cases;
      if (expected.contains("undefined")) continue;
      ++tally.defined;
      // Where long rows cancel to 1e-9 of their sum, the rest counts as 0.
      Tensor wanted;
      double floor = 0.0;
      if (expected.contains("weights")) {
        const Tensor weights = float64_tensor(expected["weights"]);
        wanted = step->g.t().matmul(weights);
        floor = 1e-9 * step->g.t().abs().matmul(weights.abs()).max().item<double>();
      } else {
        wanted = float64_tensor(expected["direction"]);
        floor = representation ? 0.0 : 1e-9 * step->g.abs().max().item<double>();
      }
      double worst = difference(direction, wanted, floor);
      if (expected.contains("heads")) {
        ASSERT_TRUE(problem.head_weights.defined());
        const Json& heads = expected["heads"];
        const Tensor factors = heads == "ones"      ? torch::ones({static_cast<std::int64_t>(tasks)}, torch::kFloat64)
                               : heads == "weights" ? float64_tensor(expected["weights"])
                                                    : float64_tensor(heads);
        worst = std::max(worst, difference(problem.head_weights.to(torch::kFloat64), factors, 0.0));
      }
      EXPECT_LE(worst, kParity) << "direction " << direction << "\nexpected " << wanted << "\nheads "
                                << problem.head_weights << "\nexpected " << expected.dump();
      tally.worst = std::max(tally.worst, worst);
    }
  }
  for (const auto& [name, tally] : tallies) {
    std::printf("%-28s %2d runs, %2d with one answer (worst difference %.0e)\n", name.c_str(), tally.cases,
                tally.defined, tally.worst);
    EXPECT_GE(tally.defined, kLeastCompared) << name;
  }
  EXPECT_EQ(tallies.size(), fixture["configs"].size());
}

}  // namespace
}  // namespace infomtl::testing
