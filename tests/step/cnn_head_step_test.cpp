// A head that reads the states of all tokens, in a step.
#include "infomtl/model/heads.h"
#include "infomtl/step/forward_pass.h"
#include "infomtl/step/step_gradients.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// Convolutions for the tasks of whole texts, linear heads for words.
std::shared_ptr<MultiTaskModel> model_of(const SmallRun& run) {
  const HeadFactory cnn =
      cnn_heads({run.tasks.front()}, {.widths = {2, 3}, .filters = 4, .dropout = 0.2}).heads.front();
  TaskHeads heads = linear_heads(run.tasks);
  for (std::size_t t = 0; t < run.tasks.size(); ++t) {
    if (run.tasks[t].kind != TaskKind::tagging) heads.heads[t] = cnn;
  }
  return std::make_shared<MultiTaskModel>(run.encoder, heads);
}

TEST(CnnHeadStep, ReadsTheTokensOfItsOwnRows) {
  const SmallRun run(0.0);
  const auto model = model_of(run);
  const std::vector<StepBatch> micros = run.batches("joint", 4, 1);
  const ForwardContext context{.model = model.get(), .objective = run.objective.get(), .seed = 4, .training = false};
  ForwardPass all(context, micros[0]);
  const std::size_t topic = run.task_named("topic");
  const TaskBatch& rows = micros[0].tasks[topic];
  ASSERT_EQ(rows.task, topic);
  const Tensor together = all.task(topic).prediction().output;
  for (std::int64_t b = 0; b < rows.rows.size(0); ++b) {
    TaskBatch row;
    row.task = topic;
    row.rows = torch::zeros({1}, torch::kInt64);
    row.labels = rows.labels.narrow(0, b, 1);
    StepBatch one;
    one.tokens = micros[0].tokens.select({rows.rows[b].item<std::int64_t>()});
    one.tasks = {row};
    ForwardPass alone(context, one);
    EXPECT_TRUE(close(alone.task(0).prediction().output, together.narrow(0, b, 1), 1e-5)) << b;
  }
}

TEST(CnnHeadStep, TrainsOnEveryTasksOwnGradient) {
  const SmallRun run(0.1);
  const auto model = model_of(run);
  FlatParameters flat(model->shared_parameters(), model->task_parameters());
  const std::vector<StepBatch> micros = run.batches("joint", 4, 1);
  const auto gradients = [&] {
    StepContext context;
    context.forward = {.model = model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
    context.parameters = &flat;
    return std::make_unique<StepGradients>(std::move(context), micros);
  };
  const Tensor jacobian = gradients()->jacobian().clone();
  flat.zero_gradients();
  gradients()->apply_weights(torch::ones({jacobian.size(0)}), {});
  EXPECT_TRUE(close(jacobian.sum(0), flat.gradients().slice(0, 0, flat.shared_size()), 0, 1e-5));
  EXPECT_GT(jacobian.norm().item<float>(), 0.0F);
  for (const FlatSlot& slot : flat.slots()) {
    if (slot.name.find("width2.weight") == std::string::npos) continue;
    EXPECT_GT(flat.gradients().slice(0, slot.begin, slot.end).norm().item<float>(), 0.0F) << slot.name;
  }
}

}  // namespace
}  // namespace infomtl
