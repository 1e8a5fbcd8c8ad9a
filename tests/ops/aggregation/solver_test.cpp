// The solvers on everything that breaks solvers: optimality from the definition, no NaN, refusal of bad input.

#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/balance.h"
#include "infomtl/ops/aggregation/bilevel.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "infomtl/ops/aggregation/min_norm.h"
#include "infomtl/ops/aggregation/robust.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "ops/aggregation/matrices.h"
#include "support/compare.h"

namespace infomtl::testing {
namespace {

using namespace ops;
using torch::Tensor;

Tensor matrix_of(std::vector<std::vector<double>> rows) {
  Tensor g = torch::empty({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows[0].size())},
                          torch::kFloat64);
  for (std::size_t i = 0; i < rows.size(); ++i)
    g[static_cast<std::int64_t>(i)] = torch::tensor(rows[i], torch::kFloat64);
  return g;
}

double scale_of(const Tensor& g) { return g.norm().item<double>(); }

/// 0 lies in the hull of the rows, by the distance itself.
bool hull_holds_zero(const Tensor& g) {
  return combine(g, min_norm(gram(g)).weights).norm().item<double>() <= 1e-7 * scale_of(g);
}

TEST(MinNorm, MeetsItsGapAndDescendsEveryTaskOnHardMatrices) {
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    const Tensor k = gram(g);
    const MinNorm found = min_norm(k);
    ASSERT_TRUE(all_finite(found.weights));
    EXPECT_LE(found.residual, 1e-12);
    EXPECT_TRUE(close(found.weights.sum().item<double>(), 1.0, 1e-12));
    EXPECT_GE(found.weights.min().item<double>(), 0.0);
    // The shortest vector d has g_t.d >= ||d||^2, so it never conflicts.
    const Tensor d = combine(g, found.weights);
    const double square = d.dot(d).item<double>();
    const Tensor slack = g.matmul(d) - square;
    for (std::int64_t t = 0; t < g.size(0); ++t) {
      EXPECT_GE(slack[t].item<double>(),
                -1e-11 * scale_of(g) * std::max(g[t].norm().item<double>(), d.norm().item<double>()));
    }
  }
}

TEST(MinNorm, KeepsRelativeAccuracyWhenRowsDifferByManyOrders) {
  // Two short conflicting rows and a long one: the gap must be small against the short rows too.
  const Tensor g = matrix_of({{1e-8, 0, 0}, {-0.5e-8, 1e-8, 0}, {1e8, 1e8, 1e8}});
  const MinNorm found = min_norm(gram(g));
  const Tensor d = combine(g, found.weights);
  const Tensor slack = g.matmul(d) / (d.dot(d)) - 1.0;
  EXPECT_GE(slack.min().item<double>(), -1e-9);
  const double w1 = ((g[1] - g[0]).dot(g[1]) / (g[0] - g[1]).square().sum()).item<double>();
  EXPECT_TRUE(close(found.weights[0].item<double>(), w1, 1e-9));
}

TEST(MinNorm, HasTheClosedFormForTwoTasks) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor g = family_matrix(seed % 2 ? "random" : "aligned", 2, 4, seed);
    const Tensor between = g[0] - g[1];
    const double w = std::clamp((-between.dot(g[1]) / between.dot(between)).item<double>(), 0.0, 1.0);
    EXPECT_TRUE(close(min_norm(gram(g)).weights[0].item<double>(), w, 1e-12)) << "seed " << seed;
  }
}

