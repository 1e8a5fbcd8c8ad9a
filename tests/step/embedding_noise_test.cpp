#include "infomtl/step/embedding_noise.h"

#include "infomtl/losses/supervised.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

struct Evaluated {
  SmallRun run = SmallRun(0.1, "gaussian");
  StepBatch batch = run.batches("joint", 6, 1)[0];
  ForwardPass pass{{.model = run.model.get(), .training = false}, batch};

  Tensor output(std::size_t k, const EmbeddingNoise& noise) {
    const torch::NoGradGuard no_grad;
    return with_embedding_noise(pass, k, noise)->prediction().output;
  }
  double loss(std::size_t k, const EmbeddingNoise& noise) {
    const torch::NoGradGuard no_grad;
    return Supervised().compute(*with_embedding_noise(pass, k, noise)).mean().item<double>();
  }
};

TEST(EmbeddingNoise, OfNoLengthChangesNothing) {
  Evaluated given;
  for (std::size_t k = 0; k < given.pass.size(); ++k) {
    for (const char* const kind : {"random", "adversarial"}) {
      EXPECT_TRUE(close(given.output(k, {.kind = kind, .strength = 0}), given.pass.task(k).prediction().output, 1e-5));
    }
  }
}

TEST(EmbeddingNoise, IsAFunctionOfTheExampleAndTheSeed) {
  Evaluated given;
  const EmbeddingNoise noise = {.strength = 0.5, .seed = 3};
  const Tensor whole = given.output(0, noise);
  EXPECT_TRUE(at::equal(whole, given.output(0, noise)));
  EXPECT_FALSE(close(whole, given.output(0, {.strength = 0.5, .seed = 4}), 1e-3));
  // The same example alone in a batch.
  StepBatch alone = given.batch;
  TaskBatch& rows = alone.tasks[0];
  for (Tensor* part : {&rows.rows, &rows.labels, &rows.examples, &rows.texts}) *part = part->slice(0, 2, 3);
  alone.tasks.resize(1);
  ForwardPass pass({.model = given.run.model.get(), .training = false}, alone);
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(close(with_embedding_noise(pass, 0, noise)->prediction().output, whole.slice(0, 2, 3), 1e-5));
}

TEST(EmbeddingNoise, AnAttackRaisesTheLossMoreThanChance) {
  Evaluated given;
  for (std::size_t k = 0; k < given.pass.size(); ++k) {
    const double clean = given.loss(k, {.strength = 0});
    EXPECT_GT(given.loss(k, {.kind = "adversarial", .strength = 0.05}), clean) << k;
    double chance = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) chance += given.loss(k, {.strength = 0.05, .seed = seed}) / 8;
    EXPECT_GT(given.loss(k, {.kind = "adversarial", .strength = 0.05}), chance) << k;
  }
}

TEST(EmbeddingNoise, HasANameForItsScores) {
  EXPECT_EQ((EmbeddingNoise{.strength = 0.1}.name()), "random 0.1");
  EXPECT_EQ((EmbeddingNoise{.kind = "adversarial", .strength = 2}.name()), "adversarial 2");
}

}  // namespace
}  // namespace infomtl
