// Weightings of losses: the objective against autograd of its own formula, and the stated properties.

#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "ops/aggregation/matrices.h"
#include "support/compare.h"

namespace infomtl::testing {
namespace {

using namespace ops;
using torch::Tensor;

Tensor row(std::initializer_list<double> values) { return torch::tensor(std::vector<double>(values), torch::kFloat64); }

/// The weights and the parameter gradient are the autograd gradients of `formula`, whose value is the objective.
void expect_gradients(const LossWeights& found, const Tensor& losses, const Tensor& parameters,
                      const std::function<Tensor(const Tensor&, const Tensor&)>& formula) {
  const Tensor l = losses.clone().requires_grad_(true);
  const Tensor s = parameters.clone().requires_grad_(true);
  const Tensor value = formula(l, s);
  const auto gradients = torch::autograd::grad({value}, {l, s}, {}, false, false, true);
  EXPECT_TRUE(close(found.objective, value.item<double>(), 1e-12));
  EXPECT_TRUE(close(found.weights, gradients[0], 1e-12));
  if (found.parameter_gradient.defined()) {
    EXPECT_TRUE(close(found.parameter_gradient, gradients[1], 1e-12));
  }
}

TEST(LossWeights, AreTheGradientsOfTheirObjectives) {
  for (const std::int64_t tasks : {1, 2, 6, 20}) {
    const FamilyLosses x = family_losses(tasks, 0, 400 + static_cast<std::uint64_t>(tasks));
    const auto n = static_cast<double>(tasks);
    expect_gradients(scale_invariant(x.first), x.first, x.parameters,
                     [](auto& l, auto&) { return (l + 1e-8).log().sum(); });
    expect_gradients(uncertainty(x.first, x.parameters), x.first, x.parameters,
                     [](auto& l, auto& s) { return (0.5 * (-s).exp() * l + 0.5 * s).sum(); });
    expect_gradients(uncertainty(x.first, x.parameters, UncertaintyForm::kClassification), x.first, x.parameters,
                     [](auto& l, auto& s) { return ((-s).exp() * l + 0.5 * s).sum(); });
    expect_gradients(imtl_l(x.first, x.parameters), x.first, x.parameters,
                     [](auto& l, auto& s) { return (s.exp() * l - s).sum(); });
    expect_gradients(geometric(x.first), x.first, x.parameters, [](auto& l, auto&) { return l.log().mean().exp(); });
    expect_gradients(stch(x.first, x.second, 0.5), x.first, x.parameters,
                     [&](auto& l, auto&) { return n * 0.5 * ((l / x.second).log() / 0.5).logsumexp(0); });
    expect_gradients(smooth_tchebycheff(x.first, 0.3, x.second, x.third), x.first, x.parameters,
                     [&](auto& l, auto&) { return 0.3 * (x.second * (l - x.third) / 0.3).logsumexp(0); });
    expect_gradients(famo(x.first, x.parameters, 0.5 * x.first), x.first, x.parameters, [&](auto& l, auto& s) {
      const Tensor z = s.softmax(0);
      const Tensor d = l - 0.5 * x.first + 1e-8;
      return (z / (z / d).sum().detach() * d.log()).sum();
    });
  }
}

TEST(LossWeights, EqualWeightsAreTheMeanOrTheSum) {
  EXPECT_TRUE(close(equal_weights(4), row({0.25, 0.25, 0.25, 0.25}), 0));
  EXPECT_TRUE(close(equal_weights(3, Combination::kSum), row({1, 1, 1}), 0));
  const Tensor g = family_matrix("random", 5, 8, 3);
  EXPECT_TRUE(close(g.t().matmul(equal_weights(5)), g.mean(0), 1e-14));
  EXPECT_THROW(equal_weights(0), ShapeError);
}

TEST(LossWeights, TaskSizesAreShares) {
  EXPECT_TRUE(close(task_size(row({300, 100, 0})), row({0.75, 0.25, 0.0}), 1e-15));
  EXPECT_TRUE(close(task_size(torch::tensor({3, 1}, torch::kInt64)), row({0.75, 0.25}), 1e-15));
  EXPECT_THROW(task_size(row({0, 0})), NonFiniteError);
  EXPECT_THROW(task_size(row({1, -1})), NonFiniteError);
}

TEST(ScaleInvariant, GradientOfAScaledLossIsUnchanged) {  // w(cL) c g = w(L) g
  const Tensor losses = row({0.3, 2.0, 5.0});
  const Tensor scale = row({1e3, 1e-2, 7.0});
  EXPECT_TRUE(close(scale_invariant(losses * scale).weights * scale, scale_invariant(losses).weights, 1e-5));
  EXPECT_TRUE(close(scale_invariant(losses * scale, 0.0).weights * scale, scale_invariant(losses, 0.0).weights, 1e-12));
  EXPECT_TRUE(all_finite(scale_invariant(row({0.0, 1e-30})).weights));
  EXPECT_THROW(scale_invariant(row({1.0, -0.5})), NonFiniteError);
}

TEST(Uncertainty, DescentOnTheParametersFindsTheLogarithmOfTheLosses) {
  const Tensor losses = row({0.05, 1.0, 20.0});
  Tensor s = torch::zeros({3}, torch::kFloat64);
  Tensor t = torch::zeros({3}, torch::kFloat64);
  for (int step = 0; step < 4000; ++step) {
    s = s - 0.05 * uncertainty(losses, s).parameter_gradient;
    t = t - 0.05 * uncertainty(losses, t, UncertaintyForm::kClassification).parameter_gradient;
  }
  EXPECT_TRUE(close(s, losses.log(), 1e-8));
  EXPECT_TRUE(close(t, (2.0 * losses).log(), 1e-8));
  // At that point the gradient is half the scale-invariant one.
  EXPECT_TRUE(close(uncertainty(losses, losses.log()).weights, 0.5 * scale_invariant(losses, 0.0).weights, 1e-12));
}

TEST(ImtlL, IsTwiceUncertaintyAtTheNegatedParameters) {
  const FamilyLosses x = family_losses(6, 0, 77);
  const LossWeights a = imtl_l(x.first, x.parameters);
  const LossWeights b = uncertainty(x.first, -x.parameters);
  EXPECT_TRUE(close(a.objective, 2.0 * b.objective, 1e-12));
  EXPECT_TRUE(close(a.weights, 2.0 * b.weights, 1e-12));
  EXPECT_TRUE(close(a.parameter_gradient, -2.0 * b.parameter_gradient, 1e-12));
}

TEST(Geometric, EqualLossesGiveTheMeanAndScalingOneScalesByItsRoot) {
  EXPECT_TRUE(close(geometric(row({3, 3, 3})).weights, equal_weights(3), 1e-14));
  const Tensor losses = row({0.5, 2.0, 3.0, 0.1});
  const LossWeights before = geometric(losses);
  const LossWeights after = geometric(losses * row({16, 1, 1, 1}));
  EXPECT_TRUE(close(after.objective, 2.0 * before.objective, 1e-12));
  // Gradient contributions w_t g_t, g_1 being 16 times as long: all doubled.
  EXPECT_TRUE(close(after.weights * row({16, 1, 1, 1}), 2.0 * before.weights, 1e-12));
}

TEST(Geometric, SurvivesWhatAProductWouldNot) {
  const Tensor small = torch::full({20}, 1e-30, torch::kFloat64);
  EXPECT_TRUE(close(geometric(small).objective * 1e30, 1.0, 1e-9));
  EXPECT_TRUE(close(geometric(small).weights, torch::full({20}, 0.05, torch::kFloat64), 1e-9));
  EXPECT_TRUE(close(geometric(row({0.0, 1.0})).weights, row({0, 0}), 0));
  EXPECT_THROW(geometric(row({-1.0, 1.0})), NonFiniteError);
}

TEST(Dwa, EqualRatiosGiveOnesAndTheSumIsTheTasks) {
  EXPECT_TRUE(close(dwa(3, row({1, 2, 3}), row({2, 4, 6})), row({1, 1, 1}), 1e-14));
  EXPECT_TRUE(close(dwa(3, {}, row({2, 4, 6})), row({1, 1, 1}), 0));
  const Tensor w = dwa(3, row({1, 2, 3}), row({1, 4, 2}));
  EXPECT_TRUE(close(w.sum().item<double>(), 3.0, 1e-12));
  EXPECT_TRUE(close(w, 3.0 * (row({1, 0.5, 1.5}) / 2.0).softmax(0), 1e-14));
  EXPECT_TRUE(close(dwa(2, row({0, 1}), row({0, 1})), row({1, 1}), 0));
  EXPECT_TRUE(all_finite(dwa(2, row({1, 1}), row({0, 1e-300}))));
  EXPECT_THROW(dwa(3, row({1, 2}), row({1, 2})), ShapeError);
}

TEST(Rlw, MeanOfTheWeightsIsUniform) {
  for (const double concentration : {0.0, 0.3, 1.0, 5.0}) {  // 0: softmax of normals
    RandomStream stream(2024);
    Tensor mean = torch::zeros({4}, torch::kFloat64);
    Tensor square = torch::zeros({4}, torch::kFloat64);
    const int draws = 20000;
    for (int i = 0; i < draws; ++i) {
      const Tensor w = concentration > 0.0 ? rlw_dirichlet(4, stream, concentration) : rlw_normal(4, stream);
      mean += w / draws;
      square += w * w / draws;
      if (i < 200) {
        EXPECT_TRUE(close(w.sum().item<double>(), 1.0, 1e-12));
        EXPECT_GE(w.min().item<double>(), 0.0);
      }
    }
    EXPECT_TRUE(close(mean, torch::full({4}, 0.25, torch::kFloat64), 0.01)) << concentration;
    if (concentration > 0.0) {  // variance of a Dirichlet entry: (1/T)(1 - 1/T) / (T a + 1)
      const double variance = 0.25 * 0.75 / (4 * concentration + 1);
      EXPECT_TRUE(close(square - mean * mean, torch::full({4}, variance, torch::kFloat64), 0.05 * variance + 1e-3))
          << concentration;
    }
  }
  RandomStream a(3), b(3);
  EXPECT_TRUE(close(rlw_normal(5, a), rlw_normal(5, b), 0));
}

TEST(Stch, SmallMuPicksTheWorstTask) {
  const Tensor losses = row({1.0, 2.0, 0.9});
  const Tensor nadir = row({2.0, 3.0, 1.0});
  const Tensor w = stch(losses, nadir, 1e-3).weights * losses / 3.0;
  EXPECT_TRUE(close(w, row({0, 0, 1}), 1e-9));
  EXPECT_TRUE(all_finite(stch(row({1e-200, 1e200}), row({1, 1}), 1e-6).weights));
  EXPECT_TRUE(close(smooth_tchebycheff(losses, 1e-4).weights, row({0, 1.0 / 3, 0}), 1e-9));
  EXPECT_THROW(stch(row({0.0, 1.0}), nadir.slice(0, 0, 2)), NonFiniteError);
  EXPECT_THROW(stch(losses, nadir, 0.0), NonFiniteError);
}

TEST(Famo, GradientWeightsSumToOneAndFollowTheSlowestTask) {
  const FamilyLosses x = family_losses(5, 0, 8);
  EXPECT_TRUE(close(famo(x.first, x.parameters).weights.sum().item<double>(), 1.0, 1e-12));
  // Task 1 improved least: descending the logit gradient raises its weight.
  const Tensor logits = torch::zeros({3}, torch::kFloat64);
  const Tensor gradient = famo_logit_gradient(logits, row({1, 1, 1}), row({0.5, 1.0, 0.6}));
  EXPECT_EQ(gradient.argmin().item<std::int64_t>(), 1);
  EXPECT_TRUE(close(gradient.sum().item<double>(), 0.0, 1e-12));
  EXPECT_THROW(famo(row({1.0, 0.5}), row({0, 0}), row({0.0, 1.0})), NonFiniteError);
}

TEST(LossWeights, RefuseBadInputAndNameTheTask) {
  const Tensor good = row({1, 2, 3});
  const std::vector<std::function<LossWeights(const Tensor&)>> functions = {
      [](const Tensor& l) { return scale_invariant(l); }, [&](const Tensor& l) { return uncertainty(l, good); },
      [&](const Tensor& l) { return imtl_l(l, good); },   [](const Tensor& l) { return geometric(l); },
      [&](const Tensor& l) { return stch(l, good); },     [](const Tensor& l) { return smooth_tchebycheff(l, 1.0); },
      [&](const Tensor& l) { return famo(l, good); },
  };
  for (std::size_t f = 0; f < functions.size(); ++f) {
    SCOPED_TRACE(f);
    EXPECT_NO_THROW(functions[f](good));
    EXPECT_NO_THROW(functions[f](good.to(torch::kFloat32).requires_grad_(true)));
    for (const double bad : {std::nan(""), static_cast<double>(INFINITY)}) {
      Tensor poisoned = good.clone();
      poisoned[2] = bad;
      try {
        functions[f](poisoned);
        ADD_FAILURE();
      } catch (const NonFiniteError& error) {
        EXPECT_NE(std::string(error.what()).find("task 2"), std::string::npos) << error.what();
      }
    }
    EXPECT_THROW(functions[f](torch::ones({2, 2}, torch::kFloat64)), ShapeError);
    EXPECT_THROW(functions[f](torch::ones({0}, torch::kFloat64)), ShapeError);
    EXPECT_THROW(functions[f](Tensor()), ShapeError);
  }
  EXPECT_THROW(uncertainty(good, row({1, 2})), ShapeError);
}

}  // namespace
}  // namespace infomtl::testing