TEST(MinNorm, DividesRowsByTheNormalizer) {
  const Tensor g = family_matrix("random", 3, 6, 5);
  const Tensor losses = torch::tensor({0.5, 2.0, 1.0}, torch::kFloat64);
  const Tensor k = gram(g);
  const Tensor norms = g.norm(2, 1);
  EXPECT_TRUE(close(normalizers(Normalizer::kNone, k), torch::ones({3}, torch::kFloat64), 0));
  EXPECT_TRUE(close(normalizers(Normalizer::kL2, k), norms, 1e-12));
  EXPECT_TRUE(close(normalizers(Normalizer::kLoss, k, losses), losses, 0));
  EXPECT_TRUE(close(normalizers(Normalizer::kLossL2, k, losses), losses * norms, 1e-12));
  const MinNorm found = min_norm(k, norms);
  const Tensor unit = g / norms.unsqueeze(1);
  EXPECT_TRUE(close(combine(g, found.weights), combine(unit, min_norm(gram(unit)).weights), 1e-12));
  EXPECT_TRUE(close(found.simplex.sum().item<double>(), 1.0, 1e-12));
  const Tensor with_zero = family_matrix("zero_row", 3, 6, 5);
  EXPECT_TRUE(close(normalizers(Normalizer::kL2, gram(with_zero))[1].item<double>(), 1.0, 0));
  EXPECT_THROW(normalizers(Normalizer::kLoss, k, -losses), NonFiniteError);
}

TEST(NashMtl, SolvesItsEquationOrSaysThatItHasNoSolution) {
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    const Tensor k = gram(g);
    const Solution found = nash_mtl(k);
    ASSERT_TRUE(all_finite(found.weights));
    const Tensor rows = k.diagonal() > 0;
    const Tensor error = (found.weights * k.matmul(found.weights) - 1.0).abs().masked_select(rows);
    const double worst = error.numel() ? error.max().item<double>() : 0.0;
    Tensor nonzero = g.index({rows});
    if (nonzero.size(0) == 0) {
      EXPECT_FALSE(found.stationary);
      continue;
    }
    if (!hull_holds_zero(nonzero)) {
      EXPECT_FALSE(found.stationary);
      EXPECT_LE(worst, 1e-8);
      EXPECT_LE(found.residual, 1e-8);
    } else {
      EXPECT_TRUE(found.stationary || worst <= 1e-6);
    }
  }
}

TEST(FairGrad, SaysThatOppositeGradientsHaveNoSolution) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Tensor g = family_matrix("random", 3, 8, 700 + seed);
    const Tensor pair = at::stack({g[0], -3 * g[0]});
    const Tensor closed = at::stack({g[0], g[1], -(g[0] + g[1])});
    const Tensor beside = at::stack({g[0], -0.1 * g[0], g[1]});
    for (const Tensor& rows : {pair, closed, beside}) {
      // Gradients are float32; their products are summed in float64.
      const Tensor k = gram(rows.to(torch::kFloat32).to(torch::kFloat64));
      EXPECT_TRUE(nash_mtl(gram(rows)).stationary) << seed;
      EXPECT_TRUE(rows.size(0) != 2 || nash_mtl(k).stationary) << seed;
      for (const double alpha : {0.5, 2.0, 5.0}) EXPECT_TRUE(fairgrad(gram(rows), alpha).stationary) << seed << alpha;
    }
    const Tensor nearly = at::stack({g[0], -3 * g[0] + 1e-3 * g[1]});
    EXPECT_FALSE(nash_mtl(gram(nearly)).stationary) << seed;
    EXPECT_LE(nash_mtl(gram(nearly)).residual, 1e-6) << seed;
  }
}

TEST(FairGrad, SolvesItsEquationForEveryAlpha) {
  for (const double alpha : {0.5, 1.0, 2.0, 5.0}) {
    for (const auto& [name, g] : hard_matrices()) {
      SCOPED_TRACE(name + " alpha=" + std::to_string(alpha));
      const Solution found = fairgrad(gram(g), alpha);
      ASSERT_TRUE(all_finite(found.weights));
      const Tensor nonzero = g.index({gram(g).diagonal() > 0});
      if (nonzero.size(0) > 0 && !hull_holds_zero(nonzero)) {
        EXPECT_LE(found.residual, 1e-8);
        EXPECT_FALSE(found.stationary);
      }
    }
  }
  EXPECT_TRUE(
      close(fairgrad(gram(family_matrix("random", 4, 5, 1)), 0.0).weights, torch::full({4}, 0.25, torch::kFloat64), 0));
}

