// Covariance alignment: maps of tasks before the encoder, in one pass over all tasks.
#include "infomtl/step/step_gradients.h"
#include "step/directional_derivative.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// Draws the maps, so that they are not the identity.
void draw_maps(const SmallRun& run, double size = 0.2) {
  const torch::NoGradGuard no_grad;
  for (const auto& map : run.model->architecture().named_parameters()) {
    ops::TensorRandom random(derive_seed(3, map.key()));
    map.value().copy_(random.normal(map.value().sizes()) * size);
  }
}

Tensor map_of(const SmallRun& run, std::size_t task) {
  return run.model->architecture().named_parameters()["maps." + std::to_string(task)];
}

/// [P] of one step's summed losses.
Tensor gradient_of(const SmallRun& run, const std::vector<StepBatch>& micros, std::uint64_t seed = 4) {
  FlatParameters flat = run.flat();
  flat.zero_gradients();
  StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = seed},
                      .parameters = &flat};
  StepGradients step(std::move(context), micros);
  step.apply_weights(torch::ones({static_cast<std::int64_t>(step.size())}), {});
  // What the other architecture has, too: the encoder, then heads.
  std::vector<Tensor> common;
  for (const FlatSlot& slot : flat.slots()) {
    if (slot.name.find("architecture.") != 0) common.push_back(flat.gradients().slice(0, slot.begin, slot.end).clone());
  }
  return at::cat(common);
}

/// PT-3.1
TEST(Alignment, BeginsAtHardSharingBitForBit) {
  const SmallRun aligned(0.1, "linear", {"supervised"}, "alignment"), shared(0.1);
  const std::vector<StepBatch> micros = shared.batches("alternating", 8, 1);
  EXPECT_TRUE(at::equal(gradient_of(aligned, micros), gradient_of(shared, micros)));
}

TEST(Alignment, EveryTaskReadsItsOwnMapInOnePass) {
  const SmallRun run(0.0, "linear", {"supervised"}, "alignment");
  draw_maps(run);
  StepBatch joint = run.batches("joint", 5, 1)[0];
  joint.tasks[1].rows = joint.tasks[0].rows;  // the same texts, another map
  joint.tasks[1].labels = joint.tasks[1].labels.narrow(0, 0, joint.tasks[1].rows.size(0));
  ForwardPass all({.model = run.model.get(), .objective = run.objective.get()}, joint);
  for (std::size_t k = 0; k < joint.tasks.size(); ++k) {
    StepBatch alone = joint;
    alone.tasks = {joint.tasks[k]};
    ForwardPass one({.model = run.model.get(), .objective = run.objective.get()}, alone);
    EXPECT_TRUE(close(all.task(k).shared(), one.task(0).shared(), 0, 1e-5)) << k;
    // E R_t by hand, given to the encoder of a model without maps.
    const Tensor words = run.encoder->word_embeddings(alone.tokens);
    const EncoderOutput expected =
        run.encoder->forward(alone.tokens, {.embedding_offset = words.mm(map_of(run, joint.tasks[k].task))});
    EXPECT_TRUE(close(all.task(k).shared(), expected.pooled.index_select(0, joint.tasks[k].rows), 0, 1e-5)) << k;
  }
  EXPECT_GT((all.task(0).shared() - all.task(1).shared()).abs().max().item<float>(), 1e-3F);
}

TEST(Alignment, ItsGradientIsThatOfCentralDifferencesThroughTheEncoder) {
  const SmallRun run(0.1, "linear", {"supervised"}, "alignment");
  draw_maps(run);
  run.model->to(torch::kFloat64);
  FlatParameters flat = run.flat();
  testing::expect_directional_derivatives(run, flat, run.batches("joint", 5, 1));
  // Tasks' own parameters are heads and maps; the maps alone:
  testing::expect_directional_derivatives(run, flat, run.batches("joint", 5, 1), [](const std::string& name) {
    return name.starts_with("architecture.maps.");
  });
}

