#include "infomtl/step/gradient_cosine.h"

#include <cmath>

#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

Tensor mean_of_draws(const std::vector<Tensor>& draws) { return torch::stack(draws).mean(0); }

TEST(GradientCosine, IsAFunctionOfTheSeedAndLeavesTheModelAsItWas) {
  const SmallRun run(0.2);
  std::vector<Tensor> before;
  for (const Tensor& parameter : run.model->parameters()) before.push_back(parameter.detach().clone());
  const auto first = gradient_cosines(*run.model, *run.data, {.draws = 2, .rows = 6, .seed = 3});
  ASSERT_EQ(first.size(), 2U);
  std::vector<std::int64_t> drawn;
  const auto again = gradient_cosines(*run.model, *run.data, {.draws = 2, .rows = 6, .seed = 3},
                                      [&](std::int64_t draw) { drawn.push_back(draw); });
  EXPECT_EQ(drawn, (std::vector<std::int64_t>{1, 2}));
  const auto other = gradient_cosines(*run.model, *run.data, {.draws = 2, .rows = 6, .seed = 4});
  EXPECT_TRUE(at::equal(first[1], again[1]));
  EXPECT_FALSE(at::allclose(first[0], first[1]));
  EXPECT_FALSE(at::allclose(first[0], other[0]));
  const auto after = run.model->parameters();
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(after[i], before[i]));
}

TEST(GradientCosine, OfATaskWithItselfGrowsWithTheRowsOfABatch) {
  const SmallRun run(0.2);
  const auto tasks = static_cast<std::int64_t>(run.tasks.size());
  const Tensor few = mean_of_draws(gradient_cosines(*run.model, *run.data, {.draws = 6, .rows = 2}));
  const Tensor many = mean_of_draws(gradient_cosines(*run.model, *run.data, {.draws = 6, .rows = 40}));
  EXPECT_EQ(many.sizes(), (at::IntArrayRef{tasks, tasks}));
  EXPECT_TRUE(close(many, many.t(), 1e-12));
  EXPECT_TRUE((many.abs() <= 1.0 + 1e-9).all().item<bool>()) << many;
  EXPECT_GT(many.diagonal().mean().item<double>(), few.diagonal().mean().item<double>() + 0.05) << few << many;
}

TEST(GradientCosine, OfTasksThatAreOneIsThatOfATaskWithItself) {
  SmallRun run(0.0);
  Dataset twice = testing::corpus().dataset;
  const std::size_t topic = run.task_named("topic");
  Task copy = twice.tasks[topic];
  copy.name = "topic_again";
  twice.tasks = {twice.tasks[topic], copy};
  for (SplitData& split : twice.splits) split.tasks = {split.tasks[topic], split.tasks[topic]};
  const auto data = std::make_shared<TaskData>(std::move(twice), testing::corpus().tokenizer, 64);
  const MultiTaskModel model(run.encoder, linear_heads(data->dataset().tasks));
  const auto heads = model.task_parameters();  // two heads, made alike
  {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < heads.size() / 2; ++i) heads[heads.size() / 2 + i].parameter.copy_(heads[i].parameter);
  }
  const Tensor cosines = mean_of_draws(gradient_cosines(model, *data, {.draws = 12, .rows = 24}));
  const double alone = cosines[0][0].item<double>(), pair = cosines[0][1].item<double>();
  EXPECT_GT(pair, 0.1);
  EXPECT_NEAR(pair, alone, 0.15) << cosines;
}

TEST(GradientCosine, IsNotKnownOfATaskWithOneRow) {
  const SmallRun run(0.0);
  Dataset small = testing::corpus().dataset;
  TaskRows& rows = small.split(Split::train).tasks[run.task_named("topic")];
  rows.sequences.resize(1);
  rows.classes.resize(1);
  const auto data = std::make_shared<TaskData>(std::move(small), testing::corpus().tokenizer, 64);
  const auto topic = static_cast<std::int64_t>(run.task_named("topic"));
  const Tensor cosines = gradient_cosines(*run.model, *data, {.draws = 1, .rows = 4})[0];
  for (std::int64_t t = 0; t < cosines.size(0); ++t) {
    EXPECT_TRUE(std::isnan(cosines[topic][t].item<double>()));
    EXPECT_EQ(std::isnan(cosines[t][t].item<double>()), t == topic);
  }
}

}  // namespace
}  // namespace infomtl
