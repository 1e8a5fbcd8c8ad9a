#include "infomtl/ops/influence/arrow.h"

#include "infomtl/core/errors.h"
#include "ops/influence/problems.h"
#include "support/compare.h"
#include "support/message_of.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

constexpr std::int64_t kShared = 6;
constexpr std::int64_t kOwn[] = {3, 5, 4};
constexpr std::int64_t kAll = 18;

/// A random positive definite matrix with the zeros of an arrow.
Tensor random_arrow() {
  Tensor h = torch::zeros({kAll, kAll}, torch::kFloat64);
  const auto add = [&](std::int64_t begin, std::int64_t size, std::uint64_t seed) {
    // The rows of one task reach gamma and its own parameters.
    const Tensor x = testing::normal({2 * (kShared + size), kShared + size}, seed).to(torch::kFloat64);
    const Tensor gram = x.t().mm(x);
    h.narrow(0, 0, kShared).narrow(1, 0, kShared).add_(gram.narrow(0, 0, kShared).narrow(1, 0, kShared));
    h.narrow(0, begin, size).narrow(1, begin, size).copy_(gram.narrow(0, kShared, size).narrow(1, kShared, size));
    h.narrow(0, begin, size).narrow(1, 0, kShared).copy_(gram.narrow(0, kShared, size).narrow(1, 0, kShared));
    h.narrow(0, 0, kShared).narrow(1, begin, size).copy_(gram.narrow(0, 0, kShared).narrow(1, kShared, size));
  };
  add(6, 3, 1);
  add(9, 5, 2);
  add(14, 4, 3);
  return h;
}

ArrowBlocks blocks_of(const Tensor& h) {
  ArrowBlocks blocks{.shared = h.narrow(0, 0, kShared).narrow(1, 0, kShared), .cross = {}, .own = {}};
  std::int64_t begin = kShared;
  for (const std::int64_t size : kOwn) {
    blocks.cross.push_back(h.narrow(0, begin, size).narrow(1, 0, kShared));
    blocks.own.push_back(h.narrow(0, begin, size).narrow(1, begin, size));
    begin += size;
  }
  return blocks;
}

TEST(Arrow, IsTheDenseInverse) {  // PT-5.1
  const Tensor h = random_arrow(), vectors = testing::normal({7, kAll}, 4).to(torch::kFloat64);
  const Tensor expected = at::linalg_solve(h, vectors.t()).t();
  EXPECT_TRUE(close(ArrowInverse(blocks_of(h)).times(vectors), expected, 0, 1e-10));
}

TEST(Arrow, ScoresOfProfiledGradientsAreThoseOfTheDenseInverse) {  // PT-5.1
  const Tensor h = random_arrow(), dense = at::linalg_inv(h);
  const ArrowInverse inverse(blocks_of(h));
  const std::int64_t begins[] = {6, 9, 14};
  for (std::size_t l = 0; l < 3; ++l) {
    for (std::size_t k = 0; k < 3; ++k) {
      // A row of task l and a validation loss of task k.
      const Tensor row = testing::normal({1, kAll}, 5 + l).to(torch::kFloat64);
      const Tensor target = testing::normal({1, kAll}, 9 + k).to(torch::kFloat64);
      const auto whole = [&](const Tensor& v, std::size_t task) {
        Tensor only = torch::zeros_like(v);
        only.narrow(1, 0, kShared).copy_(v.narrow(1, 0, kShared));
        only.narrow(1, begins[task], kOwn[task]).copy_(v.narrow(1, begins[task], kOwn[task]));
        return only;
      };
      const Tensor row_own = row.narrow(1, begins[l], kOwn[l]), target_own = target.narrow(1, begins[k], kOwn[k]);
      const Tensor u = inverse.profiled(l, row.narrow(1, 0, kShared), row_own);
      const Tensor v = inverse.profiled(k, target.narrow(1, 0, kShared), target_own);
      Tensor score = inverse.shared_inverse(v).mm(u.t());
      if (k == l) score = score + inverse.own_inverse(k, target_own).mm(row_own.t());
      EXPECT_TRUE(close(score, whole(target, k).mm(dense).mm(whole(row, l).t()), 0, 1e-10)) << l << " on " << k;
    }
  }
}

TEST(Arrow, BlocksOfAnObjectiveAreThoseOfItsDenseCurvature) {
  for (const SharedPart part : {SharedPart::none, SharedPart::common, SharedPart::adapter}) {
    std::vector<LabelledFeatures> tasks;
    for (std::uint64_t k = 0; k < 2; ++k) {
      tasks.push_back(testing::influence_rows(OutputLoss::cross_entropy, 12, 5, 3, 1 + k));
    }
    const SharedObjective objective(tasks, {.part = part, .rank = 2, .soft = part != SharedPart::common});
    const Tensor w = testing::normal({objective.places().total}, 7).to(torch::kFloat64);
    const Tensor dense =
        testing::dense_curvature(objective, w, Curvature::gauss_newton) + 0.1 * torch::eye(w.size(0), torch::kFloat64);
    const Tensor vectors = testing::normal({3, w.size(0)}, 8).to(torch::kFloat64);
    const ArrowInverse inverse(arrow_blocks(objective, w, Curvature::gauss_newton, 0.1));
    EXPECT_TRUE(close(inverse.times(vectors), at::linalg_solve(dense, vectors.t()).t(), 0, 1e-10));
  }
}

TEST(Arrow, SingularBlocksAreToldInOneLine) {
  Tensor h = random_arrow();
  h.narrow(0, 9, 5).narrow(1, 9, 5).zero_();
  EXPECT_NE(testing::message_of<UserError>([&] { ArrowInverse{blocks_of(h)}; }).find("task 2"), std::string::npos);
  // The row of ones of a softmax: its curvature has no slope along equal logits.
  const LabelledFeatures task = testing::influence_rows(OutputLoss::cross_entropy, 30, 3, 3, 1);
  const SharedObjective objective({task}, {.ridge = 0});
  const Tensor w = torch::zeros({objective.places().total}, torch::kFloat64);
  const std::string told =
      testing::message_of<UserError>([&] { ArrowInverse{arrow_blocks(objective, w, Curvature::hessian)}; });
  EXPECT_NE(told.find("ridge"), std::string::npos) << told;
  LabelledFeatures named = task;
  named.name = "irony";
  const SharedObjective with_name({named}, {.ridge = 0});
  const std::string name_told =
      testing::message_of<UserError>([&] { ArrowInverse{arrow_blocks(with_name, w, Curvature::hessian)}; });
  EXPECT_NE(name_told.find("task \"irony\""), std::string::npos) << name_told;
  EXPECT_NO_THROW(ArrowInverse{arrow_blocks(objective, w, Curvature::hessian, 1e-6)});
}

}  // namespace
}  // namespace infomtl::ops
