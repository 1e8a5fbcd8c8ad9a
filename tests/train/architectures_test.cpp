// Sharing architectures inside the training step: gradients of each task, continued runs.

#include "infomtl/core/files.h"
#include "infomtl/step/step_gradients.h"
#include "infomtl/train/trainer.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

struct Case {
  Json architecture, losses;
};
std::vector<Case> cases() {
  const Json plain = {"supervised"};
  const Json compressed = {"supervised", {{"name", "bottleneck"}, {"weight", 0.01}}};
  const Json decided = {"supervised", {{"name", "gate_entropy"}, {"weight", 0.001}}};
  return {
      {{{"name", "vib"}, {"width", 8}}, compressed},
      {{{"name", "additive_noise"}, {"width", 8}}, compressed},
      {{{"name", "variational"}, {"width", 8}}, compressed},
      {{{"name", "mmoe"}, {"experts", 3}, {"dropout", 0.1}}, plain},
      {{{"name", "cgc"}, {"width", 8}}, plain},
      {{{"name", "ple"}, {"hidden", 8}}, plain},
      {{{"name", "cross_stitch"}, {"hidden", 8}}, plain},
      {{{"name", "mtan"}, {"hidden", 8}}, plain},
      {{{"name", "dselect_k"}, {"hidden", 8}}, decided},
      {{{"name", "ltb"}, {"hidden", 8}, {"warmup_steps", 1}}, plain},
  };
}

class ArchitectureInAStep : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Cases, ArchitectureInAStep, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.architecture["name"].template get<std::string>(); });

/// The gradient of every parameter by one backward pass from one task's loss, in the order of the flat buffer.
Tensor separate_backward(const ForwardContext& context, const FlatParameters& flat, const StepBatch& batch,
                         std::size_t k) {
  const auto forward = std::make_shared<ForwardPass>(context, batch);
  const Task& task = context.model->tasks()[batch.tasks[k].task];
  const Tensor loss = forward->loss(k, context.objective->counts(task, batch.tasks[k])).value;
  std::vector<Tensor> parameters, pieces;
  for (const FlatSlot& slot : flat.slots()) parameters.push_back(slot.parameter);
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, false, false, /*allow_unused=*/true);
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    pieces.push_back((gradients[p].defined() ? gradients[p] : at::zeros_like(parameters[p])).reshape(-1));
  }
  return at::cat(pieces);
}

TEST_P(ArchitectureInAStep, RowsOfTheJacobianAreSeparateBackwardPasses) {
  const SmallRun run(0.1, "linear", GetParam().losses, GetParam().architecture);
  FlatParameters flat = run.flat();
  const StepBatch batch = run.batches("joint", 6, 1).front();
  StepContext context;
  context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
  context.parameters = &flat;
  StepGradients problem(context, {batch});
  const Tensor jacobian = problem.jacobian().clone();
  ASSERT_EQ(jacobian.size(0), 6);
  ASSERT_EQ(jacobian.size(1), flat.shared_size());
  for (std::size_t k = 0; k < problem.size(); ++k) {
    const Tensor alone = separate_backward(context.forward, flat, batch, k);
    EXPECT_TRUE(close(jacobian[static_cast<std::int64_t>(k)], alone.slice(0, 0, flat.shared_size()), 0, 1e-5)) << k;
    // Of the task's own parameters (head, gates, masks) likewise.
    flat.zero_gradients();
    StepGradients own(context, {batch});
    const Tensor only = at::one_hot(at::scalar_tensor(static_cast<std::int64_t>(k), at::kLong), 6).to(at::kFloat);
    own.apply_direction(at::zeros({flat.shared_size()}), only);
    EXPECT_TRUE(close(flat.gradients().slice(0, flat.shared_size()), alone.slice(0, flat.shared_size()), 0, 1e-5)) << k;
  }
}

struct Trained {
  SmallRun run;
  std::unique_ptr<Trainer> trainer;
  Trained(const Case& given, const std::string& regime, const char* weighting)
      : run(0.1, "linear", given.losses, given.architecture) {
    TrainerSettings settings;
    settings.seed = 3;
    settings.epochs = 2;
    settings.batching.batch_size = 12;
    settings.learning_rate = 0.01;
    settings.batching.regime = regime_named(regime);
    WeightingContext tasks;
    for (const Task& task : run.tasks) {
      tasks.names.push_back(task.name);
      tasks.train_rows.push_back(task.train_rows);
    }
    tasks.regime = regime_named(regime);
    trainer = std::make_unique<Trainer>(settings, run.model, run.objective,
                                        build_weighting(Config::from_json(weighting, "weighting"), tasks), run.data);
  }
  void steps(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(trainer->step());
  }
};

TEST_P(ArchitectureInAStep, ContinuesBitForBitFromACheckpoint) {
  for (const auto& [regime, weighting] : {std::pair("alternating", "equal"), std::pair("joint", "pcgrad")}) {
    Trained straight(GetParam(), regime, weighting);
    const Tensor start = straight.trainer->parameters().values().clone();
    straight.steps(4);
    const testing::TemporaryFolder folder;
    {
      Trained first(GetParam(), regime, weighting);
      first.steps(2);
      first.trainer->save(folder.path() / "last", testing::corpus().folder.path() / "encoder");
    }
    Trained second(GetParam(), regime, weighting);
    second.trainer->load(folder.path() / "last");
    second.steps(2);
    const Tensor values = straight.trainer->parameters().values();
    EXPECT_TRUE(at::equal(values, second.trainer->parameters().values())) << regime;
    straight.trainer->save(folder.path() / "a");
    second.trainer->save(folder.path() / "b");
    EXPECT_EQ(read_file(folder.path() / "a" / "heads.safetensors"),
              read_file(folder.path() / "b" / "heads.safetensors"));
    // Joint steps train every part of the architecture, but for masks of layers whose states words do not have.
    if (std::string(regime) != "joint") continue;
    const std::string unused = "architecture.masks." + std::to_string(straight.run.task_named("spans")) + ".0.";
    for (const FlatSlot& slot : straight.trainer->parameters().slots()) {
      if (!slot.name.starts_with("architecture.") || slot.name.starts_with(unused)) continue;
      EXPECT_FALSE(at::equal(start.slice(0, slot.begin, slot.end), values.slice(0, slot.begin, slot.end))) << slot.name;
    }
  }
}

TEST_P(ArchitectureInAStep, LossesAskedForFirstAreThoseOfTheGraph) {
  const SmallRun run(0.1, "linear", GetParam().losses, GetParam().architecture);
  FlatParameters flat = run.flat();
  StepContext context;
  context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
  context.parameters = &flat;
  StepGradients problem(context, run.batches("joint", 6, 2));  // micro-batches are run twice
  const Tensor losses = problem.losses().clone();
  problem.apply_weights(torch::ones({6}), {});
  EXPECT_TRUE(at::equal(problem.reevaluate_losses(), losses)) << "noise must repeat itself";
}

TEST(RepresentationGradients, AreRefusedWhereThereIsNoOneRepresentation) {
  const SmallRun run(0.0, "linear", {"supervised"}, "mtan");
  FlatParameters flat = run.flat();
  StepContext context;
  context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
  context.parameters = &flat;
  StepGradients problem(context, run.batches("joint", 3, 1));
  EXPECT_THROW(problem.representation_gradients(), ConfigError);
}

}  // namespace
}  // namespace infomtl
