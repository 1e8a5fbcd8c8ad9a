// cross_stitch and ltb: known answers.

#include <cmath>

#include "model/architecture_cases.h"
#include "support/compare.h"

namespace infomtl {
namespace {

using testing::build_architecture;
using testing::close;
using testing::kTasks;
using testing::net_of;
using testing::random_rows;

Tensor adapted(const Architecture& module, int level, std::size_t task, const Tensor& x) {
  return x + net_of(module, "adapters." + std::to_string(level) + "." + std::to_string(task), x);
}

TEST(CrossStitch, WithIdentityTasksAreIndependent) {  // PT-8.13
  const auto stitch = build_architecture({{"name", "cross_stitch"}, {"levels", 3}, {"own", 1.0}});
  const SharedRows rows = random_rows(5);
  for (std::size_t t = 0; t < kTasks; ++t) {
    const Tensor alone = adapted(*stitch, 2, t, adapted(*stitch, 1, t, adapted(*stitch, 0, t, rows.pooled)));
    const Tensor value = stitch->forward(t, rows, nullptr).value;
    EXPECT_TRUE(close(value, alone, 1e-6));
    const Tensor other = stitch->named_parameters()["adapters.0." + std::to_string((t + 1) % kTasks) + ".output.bias"];
    EXPECT_EQ(torch::autograd::grad({value.sum()}, {other})[0].abs().max().item<float>(), 0.0F);
  }
}

TEST(CrossStitch, CombinesTheBranchesBetweenLevels) {
  const auto stitch = build_architecture("cross_stitch");
  const SharedRows rows = random_rows(5);
  testing::set(*stitch, "stitches.1.1", torch::tensor({0.3, -0.5, 2.0}));
  Tensor input = at::zeros_like(rows.pooled);
  for (const auto& [s, share] : {std::pair{0, 0.3}, std::pair{1, -0.5}, std::pair{2, 2.0}}) {
    input = input + share * adapted(*stitch, 0, static_cast<std::size_t>(s), rows.pooled);
  }
  EXPECT_TRUE(close(stitch->forward(1, rows, nullptr).value, adapted(*stitch, 1, 1, input), 1e-6));
}

TEST(CrossStitch, StartsNearIdentityAndTellsWhatTasksTakeOfEachOther) {
  const auto stitch = build_architecture({{"name", "cross_stitch"}, {"levels", 3}});
  EXPECT_TRUE(
      close(stitch->task_similarity(), torch::tensor({{0.9, 0.05, 0.05}, {0.05, 0.9, 0.05}, {0.05, 0.05, 0.9}}), 1e-6));
  testing::set(*stitch, "stitches.2.0", torch::tensor({0.9, 0.45, 0.05}));  // (0.45 + 0.05) / 2 at one of two levels
  EXPECT_TRUE(close(stitch->task_similarity()[1][0].item<double>(), 0.15, 1e-6));
  EXPECT_FALSE(build_architecture({{"name", "cross_stitch"}, {"levels", 1}})->task_similarity().defined());
  EXPECT_EQ(build_architecture("cross_stitch", 1)->named_parameters()["stitches.1.0"].item<float>(), 1.0F);
}

/// ltb with two levels where node s of the first adds s to its input and the second adds nothing.
std::shared_ptr<Architecture> counting_branches(const Json& config) {
  const auto built = build_architecture(config);
  for (std::size_t s = 0; s < kTasks; ++s) {
    testing::make_constant(*built, "adapters.0." + std::to_string(s), static_cast<double>(s));
    testing::make_constant(*built, "adapters.1." + std::to_string(s), 0.0);
  }
  return built;
}

TEST(Ltb, TakesTheMeanInWarmUp) {
  const auto ltb = counting_branches({{"name", "ltb"}, {"warmup_steps", 5}});
  testing::set(*ltb, "choices.1.0", torch::tensor({5.0, 0.0, 0.0}));
  const SharedRows rows = random_rows(4);
  for (std::int64_t step = 0; step < 8; ++step) {
    ltb->begin_step(step);
    ops::TensorRandom noise(static_cast<std::uint64_t>(step));
    const Tensor added = ltb->forward(0, rows, &noise).value - rows.pooled;
    const double first = added[0][0].item<double>();
    EXPECT_TRUE(close(added, at::full_like(added, first), 1e-6));
    if (step < 5) {
      EXPECT_TRUE(close(first, 1.0, 1e-6));
    } else {
      EXPECT_TRUE(close(first, std::round(first), 1e-6)) << "a choice is hard";
    }
  }
}

TEST(Ltb, EvaluatesTheLikeliestTree) {
  const auto ltb = counting_branches("ltb");
  const SharedRows rows = random_rows(4);
  const auto added = [&] { return (ltb->forward(1, rows, nullptr).value - rows.pooled)[2][3].item<double>(); };
  EXPECT_TRUE(close(added(), 1.0, 1e-6)) << "nothing is decided: the mean of 0, 1 and 2";
  testing::set(*ltb, "choices.1.1", torch::tensor({0.1, 0.0, 0.2}));
  EXPECT_TRUE(close(added(), 2.0, 1e-6));
  testing::set(*ltb, "choices.1.1", torch::tensor({0.1, 0.0, 0.0}));
  EXPECT_TRUE(close(added(), 0.0, 1e-6));
}

TEST(Ltb, SamplesEachNodeAsOftenAsItsProbabilitySays) {
  const auto ltb = counting_branches({{"name", "ltb"}});
  const Tensor logits = torch::tensor({1.0, 0.0, -1.0});
  testing::set(*ltb, "choices.1.2", logits);
  const SharedRows rows = random_rows(1);
  constexpr int kDraws = 3000;
  const torch::NoGradGuard no_grad;
  for (const std::int64_t step : {10, 2000}) {  // whatever the temperature
    ltb->begin_step(step);
    Tensor counts = at::zeros({3});
    ops::TensorRandom noise(7);
    for (int draw = 0; draw < kDraws; ++draw) {
      const Tensor added = ltb->forward(2, rows, &noise).value - rows.pooled;
      counts[static_cast<std::int64_t>(std::lround(added[0][0].item<double>()))] += 1;
    }
    EXPECT_TRUE(close(counts / kDraws, at::softmax(logits, 0), 0.03));  // three standard deviations
  }
}

TEST(Ltb, ChoicesHaveTheGradientOfTheSoftOnes) {
  const auto ltb = counting_branches({{"name", "ltb"}, {"warmup_steps", 0}});
  const Tensor logits = ltb->named_parameters()["choices.1.0"];
  const Tensor exponential = [] {
    ops::TensorRandom noise(3);
    return at::empty({3}).exponential_(1.0, noise.generator());
  }();
  const SharedRows rows = random_rows(1);
  // Temperature: 5 at first, 0.5 from step 1000 on, and 5 / sqrt(1 + 99 / 4) after a quarter of them.
  for (const auto& [step, temperature] :
       {std::pair<std::int64_t, double>{0, 5.0}, {250, 5.0 / std::sqrt(1 + 99 / 4.0)}, {1000, 0.5}, {9000, 0.5}}) {
    ltb->begin_step(step);
    ops::TensorRandom noise(3);
    const Tensor added = ltb->forward(0, rows, &noise).value[0][0];
    const Tensor soft = at::softmax((logits - exponential.log()) / temperature, 0);
    const Tensor first = rows.pooled[0][0];
    const Tensor expected = (soft * (first + torch::tensor({0.0, 1.0, 2.0}))).sum();
    EXPECT_TRUE(
        close(torch::autograd::grad({added}, {logits})[0], torch::autograd::grad({expected}, {logits})[0], 1e-6, 1e-5))
        << step;
  }
}

TEST(Ltb, TasksAreAlikeWhoseWaysMeet) {
  const auto ltb = build_architecture({{"name", "ltb"}, {"levels", 2}}, 2);
  EXPECT_TRUE(close(ltb->task_similarity(), torch::tensor({{1.0, 0.5}, {0.5, 1.0}}), 1e-6));
  testing::set(*ltb, "choices.1.0", torch::tensor({40.0, 0.0}));
  testing::set(*ltb, "choices.1.1", torch::tensor({40.0, 0.0}));
  EXPECT_TRUE(close(ltb->task_similarity(), torch::ones({2, 2}), 1e-6));
  testing::set(*ltb, "choices.1.1", torch::tensor({0.0, 40.0}));
  EXPECT_TRUE(close(ltb->task_similarity(), torch::eye(2), 1e-6));
  // Three levels, nothing decided: one common node of two at the middle with 1/2 (and then the lowest too), else at the
  // lowest with 1/2: (1/2 * 2 + 1/2 * 1/2) / 2.
  const auto deeper = build_architecture({{"name", "ltb"}, {"levels", 3}}, 2);
  EXPECT_TRUE(close(deeper->task_similarity(), torch::tensor({{1.0, 0.625}, {0.625, 1.0}}), 1e-6));
}

}  // namespace
}  // namespace infomtl
