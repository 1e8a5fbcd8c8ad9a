// Penalties: their gradient against central differences, that no weighting sees them, and that micro-batches add up.
#include "infomtl/losses/penalty.h"

#include "infomtl/core/errors.h"
#include "infomtl/losses/representation_gradient_norm.h"
#include "infomtl/step/step_gradients.h"
#include "step/directional_derivative.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

constexpr double kWeight = 0.7;

struct Penalised {
  SmallRun run;
  explicit Penalised(double dropout, bool penalised = true, const Json& architecture = "shared")
      : run(dropout, {{"name", "gaussian"}, {"hidden", 6}, {"activation", "tanh"}, {"dropout", 0.2}},
            {"supervised", {{"name", "timin"}, {"weight", 0.01}}}, architecture) {
    if (penalised) run.objective->add_penalty(kWeight, std::make_shared<RepresentationGradientNorm>(), "norm");
  }

  std::unique_ptr<StepGradients> step(FlatParameters& flat, const std::vector<StepBatch>& micros,
                                      bool gram_only = false) const {
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7},
                        .parameters = &flat,
                        .gram_only = gram_only};
    flat.zero_gradients();
    return std::make_unique<StepGradients>(std::move(context), micros);
  }
};

double penalty_of(const StepGradients& step) {
  double total = 0;
  for (const std::vector<TermSum>& terms : step.terms()) {
    for (const TermSum& term : terms) {
      if (term.term == "norm") total += term.weight * term.sum.item<double>() / term.count;
    }
  }
  return total;
}

TEST(Penalty, ItsGradientIsThatOfCentralDifferencesThroughTheEncoder) {
  for (const Json& architecture : std::vector<Json>{"shared", {{"name", "mmoe"}, {"experts", 2}}}) {
    const Penalised given(0.2, true, architecture);
    given.run.model->to(torch::kFloat64);
    FlatParameters flat = given.run.flat();
    ASSERT_EQ(flat.values().scalar_type(), torch::kFloat64);
    const std::vector<StepBatch> micros = given.run.batches("joint", 4, 1);
    const Tensor none = torch::zeros({6});
    const auto value = [&] {
      const auto step = given.step(flat, micros);
      step->apply_weights(none, {});
      return penalty_of(*step);
    };
    EXPECT_GT(value(), 1e-3);
    const Tensor gradient = flat.gradients().clone();
    testing::expect_directional_derivatives(flat, gradient, value);
  }
}

TEST(Penalty, IsAddedAfterTheWeightingWhicheverWayThatEndsTheStep) {
  const Penalised with(0.1), without(0.1, false);
  FlatParameters flat = with.run.flat(), plain = without.run.flat();
  ASSERT_TRUE(at::equal(flat.values(), plain.values()));
  const std::vector<StepBatch> micros = with.run.batches("joint", 4, 1);
  const Tensor weights = torch::tensor({0.5, 2.0, -1.0, 0.25, 1.0, 3.0}), heads = torch::linspace(1, 2, 6);
  with.step(flat, micros)->apply_weights(torch::zeros({6}), {});
  const Tensor penalty = flat.gradients().clone();
  ASSERT_GT(penalty.norm().item<float>(), 1e-3F);
  EXPECT_TRUE(at::equal(with.step(flat, micros)->gram(), without.step(plain, micros)->gram()));
  EXPECT_TRUE(at::equal(with.step(flat, micros)->losses(), without.step(plain, micros)->losses()));
  using End = std::function<void(StepGradients&)>;
  const std::vector<std::pair<const char*, End>> ends = {
      {"weights", [&](StepGradients& step) { step.apply_weights(weights, {}); }},
      {"weights apart", [&](StepGradients& step) { step.apply_weights(weights, heads); }},
      {"gram", [&](StepGradients& step) { step.gram(), step.apply_weights(weights, heads); }},
      {"jacobian", [&](StepGradients& step) { step.jacobian(), step.apply_weights(weights, heads); }},
      {"direction", [&](StepGradients& step) { step.apply_direction(step.jacobian().sum(0), heads); }},
      {"representation",
       [&](StepGradients& step) { step.apply_representation_gradients(step.representation_gradients()); }}};
  for (const auto& [name, end] : ends) {
    for (const bool gram_only : {false, true}) {
      end(*with.step(flat, micros, gram_only));
      end(*without.step(plain, micros, gram_only));
      EXPECT_TRUE(close(flat.gradients() - plain.gradients(), penalty,
                        1e-6 * plain.gradients().abs().max().item<double>(), 1e-5))
          << name << gram_only;
    }
  }
}

