// Heads that read other tasks' heads, steps of tasks that a batch does not label, and the per-task step counter.
#include "infomtl/core/errors.h"
#include "infomtl/model/head.h"
#include "infomtl/step/step_gradients.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// Outputs of a linear map of the representation and of what another task's head says, if it is another task's.
class Reading final : public Head {
 public:
  struct Settings {
    std::vector<std::string> tasks = {"topic"};
    void fields(FieldVisitor& f) { f.field("tasks", tasks, "tasks that are read, in a row"); }
  };
  Reading(const Settings& settings, const HeadContext& context) {
    for (std::size_t i = 0; i + 1 < settings.tasks.size(); ++i) {
      if (settings.tasks[i] == context.task->name) reads_ = settings.tasks[i + 1];
    }
    const auto draw = [&](const char* name, std::int64_t rows, std::int64_t columns) {
      ops::TensorRandom random(derive_seed(context.seed, name));
      return register_parameter(name, random.normal({rows, columns}) * 0.3);
    };
    own_ = draw("own", context.width, context.task->outputs());
    other_ = draw("other", 8, context.task->outputs());
  }
  Prediction forward(const HeadInput& input) override {
    Tensor output = input.representation.mm(own_);
    if (!reads_.empty()) {
      const Tensor& said = input.other(reads_).output;
      output = output + said.mm(other_.narrow(0, 0, said.size(1)));
    }
    return {.output = output};
  }
  std::string reads_;

 private:
  Tensor own_, other_;
};

SmallRun reading_run(const std::vector<std::string>& tasks, double dropout = 0.0) {
  if (!head_registry().contains("reading")) head_registry().add<Reading>("reading", "reads another head");
  return SmallRun(dropout, {{"name", "reading"}, {"tasks", tasks}});
}

TEST(OtherHeads, AreReadOnTheSameRowsWhetherTheBatchLabelsThemOrNot) {
  const SmallRun run = reading_run({"polarity", "topic", "emotion"});
  const std::size_t polarity = run.task_named("polarity"), topic = run.task_named("topic"),
                    emotion = run.task_named("emotion");
  const StepBatch joint = run.batches("joint", 5, 1)[0];
  StepBatch alone = joint;
  std::erase_if(alone.tasks, [&](const TaskBatch& rows) { return rows.task != polarity; });
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .training = true}, alone);
  ASSERT_EQ(pass.size(), 1U);
  TaskStep& step = pass.task(0);
  const Tensor z = step.shared();
  const auto weight = [&](std::size_t task, const char* name) {
    return run.model->head(task).named_parameters()[name];
  };
  const Tensor third = z.mm(weight(emotion, "own"));
  const Tensor second = z.mm(weight(topic, "own")) + third.mm(weight(topic, "other").narrow(0, 0, third.size(1)));
  const Tensor first =
      z.mm(weight(polarity, "own")) + second.mm(weight(polarity, "other").narrow(0, 0, second.size(1)));
  EXPECT_TRUE(close(step.prediction().output, first, 0, 1e-6));
  TaskStep& asked = step.on_same_rows(topic);
  EXPECT_EQ(asked.task_index(), topic);
  EXPECT_EQ(asked.batch().rows.size(0), 5);
  EXPECT_FALSE(asked.batch().labels.defined());
  EXPECT_TRUE(close(asked.prediction().output, second, 0, 1e-6));
  EXPECT_EQ(&asked.on_same_rows(polarity), &step);
  EXPECT_EQ(&step.on_same_rows(topic), &asked);
  // Asked on the sequences of a tagging task, a task that reads sequences has one row for each of them.
  ForwardPass all({.model = run.model.get(), .objective = run.objective.get()}, joint);
  TaskStep& spans = all.task(run.task_named("spans"));
  EXPECT_EQ(spans.on_same_rows(topic).prediction().output.size(0), spans.batch().rows.size(0));
}

TEST(OtherHeads, GetTheGradientOfTheLossThatReadThem) {
  const SmallRun run = reading_run({"polarity", "topic"}, 0.1);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 4, 1);
  const auto step = [&] {
    flat.zero_gradients();
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &flat};
    return std::make_unique<StepGradients>(std::move(context), micros);
  };
  Tensor only = torch::zeros({6});
  only[static_cast<std::int64_t>(run.task_named("polarity"))] = 1.0;
  step()->apply_weights(only, {});
  const Tensor direct = flat.gradients().clone();
  for (const char* name : {"heads.polarity.own", "heads.polarity.other", "heads.topic.own"}) {
    for (const FlatSlot& slot : flat.slots()) {
      if (slot.name != name) continue;
      EXPECT_GT(direct.slice(0, slot.begin, slot.end).abs().sum().item<float>(), 0.0F) << name;
    }
  }
  const auto by_rows = step();
  const Tensor gram = by_rows->gram();
  by_rows->apply_weights(only, {});
  EXPECT_TRUE(close(flat.gradients(), direct, 0, 1e-5));
  const Tensor row = direct.narrow(0, 0, flat.shared_size()).to(torch::kFloat64);
  const auto place = static_cast<std::int64_t>(run.task_named("polarity"));
  EXPECT_NEAR(gram[place][place].item<double>() / row.square().sum().item<double>(), 1.0, 1e-5);
}

TEST(OtherHeads, ThatAskForEachOtherInACircleAreAnError) {
  const SmallRun run = reading_run({"polarity", "topic", "polarity"});
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get()}, run.batches("joint", 3, 1)[0]);
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      pass.task(run.task_named("topic")).prediction();
      FAIL() << "no error";
    } catch (const StateError& error) {
      EXPECT_NE(std::string(error.what()).find("\"topic\" reads \"polarity\" reads \"topic\""), std::string::npos)
          << error.what();
    }
  }
  EXPECT_NO_THROW(pass.task(run.task_named("emotion")).prediction());
  const SmallRun unknown = reading_run({"polarity", "topik"});
  ForwardPass other({.model = unknown.model.get(), .objective = unknown.objective.get()},
                    unknown.batches("joint", 3, 1)[0]);
  EXPECT_THROW(other.task(unknown.task_named("polarity")).prediction(), StateError);
  EXPECT_THROW(unknown.model->head(unknown.task_named("polarity")).forward({torch::zeros({1, 16})}), StateError);
  EXPECT_FALSE(unknown.model->head(0).weight_posterior().has_value());
}

TEST(TaskStep, CountsTheStepsOfItsTaskAsAFunctionOfTheStep) {
  const SmallRun run(0.0);
  std::vector<std::int64_t> seen(run.tasks.size(), 0);
  for (std::int64_t at = 0; at < 40; ++at) {
    const StepBatch batch = run.batches("alternating", 24, 2, at)[0];  // a stream that starts there
    ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .step = at}, batch);
    ASSERT_EQ(pass.size(), 1U);
    EXPECT_EQ(pass.task(0).task_step(), seen[pass.task(0).task_index()]++) << at;
  }
  EXPECT_GT(*std::min_element(seen.begin(), seen.end()), 1);
  const StepBatch joint = run.batches("joint", 5, 3, 11)[1];
  for (const TaskBatch& rows : joint.tasks) EXPECT_EQ(rows.batches_before, 11);
}

}  // namespace
}  // namespace infomtl
