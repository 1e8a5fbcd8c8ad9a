// Dummy gradient norm in real steps: its gradient through encoder and architecture, beside the losses, over micro-batches.
#include "infomtl/losses/dummy_gradient_norm.h"
#include "infomtl/step/step_gradients.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

struct WithDummies {
  SmallRun run;
  /// @param weight  negative: without the penalty
  WithDummies(double dropout, double weight, const DummyGradientNorm::Settings& settings = {},
              const ArchitectureFactory& architecture = architectures::shared())
      : run(dropout) {
    run.model = std::make_shared<MultiTaskModel>(
        run.encoder, gaussian_heads(run.tasks, {.hidden = 6, .activation = "tanh", .dropout = 0.2}), architecture,
        Pooling::first, 9);
    if (weight >= 0) {
      const TermContext context{.tasks = run.tasks,
                                .width = run.encoder->width(),
                                .representation = run.model->architecture().width(),
                                .seed = 2};
      run.objective->add_penalty(weight, std::make_shared<DummyGradientNorm>(settings, context), "dgr");
    }
    run.objective->check(*run.model);
  }
  std::unique_ptr<StepGradients> step(FlatParameters& flat, const std::vector<StepBatch>& micros) const {
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7},
                        .parameters = &flat};
    flat.zero_gradients();
    return std::make_unique<StepGradients>(std::move(context), micros);
  }
  /// The penalty's gradient alone, and its value.
  std::pair<Tensor, double> alone(FlatParameters& flat, const std::vector<StepBatch>& micros) const {
    const auto made = step(flat, micros);
    made->apply_weights(torch::zeros({6}), {});
    double total = 0;
    for (const std::vector<TermSum>& terms : made->terms()) {
      for (const TermSum& term : terms) {
        if (term.term == "dgr") total += term.weight * term.sum.item<double>() / term.count;
      }
    }
    return {flat.gradients().clone(), total};
  }
};

TEST(DummyGradientNormStep, ItsGradientIsThatOfCentralDifferencesThroughTheEncoder) {
  for (const ArchitectureFactory& architecture : {architectures::shared(), architectures::mmoe({.experts = 2})}) {
    const WithDummies given(0.2, 0.7, {.dummies = 2}, architecture);
    given.run.model->to(torch::kFloat64);
    FlatParameters flat = given.run.flat();
    const std::vector<StepBatch> micros = given.run.batches("joint", 4, 1);
    const Tensor gradient = given.alone(flat, micros).first;
    const Tensor exact = gradient / gradient.norm();
    const double h = 1e-5;
    flat.values().add_(exact, h);
    const double above = given.alone(flat, micros).second;
    flat.values().add_(exact, -2 * h);
    const double below = given.alone(flat, micros).second;
    flat.values().add_(exact, h);
    EXPECT_GT(gradient.norm().item<double>(), 1e-4);
    EXPECT_NEAR((above - below) / (2 * h) / gradient.norm().item<double>(), 1.0, 1e-5);
    // Real heads are no part of it.
    for (const FlatSlot& slot : flat.slots()) {
      if (slot.name.starts_with("heads.")) {
        EXPECT_EQ(gradient.slice(0, slot.begin, slot.end).abs().max().item<double>(), 0) << slot.name;
      }
    }
  }
}

TEST(DummyGradientNormStep, TheFiniteDifferenceAgreesThroughTheEncoder) {
  const WithDummies exact(0.2, 0.7, {.dummies = 2});
  const WithDummies difference(0.2, 0.7, {.dummies = 2, .form = "finite_difference", .epsilon = 1e-4});
  for (const WithDummies* given : {&exact, &difference}) given->run.model->to(torch::kFloat64);
  FlatParameters flat = exact.run.flat(), other = difference.run.flat();
  const std::vector<StepBatch> micros = exact.run.batches("joint", 4, 1);
  const auto [gradient, value] = exact.alone(flat, micros);
  const auto [estimate, near] = difference.alone(other, micros);
  EXPECT_NEAR(near / value, 1.0, 1e-3);
  EXPECT_LT((estimate - gradient).norm().item<double>(), 1e-3 * gradient.norm().item<double>());
}

TEST(DummyGradientNormStep, AWeightOfZeroIsTheBaseBitForBit) {  // PT-4.4
  const Tensor weights = torch::linspace(0.5, 2, 6);
  for (const char* const form : {"exact", "finite_difference"}) {
    const WithDummies base(0.2, -1), zero(0.2, 0, {.form = form});
    FlatParameters plain = base.run.flat(), flat = zero.run.flat();
    ASSERT_TRUE(at::equal(plain.values(), flat.values()));
    const std::vector<StepBatch> micros = base.run.batches("joint", 4, 1);
    base.step(plain, micros)->apply_weights(weights, {});
    zero.step(flat, micros)->apply_weights(weights, {});
    EXPECT_TRUE(at::equal(plain.gradients(), flat.gradients())) << form;
  }
}

TEST(DummyGradientNormStep, OverMicroBatchesItIsTheMeanOfTheirs) {
  const WithDummies given(0.0, 0.7);
  FlatParameters flat = given.run.flat();
  const std::vector<StepBatch> micros = given.run.batches("joint", 8, 2);
  ASSERT_EQ(micros.size(), 2U);
  // Tasks of one label per row have as many in either; those of words would be weighted by words.
  const std::size_t spans = given.run.task_named("spans");
  const auto without_words = [&](std::vector<StepBatch> batches) {
    for (StepBatch& batch : batches)
      std::erase_if(batch.tasks, [&](const TaskBatch& rows) { return rows.task == spans; });
    return batches;
  };
  const auto cut = without_words(micros);
  const auto gradient = [&](const std::vector<StepBatch>& batches) {
    const auto made = given.step(flat, batches);
    made->apply_weights(torch::zeros({5}), {});
    return flat.gradients().clone();
  };
  EXPECT_GT(gradient(cut).norm().item<double>(), 1e-4);
  EXPECT_TRUE(close(gradient(cut), 0.5 * (gradient({cut[0]}) + gradient({cut[1]})), 1e-9, 1e-5));
}

}  // namespace
}  // namespace infomtl