TEST(FairGrad, HasTheClosedFormForOrthogonalGradients) {
  const Tensor g = torch::diag(torch::tensor({1e-4, 1.0, 30.0, 1e5}, torch::kFloat64));
  for (const double alpha : {0.5, 1.0, 3.0}) {
    const Tensor expected = g.diagonal().pow(-2.0 * alpha / (alpha + 1.0));
    EXPECT_TRUE(close(fairgrad(gram(g), alpha).weights / expected, torch::ones({4}, torch::kFloat64), 1e-10)) << alpha;
  }
}

TEST(CaGrad, ClosesItsDualityGapOnTheSphere) {
  for (const double c : {0.1, 0.5, 0.9}) {
    for (const auto& [name, g] : hard_matrices()) {
      SCOPED_TRACE(name + " c=" + std::to_string(c));
      const Solution found = cagrad(gram(g), c, Rescale::kNone);
      ASSERT_TRUE(all_finite(found.weights));
      EXPECT_LE(found.residual, 1e-9);
      const Tensor mean = g.mean(0);
      const double distance = (combine(g, found.weights) - mean).norm().item<double>();
      const double radius = c * mean.norm().item<double>();
      EXPECT_LE(distance, radius + 1e-7 * scale_of(g));
      if (!found.stationary) {
        EXPECT_TRUE(close(distance, radius, 1e-7 * scale_of(g)));
      }
    }
  }
}

TEST(CaGrad, IsBetterForTheWorstTaskThanAnySampledPointOfItsBall) {
  RandomStream stream(11);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Tensor g = family_matrix("conflict", 3, 4, 300 + seed);
    const Tensor mean = g.mean(0);
    const double radius = 0.5 * mean.norm().item<double>();
    const double best = g.matmul(combine(g, cagrad(gram(g), 0.5, Rescale::kNone).weights)).min().item<double>();
    for (int sample = 0; sample < 200; ++sample) {
      Tensor step = torch::empty({4}, torch::kFloat64);
      for (int j = 0; j < 4; ++j) step[j] = stream.normal();
      const Tensor d = mean + step / step.norm() * radius * stream.uniform();
      EXPECT_LE(g.matmul(d).min().item<double>(), best + 1e-9);
    }
  }
}

TEST(CaGrad, RescalesAndFallsBackToTheMean) {
  const Tensor g = family_matrix("random", 4, 9, 3);
  const Tensor k = gram(g);
  const Tensor plain = cagrad(k, 0.5, Rescale::kNone).weights;
  EXPECT_TRUE(close(cagrad(k, 0.5, Rescale::kSquare).weights, plain / 1.25, 1e-14));
  EXPECT_TRUE(close(cagrad(k, 0.5, Rescale::kLinear).weights, plain / 1.5, 1e-14));
  EXPECT_TRUE(close(cagrad(k, 0.0, Rescale::kNone).weights, torch::full({4}, 0.25, torch::kFloat64), 0));
  EXPECT_THROW(cagrad(k, -0.1), NonFiniteError);
}

TEST(CaGrad, TakesTheNearestBestPointWhereTheHullHoldsZero) {
  // g_2 = -g_1: nothing improves all three, but the ball reaches directions that hurt none.
  const Tensor g = matrix_of({{1, 0, 0.2}, {-1, 0, 0.2}, {0, 0.3, 0.0}});
  const Tensor with_opposite = matrix_of({{1, 0}, {-1, 0}, {0, 3}});
  const Solution found = cagrad(gram(with_opposite), 0.5, Rescale::kNone);
  EXPECT_TRUE(found.stationary);
  EXPECT_TRUE(close(combine(with_opposite, found.weights), torch::tensor({0.0, 1.0}, torch::kFloat64), 1e-12));
  EXPECT_FALSE(cagrad(gram(g), 0.5, Rescale::kNone).stationary);
}