TEST(Penalty, MicroBatchesAddUpExactly) {
  const SmallRun run(0.0);  // whose heads draw nothing: that would differ between micro-batches
  run.objective->add_penalty(kWeight, std::make_shared<RepresentationGradientNorm>(), "norm");
  FlatParameters flat = run.flat();
  const auto gradient = [&](std::int64_t accumulate) {
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7},
                        .parameters = &flat};
    flat.zero_gradients();
    StepGradients step(std::move(context), run.batches("joint", 9, accumulate));
    step.apply_weights(torch::zeros({6}), {});
    return std::pair(flat.gradients().clone(), penalty_of(step));
  };
  const auto whole = gradient(1);
  for (const std::int64_t accumulate : {2, 4}) {
    const auto cut = gradient(accumulate);
    EXPECT_TRUE(close(cut.first, whole.first, 0, 2e-6)) << accumulate;
    EXPECT_NEAR(cut.second, whole.second, 1e-6 * whole.second);
  }
}

TEST(Penalty, OfALinearHeadHasAClosedForm) {
  // l_b = -log softmax(W z_b)_y: d l_b / d z_b = W^T (p_b - e_y).
  const SmallRun run(0.0);
  const std::size_t task = run.task_named("topic");
  const StepBatch batch = run.batches("joint", 5, 1)[0];
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .step = 2}, batch);
  TaskStep& step = pass.task(task);
  const LossValue found = RepresentationGradientNorm().compute(step);
  const Tensor weight = run.model->head(task).parameters()[0];
  const Tensor error =
      at::softmax(step.prediction().output, 1) - at::one_hot(step.labels(), weight.size(0)).to(torch::kFloat32);
  EXPECT_TRUE(close(found.sum, error.mm(weight).square().sum(), 0, 1e-5));
  EXPECT_EQ(found.count.item<double>(), 5);
}

TEST(Penalty, IsReadFromAConfig) {
  const SmallRun run(0.0);
  const auto build = [&](const Json& penalties) {
    const Config config = Config::from_json({{"losses", {"supervised"}}, {"penalties", penalties}}, "config");
    return Objective::from_config(config.list("losses"), {.tasks = run.tasks}, config.list("penalties"));
  };
  const auto objective = build({{{"name", "representation_gradient_norm"}, {"weight", 0.5}, {"tasks", {"topic"}}}});
  EXPECT_TRUE(objective->has_penalties());
  EXPECT_EQ(objective->size(), 1U);
  const StepBatch batch = run.batches("joint", 3, 1)[0];
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    const Task& task = run.tasks[batch.tasks[k].task];
    EXPECT_EQ(objective->penalty_counts(task, batch.tasks[k])[0], task.name == "topic" ? 3 : 0);
  }
  EXPECT_THROW(build({"representation_gradient_nrm"}), UnknownNameError);
  EXPECT_THROW(build({{{"name", "representation_gradient_norm"}, {"tasks", {"topik"}}}}), ConfigError);
}

TEST(Unweighted, ATermOutsideTheTaskWeightsKeepsItsGradientWhateverTheyAre) {
  const Json outside = {{"name", "timin"}, {"weight", 0.5}, {"weighted", false}};
  const SmallRun with(0.1, "gaussian", {"supervised", outside}), without(0.1, "gaussian");
  FlatParameters flat = with.flat(), plain = without.flat();
  const std::vector<StepBatch> micros = with.batches("joint", 4, 1);
  const auto gradient = [&](const SmallRun& run, FlatParameters& parameters, const Tensor& weights) {
    parameters.zero_gradients();
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &parameters};
    StepGradients step(std::move(context), micros);
    EXPECT_EQ(step.losses().size(0), 6);
    step.apply_weights(weights, {});
    return parameters.gradients().clone();
  };
  const Tensor of_term = gradient(with, flat, torch::zeros({6}));
  EXPECT_GT(of_term.norm().item<double>(), 1e-3);
  for (const Tensor& weights : {torch::ones({6}), torch::linspace(0.1, 3, 6)}) {
    const Tensor difference = gradient(with, flat, weights) - gradient(without, plain, weights);
    EXPECT_TRUE(close(difference, of_term, 1e-5, 1e-4));
  }
}

TEST(AddAfter, ReachesTheSharedParametersAloneUnseen) {
  const SmallRun run(0.1);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 4, 1);
  const auto step = [&] {
    flat.zero_gradients();
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &flat};
    return std::make_unique<StepGradients>(std::move(context), micros);
  };
  step()->apply_weights(torch::ones({6}), {});
  const Tensor plain = flat.gradients().clone();
  const Tensor more = torch::linspace(-1, 1, flat.shared_size());
  Tensor expected = plain.clone();
  expected.narrow(0, 0, flat.shared_size()).add_(more);
  for (const bool before : {true, false}) {
    const auto given = step();
    if (before) given->add_after([&] { return more; });
    given->apply_weights(torch::ones({6}), {});
    if (!before) given->add_after([&] { return more; });
    EXPECT_TRUE(close(flat.gradients(), expected, 0, 1e-6)) << before;
  }
}

}  // namespace
}  // namespace infomtl