TEST(Alignment, TheEncoderGetsTheGradientThroughItsWordsToo) {
  const SmallRun run(0.1, "linear", {"supervised"}, "alignment");
  draw_maps(run);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = run.batches("joint", 5, 1);
  const auto step = [&] {
    flat.zero_gradients();
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &flat};
    return std::make_unique<StepGradients>(std::move(context), micros);
  };
  const auto tasks = static_cast<std::int64_t>(step()->size());
  std::vector<Tensor> rows;
  for (std::int64_t t = 0; t < tasks; ++t) {
    step()->apply_weights(at::one_hot(at::scalar_tensor(t, at::kLong), tasks).to(at::kFloat), {});
    rows.push_back(flat.gradients().narrow(0, 0, flat.shared_size()).clone());
  }
  const auto at_once = step();
  EXPECT_TRUE(close(at_once->jacobian(), at::stack(rows), 0, 1e-5));
}

/// PT-3.2: X_2 = X_1 Q with Q orthogonal, R_2 = Q^T.
TEST(Alignment, UndoesARotationOfTheInputs) {
  const SmallRun run(0.0, "linear", {"supervised"}, {{"name", "alignment"}, {"site", "pooled"}});
  Architecture& architecture = run.model->architecture();
  EXPECT_FALSE(architecture.changes_embeddings());
  const Tensor rotation = std::get<0>(at::linalg_qr(ops::TensorRandom(5).normal({16, 16})));
  const Tensor x = ops::TensorRandom(6).normal({7, 16});
  const torch::NoGradGuard no_grad;
  map_of(run, 1).copy_(rotation.t() - at::eye(16));
  const Tensor first = architecture.forward(0, {.pooled = x, .layers = {}}, nullptr).value;
  const Tensor second = architecture.forward(1, {.pooled = x.mm(rotation), .layers = {}}, nullptr).value;
  EXPECT_TRUE(close(second, first, 1e-5));
}

/// PT-3.5: with as wide a shared map as there are tasks, single-task least squares are an optimum of the joint linear model.
TEST(Alignment, HasNothingToGainWhereTheSharedMapHoldsEveryTask) {
  constexpr std::int64_t kWidth = 6, kRows = 40;
  std::vector<Task> tasks(2);
  for (std::size_t t = 0; t < 2; ++t) tasks[t].name = "t" + std::to_string(t), tasks[t].kind = TaskKind::regression;
  const auto shared = architecture_registry().build(
      Config::from_json({{"name", "additive_noise"}, {"width", 2}, {"normalize", false}}, "architecture"),
      ArchitectureContext{.width = kWidth, .layers = 1, .tasks = tasks, .seed = 1});
  const auto set = [](const torch::nn::Module& module, const std::string& name, const Tensor& value) {
    const torch::NoGradGuard no_grad;
    module.named_parameters()[name].copy_(value);
  };
  std::vector<Tensor> inputs, values, solutions;
  for (std::uint64_t t = 0; t < 2; ++t) {
    inputs.push_back(ops::TensorRandom(20 + t).normal({kRows, kWidth}).to(torch::kFloat64));
    values.push_back(ops::TensorRandom(30 + t).normal({kRows, 1}).to(torch::kFloat64));
    solutions.push_back(std::get<0>(at::linalg_lstsq(inputs[t], values[t])).t());
  }
  shared->to(torch::kFloat64);
  set(*shared, "code.output.weight", at::cat(solutions));
  set(*shared, "code.output.bias", torch::zeros({2}));
  std::vector<Tensor> parameters = shared->shared_parameters();
  Tensor loss = torch::zeros({}, torch::kFloat64);
  for (std::size_t t = 0; t < 2; ++t) {
    const auto head = linear_heads(tasks).heads[t]({.width = 2, .task = &tasks[t], .seed = 1});
    head->to(torch::kFloat64);
    set(*head, "net.output.weight", torch::eye(2).narrow(0, static_cast<std::int64_t>(t), 1));
    set(*head, "net.output.bias", torch::zeros({1}));
    const Tensor read = shared->forward(t, {.pooled = inputs[t], .layers = {}}, nullptr).value;
    loss = loss + (head->forward({.representation = read}).output - values[t]).square().sum();
    parameters.push_back(head->named_parameters()["net.output.weight"]);
  }
  for (const Tensor& gradient : torch::autograd::grad({loss}, parameters, {}, false, false, true)) {
    // Without intercepts in the regressions, biases may still gain something.
    if (gradient.dim() != 2) continue;
    EXPECT_LE(gradient.abs().max().item<double>(), 1e-9);
  }
}

}  // namespace
}  // namespace infomtl