TEST(DualCone, ProjectionsNeverConflictAndReportTheirResidual) {
  DualConeOptions exact;
  exact.ridge = 0.0;
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    const Tensor k = gram(g);
    for (const bool whole : {false, true}) {
      const Solution found = whole ? dualproj(k, exact) : upgrad(k, exact);
      ASSERT_TRUE(all_finite(found.weights));
      EXPECT_LE(found.residual, 1e-10);
      const Tensor d = combine(g, found.weights);
      EXPECT_GE(g.matmul(d).min().item<double>(), -1e-9 * scale_of(g) * scale_of(g));
      const Solution ridged = whole ? dualproj(k) : upgrad(k);
      EXPECT_LE(ridged.residual, 1e-12);
      ASSERT_TRUE(all_finite(ridged.weights));
    }
  }
}

TEST(DualCone, UpgradOfTwoTasksIsHalfOfPcgrad) {
  DualConeOptions exact;
  exact.ridge = 0.0;
  const Orders orders = {{1}, {0}};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor k = gram(family_matrix(seed % 2 ? "conflict" : "random", 2, 5, seed));
    EXPECT_TRUE(close(upgrad(k, exact).weights, pcgrad(k, orders) / 2.0, 1e-11)) << "seed " << seed;
  }
}

TEST(DualCone, EpsilonsAreOptions) {
  const Tensor g = family_matrix("conflict", 3, 6, 8);
  DualConeOptions options;
  options.ridge = 0.0;
  const Tensor at_one = upgrad(gram(g), options).weights;
  EXPECT_TRUE(close(upgrad(gram(1e-8 * g), options).weights, at_one, 1e-9));
  EXPECT_TRUE(close(upgrad(gram(1e8 * g), options).weights, at_one, 1e-9));
  options.norm_epsilon = 1e-4;
  EXPECT_TRUE(close(upgrad(gram(1e-8 * g), options).weights, torch::full({3}, 1.0 / 3.0, torch::kFloat64), 0));
  options.preference = torch::tensor({0.0, 1.0, 0.0}, torch::kFloat64);
  EXPECT_TRUE(close(dualproj(gram(1e-8 * g), options).weights, options.preference, 0));
}

TEST(Spectral, AlignedGradientsHaveEqualSingularValues) {
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    for (const AlignedScale scale : {AlignedScale::kMin, AlignedScale::kMedian, AlignedScale::kMean}) {
      AlignedOptions options;
      options.scale = scale;
      const Solution found = aligned_mtl(gram(g), options);
      ASSERT_TRUE(all_finite(found.weights));
      EXPECT_LE(found.residual, 1e-8);
    }
  }
}

TEST(Spectral, ImtlGProjectsEquallyOnIndependentRows) {
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    const Solution found = imtl_g(gram(g));
    ASSERT_TRUE(all_finite(found.weights));
    const bool independent = name.rfind("random", 0) == 0 || name.rfind("conflict", 0) == 0 ||
                             name.rfind("aligned", 0) == 0 || name.rfind("tiny", 0) == 0 ||
                             name.rfind("huge", 0) == 0 || name.rfind("unequal", 0) == 0 ||
                             name.rfind("extreme", 0) == 0;
    if (independent) {
      EXPECT_TRUE(close(found.weights.sum().item<double>(), 1.0, 1e-9));
      EXPECT_LE(found.residual, 1e-9);
    }
  }
}

TEST(Spectral, ConfigHasEqualCosinesWithEveryTask) {
  for (const auto& [name, g] : hard_matrices()) {
    SCOPED_TRACE(name);
    const Solution found = conflict_free(gram(g));
    ASSERT_TRUE(all_finite(found.weights));
    const bool independent = name.rfind("random", 0) == 0 || name.rfind("conflict", 0) == 0 ||
                             name.rfind("aligned", 0) == 0 || name.rfind("unequal", 0) == 0;
    if (independent && g.size(0) <= g.size(1)) {
      const Tensor d = combine(g, found.weights);
      const Tensor cosines = g.matmul(d) / g.norm(2, 1) / d.norm();
      EXPECT_TRUE(close(cosines, torch::full_like(cosines, cosines.mean().item<double>()), 1e-7));
      EXPECT_GT(cosines.min().item<double>(), 0.0);
    }
  }
}

