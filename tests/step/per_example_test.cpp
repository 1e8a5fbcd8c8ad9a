// Per-example gradients against one backward pass per row.
#include "infomtl/step/per_example.h"

#include "infomtl/core/errors.h"
#include "step/small_run.h"
#include "step/views.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

std::vector<Tensor> named(const SmallRun& run, std::size_t task, const std::vector<std::string>& names) {
  const auto encoder = run.encoder->named_parameters();
  std::vector<Tensor> parameters;
  for (const std::string& name : names) parameters.push_back(encoder[name]);
  for (const Tensor& parameter : run.model->head(task).parameters()) parameters.push_back(parameter);
  for (const Tensor& parameter : run.model->architecture().parameters()) parameters.push_back(parameter);
  return parameters;
}

/// The gradient of the sum over some rows of the supervised loss, flat.
Tensor gradient_of(const SmallRun& run, const StepBatch& batch, const std::vector<Tensor>& parameters) {
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .training = false}, batch);
  const std::vector<std::int64_t> counts = run.objective->counts(pass.task(0).task(), batch.tasks[0]);
  const Tensor loss = pass.loss(0, counts).value * static_cast<double>(counts[0]);
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, false, false, /*allow_unused=*/true);
  std::vector<Tensor> flat;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    flat.push_back(gradients[p].defined() ? gradients[p].reshape(-1) : torch::zeros({parameters[p].numel()}));
  }
  return at::cat(flat);
}

TEST(PerExampleGradients, AreThoseOfEveryRowAlone) {
  const std::vector<std::string> names = {
      "embeddings.word_embeddings.weight",           "embeddings.LayerNorm.weight",
      "encoder.layer.0.attention.self.value.weight", "encoder.layer.1.attention.self.query.bias",
      "encoder.layer.1.output.dense.weight",         "encoder.layer.1.output.LayerNorm.bias"};
  for (const Json& architecture : std::vector<Json>{"shared", {{"name", "mmoe"}, {"experts", 2}}}) {
    const SmallRun run(0.3, "gaussian", {"supervised", {{"name", "simax"}, {"weight", 0.1}}}, architecture);
    const StepBatch batch = run.batches("joint", 5, 1)[0];
    for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
      const std::vector<Tensor> parameters = named(run, batch.tasks[k].task, names);
      const Tensor found =
          per_example_gradients({.model = run.model.get(), .objective = run.objective.get()}, batch, k, parameters);
      EXPECT_FALSE(found.requires_grad());
      ASSERT_EQ(found.size(0), 5);
      for (std::int64_t b = 0; b < found.size(0); ++b) {
        const Tensor alone = gradient_of(run, only_row(batch, k, b), parameters);
        EXPECT_GT(alone.norm().item<float>(), 0.0F);
        EXPECT_TRUE(close(found[b], alone, 0, 1e-5)) << run.tasks[batch.tasks[k].task].name << b;
      }
      EXPECT_TRUE(close(found.sum(0), gradient_of(run, only_task(batch, k), parameters), 0, 1e-5));
    }
  }
}

TEST(PerExampleGradients, OfTheEncoderAloneTakeOnePass) {
  const SmallRun run(0.0);
  const StepBatch batch = run.batches("joint", 6, 1)[0];
  const Tensor weight = run.encoder->named_parameters()["encoder.layer.0.output.dense.weight"];
  /// Counts the passes in which it is asked.
  class Counter final : public LossTerm {
   public:
    int passes = 0;
    LossValue compute(TaskStep& step) override {
      ++passes;
      return {step.prediction().output.sum(), torch::full({}, static_cast<double>(step.batch().rows.size(0)))};
    }
  };
  const auto counter = std::make_shared<Counter>();
  Objective objective;
  objective.add(2.0, counter);
  const ForwardContext context{.model = run.model.get(), .objective = &objective};
  const Tensor found = per_example_gradients(context, batch, 0, {weight});
  EXPECT_EQ(counter->passes, 1);
  EXPECT_EQ(found.sizes(), at::IntArrayRef({6, weight.numel()}));
  EXPECT_GT(found.abs().amax(1).min().item<float>(), 0.0F);
  EXPECT_THROW(per_example_gradients(context, batch, 0, {}), StateError);
  EXPECT_THROW(per_example_gradients(context, batch, 0, {weight.detach()}), StateError);
}

TEST(OnlyRow, IsTheBatchOfThatRow) {
  const SmallRun run(0.0);
  const StepBatch batch = run.batches("joint", 4, 1)[0];
  const ForwardContext context{.model = run.model.get(), .objective = nullptr, .training = false};
  ForwardPass all(context, batch);
  for (std::size_t k = 0; k < batch.tasks.size(); ++k) {
    const TaskBatch& task = batch.tasks[k];
    for (std::int64_t b = 0; b < 4; ++b) {
      const StepBatch one = only_row(batch, k, b);
      EXPECT_EQ(one.tokens.sequences(), 1);
      ForwardPass pass(context, one);
      std::int64_t begin = b, count = 1;
      if (task.word_offsets.defined()) {
        begin = task.word_offsets[b].item<std::int64_t>();
        count = task.word_offsets[b + 1].item<std::int64_t>() - begin;
      }
      EXPECT_TRUE(
          close(pass.task(0).prediction().output, all.task(k).prediction().output.narrow(0, begin, count), 2e-6));
      EXPECT_TRUE(close(one.tasks[0].labels, task.labels.narrow(0, begin, count), 0));
    }
  }
}

}  // namespace
}  // namespace infomtl
