// Covariance alignment: maps of tasks before the encoder, in one pass over all tasks.
#include "infomtl/step/step_gradients.h"
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

TEST(Alignment, GradientsOfMapsAreThoseOfCentralDifferences) {
  const SmallRun run(0.1, "linear", {"supervised"}, "alignment");
  draw_maps(run);
  const std::vector<StepBatch> micros = run.batches("joint", 5, 1);
  const auto losses = [&] {
    FlatParameters flat = run.flat();
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &flat};
    StepGradients step(std::move(context), micros);
    return step.losses().to(torch::kFloat64).sum().item<double>();
  };
  FlatParameters flat = run.flat();
  flat.zero_gradients();
  {
    StepContext context{.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4},
                        .parameters = &flat};
    StepGradients step(std::move(context), micros);
    step.apply_weights(torch::ones({static_cast<std::int64_t>(step.size())}), {});
  }
  const torch::NoGradGuard no_grad;
  for (const std::size_t task : {std::size_t{0}, run.task_named("spans")}) {
    const Tensor map = map_of(run, task);
    const Tensor direction = ops::TensorRandom(11).normal(map.sizes());
    Tensor gradient;
    for (const FlatSlot& slot : flat.slots()) {
      if (slot.name == "architecture.maps." + std::to_string(task)) {
        gradient = flat.gradients().slice(0, slot.begin, slot.end);
      }
    }
    const double analytic = gradient.dot(direction.view(-1)).item<double>();
    const double size = 1e-3;
    map.add_(direction, size);
    const double above = losses();
    map.sub_(direction, 2 * size);
    const double below = losses();
    map.add_(direction, size);
    EXPECT_NEAR((above - below) / (2 * size) / analytic, 1.0, 1e-2) << task;
  }
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

}  // namespace
}  // namespace infomtl