TEST(Forum, MeetsItsConstraintAndTheOptimalityConditions) {
  for (const auto& [name, g] : hard_matrices()) {
    if (g.size(0) < 2) continue;
    SCOPED_TRACE(name);
    const double phi = 0.1;
    const Forum found = forum(gram(g), {}, 1.0, phi);
    ASSERT_TRUE(all_finite(found.row_weights));
    EXPECT_LE(found.program.residual, 1e-9);
    EXPECT_TRUE(close(found.lambda.sum().item<double>(), 1.0, 1e-12));
    EXPECT_GE(found.lambda.min().item<double>(), 0.0);
    // q falls by at least phi ||q||^2 along the direction, whatever the upper losses want.
    const Tensor q = g[g.size(0) - 1];
    const double square = q.dot(q).item<double>();
    const double fall = q.dot(combine(g, found.row_weights)).item<double>();
    EXPECT_GE(fall, phi * square - 1e-9 * std::max(square, std::sqrt(square)));
  }
}

TEST(Forum, AveragesItsWeights) {
  const Tensor k = gram(family_matrix("conflict", 4, 6, 21));
  const Tensor fresh = forum(k, {}, 1.0).lambda;
  const Tensor previous = torch::tensor({0.2, 0.3, 0.5}, torch::kFloat64);
  EXPECT_TRUE(close(forum(k, previous, 0.25).lambda, 0.75 * previous + 0.25 * fresh, 1e-14));
  EXPECT_THROW(forum(gram(family_matrix("random", 1, 3, 0)), {}, 1.0), ShapeError);
}

/// Every function of a Gram matrix, by name.
std::vector<std::pair<std::string, std::function<Tensor(const Tensor&)>>> gram_functions() {
  return {{"min_norm", [](const Tensor& k) { return min_norm(k).weights; }},
          {"nash_mtl", [](const Tensor& k) { return nash_mtl(k).weights; }},
          {"fairgrad", [](const Tensor& k) { return fairgrad(k, 2.0).weights; }},
          {"imtl_g", [](const Tensor& k) { return imtl_g(k).weights; }},
          {"aligned_mtl", [](const Tensor& k) { return aligned_mtl(k).weights; }},
          {"conflict_free", [](const Tensor& k) { return conflict_free(k).weights; }},
          {"upgrad", [](const Tensor& k) { return upgrad(k).weights; }},
          {"dualproj", [](const Tensor& k) { return dualproj(k).weights; }},
          {"cagrad", [](const Tensor& k) { return cagrad(k).weights; }},
          {"pcgrad",
           [](const Tensor& k) {
             RandomStream stream(3);
             return pcgrad(k, random_orders(static_cast<std::size_t>(k.size(0)), stream));
           }},
          {"gradvac",
           [](const Tensor& k) {
             RandomStream stream(3);
             Tensor targets;
             return gradvac(k, random_orders(static_cast<std::size_t>(k.size(0)), stream), targets);
           }},
          {"modo",
           [](const Tensor& k) {
             Tensor state;
             return modo(k, state);
           }},
          {"sdmgrad",
           [](const Tensor& k) {
             Tensor state;
             return sdmgrad(k, state);
           }},
          {"krum", [](const Tensor& k) { return krum(k, 0); }}};
}

