// Weightings of gradients against their written-out algorithms on the gradients themselves, and their stated
// properties.

#include <ATen/Parallel.h>

#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/bilevel.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "infomtl/ops/aggregation/gram.h"
#include "infomtl/ops/aggregation/robust.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "ops/aggregation/matrices.h"
#include "support/compare.h"

namespace infomtl::testing {
namespace {

using namespace ops;
using torch::Tensor;

Tensor row(std::initializer_list<double> values) { return torch::tensor(std::vector<double>(values), torch::kFloat64); }

Tensor pcgrad_on_gradients(const Tensor& g, const Orders& orders) {
  Tensor d = torch::zeros({g.size(1)}, torch::kFloat64);
  for (std::int64_t i = 0; i < g.size(0); ++i) {
    Tensor mine = g[i].clone();
    for (std::size_t other : orders[static_cast<std::size_t>(i)]) {
      const auto j = static_cast<std::int64_t>(other);
      if (j == i) continue;
      const double product = mine.dot(g[j]).item<double>();
      if (product < 0.0) mine -= product / g[j].dot(g[j]) * g[j];
    }
    d += mine;
  }
  return d;
}

Tensor gradvac_on_gradients(const Tensor& g, const Orders& orders, Tensor& targets, double beta) {
  if (!targets.defined()) targets = torch::zeros({g.size(0), g.size(0)}, torch::kFloat64);
  Tensor d = torch::zeros({g.size(1)}, torch::kFloat64);
  for (std::int64_t i = 0; i < g.size(0); ++i) {
    Tensor mine = g[i].clone();
    for (std::size_t other : orders[static_cast<std::size_t>(i)]) {
      const auto j = static_cast<std::int64_t>(other);
      if (j == i) continue;
      const double norm_i = mine.norm().item<double>();
      const double norm_j = g[j].norm().item<double>();
      const double c = mine.dot(g[j]).item<double>() / (norm_i * norm_j);
      const double wanted = targets[i][j].item<double>();
      if (c < wanted) {
        const double factor = norm_i * (wanted * std::sqrt(1 - c * c) - c * std::sqrt(1 - wanted * wanted)) /
                              (norm_j * std::sqrt(1 - wanted * wanted));
        mine += factor * g[j];
        // What the method promises: the cosine is now the target.
        EXPECT_TRUE(close((mine.dot(g[j]) / (mine.norm() * norm_j)).item<double>(), wanted, 1e-9));
      }
      targets[i][j] = (1 - beta) * wanted + beta * c;
    }
    d += mine;
  }
  return d;
}

TEST(Gram, AddsTheProductsOfRowsWhateverTheirPlacesAndTheThreads) {
  for (const std::int64_t tasks : {1, 3, 4, 6, 9}) {
    for (const std::int64_t columns : {1, 7, 512, 1030, 70001}) {
      for (const auto type : {torch::kFloat32, torch::kFloat64}) {
        const Tensor wide = torch::randn({tasks, columns + 5}, type), rows = wide.narrow(1, 3, columns);
        const Tensor exact = rows.to(torch::kFloat64), start = torch::randn({tasks, tasks}, torch::kFloat64);
        const Tensor sum = (start + start.t()).contiguous(), expected = sum + exact.mm(exact.t());
        add_gram(rows, sum);
        EXPECT_TRUE(close(sum, expected, 0, 1e-12)) << tasks << " x " << columns;
        EXPECT_TRUE(at::equal(sum, sum.t()));
        const int threads = at::get_num_threads();
        at::set_num_threads(1);
        const Tensor alone = gram(rows);
        at::set_num_threads(2);
        EXPECT_TRUE(at::equal(gram(rows), alone));
        at::set_num_threads(threads);
      }
    }
  }
  EXPECT_THROW(add_gram(torch::ones({2, 3}), torch::zeros({2, 2})), ShapeError);
  EXPECT_THROW(add_gram(torch::ones({2, 3}), torch::zeros({3, 3}, torch::kFloat64)), ShapeError);
}

TEST(PcGrad, KnownAnswerOfTwoConflictingTasks) {
  const Tensor g = torch::stack({row({1, 0}), row({-1, 1})});
  EXPECT_TRUE(close(combine(g, pcgrad(gram(g), {{1}, {0}})), row({0.5, 1.5}), 1e-15));
}

TEST(PcGrad, ProjectsExactlyOntoTheOtherTasksNormalPlane) {
  const Tensor conflicting = torch::stack({row({1, 2, 0}), row({-3, 1, 1})});
  const Tensor k = gram(conflicting);
  const Tensor only_first = combine(conflicting, pcgrad(k, {{1}, {}})) - conflicting[1];
  EXPECT_TRUE(close(only_first.dot(conflicting[1]).item<double>(), 0.0, 1e-14));
  const Tensor friendly = torch::stack({row({1, 2, 0}), row({3, 1, 1})});
  EXPECT_TRUE(close(combine(friendly, pcgrad(gram(friendly), {{1}, {0}})), friendly.sum(0), 1e-15));
}

TEST(PcGrad, CoefficientsGiveTheDirectionOfTheGradientsThemselves) {
  for (const char* kind : {"random", "conflict", "opposite", "tiny", "unequal", "dependent"}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Tensor g = family_matrix(kind, 6, 8, 900 + seed);
      RandomStream stream(seed);
      const Orders orders = random_orders(6, stream);
      const Tensor expected = pcgrad_on_gradients(g, orders);
      EXPECT_TRUE(close(combine(g, pcgrad(gram(g), orders)), expected, 0, 1e-9)) << kind;
    }
  }
}

TEST(PcGrad, OrderMattersAndBadOrdersAreRefused) {
  const Tensor k = gram(family_matrix("conflict", 3, 3, 4));
  EXPECT_FALSE(close(pcgrad(k, {{1, 2}, {0, 2}, {0, 1}}), pcgrad(k, {{2, 1}, {2, 0}, {1, 0}}), 1e-6));
  RandomStream a(5), b(5);
  EXPECT_TRUE(close(pcgrad(k, random_orders(3, a)), pcgrad(k, random_orders(3, b)), 0));
  EXPECT_THROW(pcgrad(k, {{1}, {0}}), ShapeError);
  EXPECT_THROW(pcgrad(k, {{1}, {0}, {3}}), ShapeError);
}

TEST(GradVac, CoefficientsGiveTheDirectionOfTheGradientsThemselves) {  // and its cosine is the target
  for (const char* kind : {"random", "conflict", "aligned", "tiny", "unequal"}) {
    Tensor targets, expected_targets;
    RandomStream stream(1);
    for (std::uint64_t step = 0; step < 4; ++step) {
      const Tensor g = family_matrix(kind, 4, 7, 70 + step);
      const Orders orders = random_orders(4, stream);
      const Tensor expected = gradvac_on_gradients(g, orders, expected_targets, 0.5);
      EXPECT_TRUE(close(combine(g, gradvac(gram(g), orders, targets)), expected, 0, 1e-8)) << kind << " step " << step;
      EXPECT_TRUE(close(targets, expected_targets, 1e-10)) << kind;
    }
  }
}

TEST(GradVac, StaysFiniteWhenEqualGradientsDriveTheTargetToOne) {
  Tensor targets;
  const Orders orders = {{1}, {0}};
  const Tensor same = family_matrix("duplicate", 2, 5, 1);
  for (int step = 0; step < 80; ++step) gradvac(gram(same), orders, targets);
  const Tensor after = gradvac(gram(family_matrix("opposite", 2, 5, 1)), orders, targets);
  EXPECT_TRUE(all_finite(after) && all_finite(targets));
}

TEST(GradVac, LeavesTheTargetsAloneWhenItThrows) {
  Tensor targets = torch::full({2, 2}, 0.25, torch::kFloat64);
  EXPECT_THROW(gradvac(torch::full({2, 2}, NAN, torch::kFloat64), {{1}, {0}}, targets), NonFiniteError);
  EXPECT_TRUE(close(targets, torch::full({2, 2}, 0.25, torch::kFloat64), 0));
}

TEST(GradDrop, FollowsOneSignAnEntry) {
  const Tensor g = torch::stack({row({1, 1, -2, 0}), row({-3, 2, -1, 0}), row({1, 0, 4, 0})});
  // Purities (1 - 1/5)/2 = 0.4, 1, (1 + 1/7)/2 = 4/7 and, with nothing to judge by, 1/2.
  const Tensor low = graddrop(g, row({0.3, 0.3, 0.3, 0.3}));
  EXPECT_TRUE(close(low, row({2, 3, 4, 0}), 1e-15));
  const Tensor high = graddrop(g, row({0.5, 0.9, 0.6, 0.9}));
  EXPECT_TRUE(close(high, row({-3, 3, -3, 0}), 1e-15));
  GradDropOptions all;
  all.leak = torch::ones({3}, torch::kFloat64);
  EXPECT_TRUE(close(graddrop(g, row({0.5, 0.9, 0.6, 0.9}), all), g.sum(0), 1e-15));
}

TEST(GradDrop, AndTrimmedMeanWorkThroughBlocksOfColumns) {
  const std::int64_t columns = (1 << 20) + 5;
  const Tensor g = torch::sin(torch::arange(3 * columns, torch::kFloat32)).reshape({3, columns});
  RandomStream stream(6);
  const Tensor u = uniform_sample(columns, stream);
  EXPECT_TRUE(close(graddrop(g, u), (graddrop_shares(g, u) * g).sum(0), 1e-6));
  EXPECT_TRUE(close(trimmed_mean(g, 1), std::get<0>(g.median(0)), 1e-6));
}

TEST(GradDrop, IsUnbiasedWhereAllSignsAgreeAndReproducible) {
  const Tensor g = family_matrix("random", 5, 50, 2);
  RandomStream a(9), b(9);
  EXPECT_TRUE(close(graddrop(g, uniform_sample(50, a)), graddrop(g, uniform_sample(50, b)), 0));
  const Tensor positive = g.abs();
  EXPECT_TRUE(close(graddrop(positive, uniform_sample(50, a)), positive.sum(0), 1e-12));
  EXPECT_THROW(graddrop(g, uniform_sample(49, a)), ShapeError);
}

TEST(Krum, DropsTheOutlier) {
  Tensor g = family_matrix("aligned", 6, 12, 31);
  g[4] = -50.0 * g[4];
  const Tensor w = krum(gram(g), 1, 5);
  EXPECT_TRUE(close(w, row({0.2, 0.2, 0.2, 0.2, 0.0, 0.2}), 1e-15));
  EXPECT_THROW(krum(gram(g), 4), ShapeError);
  EXPECT_THROW(krum(gram(g), 0, 7), ShapeError);
}

TEST(Krum, SumsPlainDistancesAsTorchJdDoes) {
  // Of the two nearest others of row 1 and of row 4: 1 + 3 < 2.1 + 2.1, while the squares are 10 > 8.82.
  const Tensor g = row({-3, 0, 1, 100, 102.1, 104.2}).unsqueeze(1);
  EXPECT_TRUE(close(krum(gram(g), 2), row({0, 1, 0, 0, 0, 0}), 0));
}

TEST(TrimmedMean, EqualsTheMeanOfSortedColumnsForFewAndManyRows) {
  const std::int64_t columns = (1 << 17) + 3;
  for (const std::int64_t tasks : {1, 2, 5, 16, 17}) {
    const Tensor g = torch::sin(torch::arange(tasks * columns, torch::kFloat32).square()).reshape({tasks, columns});
    const std::int64_t trim = (tasks - 1) / 2;
    for (const std::int64_t cut : {std::int64_t{0}, trim}) {
      const Tensor middle = std::get<0>(g.sort(0)).narrow(0, cut, tasks - 2 * cut);
      EXPECT_TRUE(close(trimmed_mean(g, cut), middle.mean(0), 1e-6)) << tasks << " rows without " << cut;
    }
  }
}

TEST(TrimmedMean, TakesRowsWhoseSumLeavesTheirTypeAndNamesTheOneThatIsNotFinite) {
  Tensor g = torch::full({3, 4}, 3e38, torch::kFloat32);
  EXPECT_TRUE(close(trimmed_mean(g, 1), g[0], 0));
  g[2][1] = -INFINITY;
  try {
    trimmed_mean(g, 1);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_NE(std::string(error.what()).find("row 2"), std::string::npos) << error.what();
  }
}

TEST(TrimmedMean, LeavesOutTheExtremesOfEachColumn) {
  const Tensor g = torch::stack({row({1, 100}), row({2, 2}), row({-90, 3}), row({3, 4})});
  EXPECT_TRUE(close(trimmed_mean(g, 1), row({1.5, 3.5}), 1e-15));
  EXPECT_TRUE(close(trimmed_mean(g, 0), g.mean(0), 1e-13));
  EXPECT_THROW(trimmed_mean(g, 2), ShapeError);
}

TEST(GradNorm, WeightsSumToTheTasksAndEqualTasksFeelNothing) {
  const Tensor losses = row({0.5, 1.0, 2.0});
  const GradNorm any = gradnorm(row({1, 5, 0.2}), losses, row({1, 1, 1}), row({0.3, -1, 0.2}));
  EXPECT_TRUE(close(any.weights.sum().item<double>(), 3.0, 1e-12));
  EXPECT_TRUE(close(any.parameter_gradient.sum().item<double>(), 0.0, 1e-12));
  const GradNorm equal = gradnorm(row({2, 2, 2}), losses, 3.0 * losses, torch::zeros({3}, torch::kFloat64));
  EXPECT_TRUE(close(equal.parameter_gradient, torch::zeros({3}, torch::kFloat64), 1e-12));
  EXPECT_TRUE(close(equal.objective, 0.0, 1e-12));
  EXPECT_THROW(gradnorm(row({1, 1}), row({1, 0}), row({1, 1}), row({0, 0})), NonFiniteError);
  EXPECT_THROW(gradnorm(row({1, 1}), row({1, 1, 1}), row({1, 1}), row({0, 0})), ShapeError);
}

TEST(GradNorm, DescentOnTheLogitsBringsTheNormsTogether) {
  Tensor s = torch::zeros({3}, torch::kFloat64);
  const Tensor norms = row({10, 1, 3});
  for (int step = 0; step < 4000; ++step)
    s = s - 1e-3 * gradnorm(norms, row({1, 1, 1}), row({1, 1, 1}), s).parameter_gradient;
  const Tensor balanced = gradnorm(norms, row({1, 1, 1}), row({1, 1, 1}), s).weights * norms;
  EXPECT_LE((balanced.max() - balanced.min()).item<double>(), 0.1);
}

TEST(DbMtl, FirstStepIsTheScaledGradientsAndAllNormsAreEqual) {
  const Tensor g = family_matrix("unequal", 3, 6, 12);
  const Tensor losses = row({0.1, 2.0, 30.0});
  DbMtlState state;
  const Tensor d = db_mtl(g, losses, state);
  EXPECT_TRUE(close(state.average, g / (losses + 1e-8).unsqueeze(1), 1e-12, 1e-12));
  const Tensor norms = state.average.norm(2, 1);
  EXPECT_TRUE(close(d, (state.average * (norms.max() / norms).unsqueeze(1)).sum(0), 1e-9, 1e-9));
  EXPECT_EQ(state.step, 1);
  DbMtlState zero;
  EXPECT_TRUE(all_finite(db_mtl(family_matrix("zero_row", 3, 6, 1), losses, zero)));
  EXPECT_THROW(db_mtl(family_matrix("random", 3, 5, 1), losses, state), ShapeError);
  EXPECT_THROW(db_mtl(g, -losses, state), NonFiniteError);
  EXPECT_EQ(state.step, 1);
}

TEST(Moco, TracksItsGradientsAndKeepsLambdaOnTheSimplex) {
  const Tensor g = family_matrix("random", 3, 6, 14);
  const Tensor losses = row({1.0, 0.5, 2.0});
  MocoState state;
  MocoOptions options;
  options.beta_decay = 0.0;
  for (int step = 0; step < 60; ++step) moco(g, losses, state, options);
  EXPECT_TRUE(close(state.tracked, g / g.norm(2, 1, true) * losses.unsqueeze(1), 1e-6));
  EXPECT_TRUE(close(state.lambda.sum().item<double>(), 1.0, 1e-12));
  EXPECT_EQ(state.step, 60);
}

TEST(ExcessMtl, RaisesTheTaskWhoseGradientsStayLarge) {
  ExcessState state;
  const Tensor g = family_matrix("random", 2, 30, 19);
  ExcessOptions options;
  options.step_size = 1.0;
  EXPECT_TRUE(close(excess_mtl(g, state, options), torch::ones({2}, torch::kFloat64), 0));
  const Tensor scaled = g * row({3.0, 0.1}).unsqueeze(1);
  const Tensor w = excess_mtl(scaled, state, options);
  EXPECT_GT(w[0].item<double>(), w[1].item<double>());
  EXPECT_TRUE(close(w.sum().item<double>(), 2.0, 1e-12));
  for (int step = 0; step < 2000; ++step)
    EXPECT_TRUE(all_finite(excess_mtl(scaled * (step % 7 ? 1.0 : 1e6), state, options)));
}

TEST(SdmGrad, FindsTheMinNormPointForLongRunsWithoutPull) {
  const Tensor k = gram(family_matrix("conflict", 3, 6, 23));
  SdmGradOptions options;
  options.lambda = 0.0;
  options.learning_rate = 0.05;
  options.iterations = 20000;
  Tensor state;
  const Tensor w = sdmgrad(k, state, options);
  EXPECT_TRUE(close(w, min_norm(k).weights, 1e-6));
  options.lambda = 1e9;
  EXPECT_TRUE(close(sdmgrad(k, state, options), torch::full({3}, 1.0 / 3.0, torch::kFloat64), 1e-6));
}

TEST(Modo, StepsFromUniformAndStaysOnTheSimplex) {
  const Tensor k = gram(family_matrix("random", 4, 6, 29));
  Tensor state;
  const Tensor uniform = torch::full({4}, 0.25, torch::kFloat64);
  const Tensor expected = project_onto_simplex(uniform - 0.05 * (k.matmul(uniform) + 0.1 * uniform));
  EXPECT_TRUE(close(modo(k, state, {0.05, 0.1}), expected, 1e-14));
  EXPECT_TRUE(close(state, expected, 1e-14));
}

TEST(Smoothed, IsAConvexCombinationOfThePreviousAndTheNew) {
  const Tensor a = row({1, 2}), b = row({3, -2});
  EXPECT_TRUE(close(smoothed({}, a), a, 0));
  EXPECT_TRUE(close(smoothed(a, b, 0.9), 0.9 * a + 0.1 * b, 1e-15));
  EXPECT_TRUE(close(smoothed(a, b, 0.0), b, 0));
  EXPECT_TRUE(close(smoothed(a, b, 1.0), a, 0));
  EXPECT_THROW(smoothed(a, b, 1.5), NonFiniteError);
  EXPECT_THROW(smoothed(row({1}), b, 0.5), ShapeError);
}

TEST(Simplex, ProjectionEqualsTheSortedFormula) {
  RandomStream stream(41);
  for (int trial = 0; trial < 300; ++trial) {
    const std::int64_t n = 1 + trial % 12;
    const double scale = trial % 3 == 0 ? 0.1 : trial % 3 == 1 ? 1.0 : 1e4;
    Tensor y = torch::empty({n}, torch::kFloat64);
    for (std::int64_t i = 0; i < n; ++i) y[i] = scale * (2.0 * stream.uniform() - 1.0);
    const Tensor w = project_onto_simplex(y);
    const Tensor sorted = std::get<0>(y.sort(-1, true));
    const Tensor thetas = (sorted.cumsum(0) - 1.0) / torch::arange(1, n + 1, torch::kFloat64);
    const auto last = (sorted > thetas).sum().item<std::int64_t>() - 1;
    EXPECT_TRUE(close(w, (y - thetas[last]).clamp_min(0), 1e-12 * std::max(1.0, scale)));
    EXPECT_TRUE(close(w.sum().item<double>(), 1.0, 1e-12));
    EXPECT_GE(w.min().item<double>(), 0.0);
  }
  EXPECT_TRUE(close(project_onto_simplex(row({1e300, 1e300})), row({0.5, 0.5}), 0));
  EXPECT_TRUE(close(project_onto_simplex(row({0.2, 0.3, 0.5})), row({0.2, 0.3, 0.5}), 1e-15));
}

TEST(Adam, StepsAreThoseOfItsFormula) {
  // x -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps), worked out in Python floats.
  AdamState state;
  Tensor x = row({1.0, -2.0});
  x = adam(x, row({0.5, -0.1}), 0.1, state);
  EXPECT_TRUE(close(x, row({0.90000000199999985, -1.900000009999999}), 1e-14));
  x = adam(x, row({0.25, 0.3}), 0.1, state);
  EXPECT_TRUE(close(x, row({0.80678204047746216, -1.9494189911200654}), 1e-14));
  x = adam(x, row({0.0, 0.0}), 0.1, state);
  EXPECT_TRUE(close(x, row({0.73472428645613874, -1.9876200063730913}), 1e-14));
  EXPECT_EQ(state.steps, 3);
  EXPECT_THROW(adam(x, row({NAN, 0.0}), 0.1, state), NonFiniteError);
  EXPECT_EQ(state.steps, 3);
}

TEST(Adam, CountsTheStepsOfEachNumber) {
  AdamState known, fresh;
  Tensor x = row({1.0});
  for (const double gradient : {0.5, 0.25, -0.5}) x = adam(x, row({gradient}), 0.1, known);
  const Tensor none = row({0});
  AdamState both;
  both.first = torch::cat({known.first, none}), both.second = torch::cat({known.second, none});
  both.task_steps = torch::cat({known.task_steps, none});
  const Tensor moved = adam(torch::cat({x, row({-2})}), row({0.25, 0.3}), 0.1, both);
  EXPECT_TRUE(close(moved.narrow(0, 0, 1), adam(x, row({0.25}), 0.1, known), 0));
  EXPECT_TRUE(close(moved.narrow(0, 1, 1), adam(row({-2}), row({0.3}), 0.1, fresh), 0));
  EXPECT_TRUE(close(both.task_steps, row({4, 1}), 0));
}

TEST(AutoLambda, FiniteDifferenceOfLossesLinearInTheWeights) {
  EXPECT_TRUE(close(auto_lambda_step(4.0), 0.0025, 1e-18));
  EXPECT_EQ(auto_lambda_step(0.0), 0.0);
  EXPECT_TRUE(close(auto_lambda_gradient(row({1.2, 3.0}), row({1.0, 3.5}), 0.1, 0.5), row({-0.02, 0.05}), 1e-15));
  EXPECT_TRUE(close(auto_lambda_gradient(row({1.2}), row({1.0}), 0.1, 0.0), row({0.0}), 0));
  EXPECT_THROW(auto_lambda_gradient(row({1.0}), row({1.0, 2.0}), 0.1, 0.5), ShapeError);
  EXPECT_THROW(auto_lambda_step(NAN), NonFiniteError);
}

TEST(Moml, GradientDescendsEveryUpperLossOfAQuadraticProblem) {
  // Lower losses f_t = g_t.theta, so one inner step is theta - lr G^T softmax(s); upper losses F_t = h_t.theta.
  const Tensor lower = family_matrix("random", 3, 5, 51);
  const Tensor upper = second_matrix(lower, 51);
  const Tensor s = row({0.1, -0.4, 0.3});
  const auto upper_losses = [&](const Tensor& logits) {
    return -0.2 * upper.matmul(lower.t().matmul(torch::softmax(logits, 0)));
  };
  const Moml found = moml(cross_gram(upper, lower), s, 0.2, Normalizer::kL2);
  const Tensor change = (upper_losses(s + 1e-6 * found.gradient) - upper_losses(s - 1e-6 * found.gradient)) / 2e-6;
  EXPECT_GE(change.min().item<double>(), -1e-9);
  EXPECT_LE(found.upper.residual, 1e-12);
}

TEST(Gram, AccumulatesInDoubleOverBlocksOfColumns) {
  const std::int64_t columns = (1 << 20) + 7;
  const Tensor g = torch::full({2, columns}, 1.0, torch::kFloat32);
  const Tensor k = gram(g);
  EXPECT_EQ(k.scalar_type(), torch::kFloat64);
  EXPECT_TRUE(close(k, torch::full({2, 2}, static_cast<double>(columns), torch::kFloat64), 0));
  const Tensor half = family_matrix("random", 3, 9, 1).to(torch::kBFloat16);
  EXPECT_TRUE(close(gram(half), half.to(torch::kFloat64).matmul(half.to(torch::kFloat64).t()), 1e-14));
  EXPECT_EQ(combine(half, row({1, 2, 3})).scalar_type(), torch::kBFloat16);
}

TEST(Gram, CombinesRowsThroughBlocksOfColumns) {
  const std::int64_t columns = (1 << 18) + 9;
  const Tensor g = torch::sin(torch::arange(3 * columns, torch::kFloat32)).reshape({3, columns});
  EXPECT_TRUE(close(combine(g, row({2, 0, -0.5})), 2.0 * g[0] - 0.5 * g[2], 1e-6));
}

TEST(Gram, NamesTheRowThatIsNotFinite) {
  Tensor g = family_matrix("random", 3, 9, 1);
  g[2][4] = NAN;
  try {
    gram(g);
    FAIL();
  } catch (const NonFiniteError& error) {
    EXPECT_NE(std::string(error.what()).find("row 2"), std::string::npos) << error.what();
  }
  EXPECT_THROW(gram(torch::ones({3}, torch::kFloat64)), ShapeError);
  EXPECT_THROW(gram(1e200 * torch::ones({2, 2}, torch::kFloat64)), NonFiniteError);
  EXPECT_THROW(cross_gram(torch::ones({2, 3}, torch::kFloat64), torch::ones({2, 4}, torch::kFloat64)), ShapeError);
  EXPECT_THROW(combine(torch::ones({2, 3}, torch::kFloat64), row({1, 2, 3})), ShapeError);
  EXPECT_TRUE(close(combine(g, row({1, 1, 0})), g[0] + g[1], 0));
}

}  // namespace
}  // namespace infomtl::testing