TEST(Aggregation, GramFunctionsRefuseBadInputAndNameThemselves) {
  const Tensor good = gram(family_matrix("random", 3, 5, 1));
  for (const auto& [name, function] : gram_functions()) {
    SCOPED_TRACE(name);
    EXPECT_NO_THROW(function(good));
    for (const double bad : {std::nan(""), static_cast<double>(INFINITY)}) {
      Tensor poisoned = good.clone();
      poisoned[1][2] = bad;
      EXPECT_THROW(function(poisoned), NonFiniteError);
    }
    EXPECT_THROW(function(torch::ones({3, 2}, torch::kFloat64)), ShapeError);
    EXPECT_THROW(function(torch::ones({3}, torch::kFloat64)), ShapeError);
    EXPECT_THROW(function(torch::ones({0, 0}, torch::kFloat64)), ShapeError);
    EXPECT_THROW(function(Tensor()), ShapeError);
    EXPECT_THROW(function(torch::ones({3, 3}, torch::kInt64)), ShapeError);
    const Tensor from_float = function(good.to(torch::kFloat32));
    EXPECT_EQ(from_float.scalar_type(), torch::kFloat64);
  }
}

TEST(Aggregation, NothingIsEverNaNOnHardMatrices) {
  for (const auto& [name, g] : hard_matrices()) {
    const Tensor k = gram(g);
    for (const auto& [method, function] : gram_functions()) {
      if (method == "krum" && g.size(0) < 3) continue;
      EXPECT_TRUE(all_finite(function(k))) << method << " on " << name;
    }
  }
}

TEST(Aggregation, DeterministicMethodsFollowAPermutationOfTheTasks) {
  const Tensor order = torch::tensor({3, 0, 4, 1, 5, 2}, torch::kInt64);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Tensor g = family_matrix(seed % 2 ? "conflict" : "random", 6, 12, 40 + seed);
    const Tensor shuffled = g.index_select(0, order);
    for (const auto& [name, function] : gram_functions()) {
      if (name == "pcgrad" || name == "gradvac") continue;
      EXPECT_TRUE(close(function(gram(shuffled)), function(gram(g)).index_select(0, order), 1e-8, 1e-8))
          << name << " seed " << seed;
    }
  }
}

TEST(Aggregation, EqualGradientsGiveTheKnownDirections) {
  const Tensor one = family_matrix("random", 1, 7, 77)[0];
  const double length = one.norm().item<double>();
  for (const std::int64_t tasks : {1, 2, 6}) {
    const Tensor g = one.unsqueeze(0).expand({tasks, 7}).contiguous();
    const Tensor k = gram(g);
    EXPECT_TRUE(close(combine(g, min_norm(k).weights), one, 1e-12)) << tasks;
    EXPECT_TRUE(close(combine(g, cagrad(k, 0.4, Rescale::kNone).weights), 1.4 * one, 1e-12)) << tasks;
    EXPECT_TRUE(close(combine(g, imtl_g(k).weights), one, 1e-12)) << tasks;
    EXPECT_TRUE(close(combine(g, upgrad(k).weights), one, 2e-4)) << tasks;
    const Tensor nash = nash_mtl(k).weights;
    const double root = std::sqrt(static_cast<double>(tasks));
    EXPECT_TRUE(close(combine(g, nash), root * one / length, 1e-9)) << tasks;
    EXPECT_TRUE(close(nash, torch::full({tasks}, 1.0 / (root * length), torch::kFloat64), 1e-8)) << tasks;
    EXPECT_TRUE(close(combine(g, conflict_free(k).weights), static_cast<double>(tasks) * one, 1e-9)) << tasks;
  }
}

TEST(NashMtl, ShortensTheDirectionToItsNorm) {
  const Tensor g = family_matrix("random", 4, 9, 15);
  const Tensor k = gram(g);
  const Tensor plain = nash_mtl(k).weights;
  EXPECT_TRUE(close(combine(g, nash_mtl(k, 0.5).weights).norm().item<double>(), 0.5, 1e-12));
  EXPECT_TRUE(close(nash_mtl(k, 1e9).weights, plain, 0));
}

}  // namespace
}  // namespace infomtl::testing
