#include "infomtl/ops/information/bounds.h"

#include <cmath>
#include <functional>

#include "infomtl/core/errors.h"
#include "ops/information/gaussian_pairs.h"
#include "support/gradcheck.h"

namespace infomtl::ops {
namespace {

using infomtl::testing::close;
using infomtl::testing::gradients_match;
using ops::testing::GaussianPairs;
using torch::Tensor;

class Bounds : public ::testing::Test {
 protected:
  void SetUp() override { torch::manual_seed(5); }
};

using Matrix = std::vector<std::vector<double>>;

Tensor tensor(const Matrix& f) {
  const auto n = static_cast<int64_t>(f.size());
  Tensor result = torch::zeros({n, n}, torch::kFloat64);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) result[i][j] = f[i][j];
  }
  return result;
}

double softplus(double a) { return std::log1p(std::exp(a)); }

/// Means of g(F_ij) on and off the diagonal, from loops.
double on(const Matrix& f, const std::function<double(double)>& g) {
  double sum = 0;
  for (std::size_t i = 0; i < f.size(); ++i) sum += g(f[i][i]);
  return sum / static_cast<double>(f.size());
}
double off(const Matrix& f, const std::function<double(double)>& g) {
  double sum = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    for (std::size_t j = 0; j < f.size(); ++j) sum += i == j ? 0 : g(f[i][j]);
  }
  return sum / static_cast<double>(f.size() * (f.size() - 1));
}

TEST_F(Bounds, EqualTheirDefinitionsOnASmallMatrix) {
  const Matrix f = {{1.5, -0.3, 0.2, 2.0}, {0.1, 0.9, -1.1, 0.4}, {-2.0, 0.6, 2.2, 0.3}, {0.7, -0.8, 0.5, 1.1}};
  const Tensor scores = tensor(f);
  const auto same = [](double a) { return a; };
  const auto e = [](double a) { return std::exp(a); };
  const std::vector<double> u = {0.3, -0.2, 0.5, -1.0}, a = {0.1, 0.7, -0.4, 1.2};

  double nce = std::log(4.0), leave = 0, flow = 0, tub = 1, all = 0;
  for (int i = 0; i < 4; ++i) {
    double row = 0, others_in_row = 0, others_in_column = 0;
    for (int j = 0; j < 4; ++j) {
      row += std::exp(f[i][j]);
      others_in_row += j == i ? 0 : std::exp(f[i][j]) / 3;
      others_in_column += j == i ? 0 : std::exp(f[j][i]) / 3;
      tub += i == j ? (f[i][i] - a[i]) / 4 : -std::exp(f[i][j] - a[j]) / 12;
      all += f[i][j] / 16;
    }
    nce += (f[i][i] - std::log(row)) / 4;
    leave += (f[i][i] - std::log(others_in_column)) / 4;
    flow -= (u[i] + std::exp(-u[i]) * others_in_row / std::exp(f[i][i]) - 1) / 4;
  }
  const double log_off = std::log(off(f, e));
  EXPECT_TRUE(close(infonce(scores).item<double>(), nce, 1e-12));
  EXPECT_TRUE(close(dv(scores).item<double>(), on(f, same) - log_off, 1e-12));
  EXPECT_TRUE(close(mine(scores).value.item<double>(), on(f, same) - log_off, 1e-12));
  EXPECT_TRUE(close(nwj(scores).item<double>(), on(f, same) - std::exp(-1) * off(f, e), 1e-12));
  EXPECT_TRUE(close(tuba(scores, torch::tensor(a, torch::kFloat64)).item<double>(), tub, 1e-12));
  const double js = -on(f, [](double s) { return softplus(-s); }) - off(f, softplus);
  EXPECT_TRUE(close(jsd(scores).item<double>(), js, 1e-12));
  EXPECT_TRUE(close(jsd_information(scores).item<double>(), on(f, same) + 1 - off(f, e), 1e-12));
  const double clipped = std::log(off(f, [](double s) { return std::exp(std::clamp(s, -0.5, 0.5)); }));
  EXPECT_TRUE(close(smile(scores, 0.5).item<double>(), on(f, same) - clipped, 1e-12));
  EXPECT_TRUE(close(smile_objective(scores, 0.5).item<double>(), on(f, same) - clipped, 1e-12));
  EXPECT_TRUE(close(flo(scores, torch::tensor(u, torch::kFloat64)).item<double>(), flow, 1e-12));
  EXPECT_TRUE(close(club(scores).item<double>(), on(f, same) - all, 1e-12));
  EXPECT_TRUE(close(l1out(scores).item<double>(), leave, 1e-12));
  EXPECT_TRUE(close(club_sample(scores.diagonal(), scores[0]).item<double>(), 1.425 - 0.85, 1e-12));
  EXPECT_TRUE(close(var_ub(scores).item<double>(), 4 * all, 1e-12));
}

TEST_F(Bounds, HaveTheGradientsOfCentralDifferences) {
  const std::vector<std::pair<const char*, std::function<Tensor(const Tensor&)>>> of_scores = {
      {"infonce", infonce},
      {"dv", dv},
      {"nwj", nwj},
      {"jsd", jsd},
      {"jsd_information", jsd_information},
      {"smile", [](const Tensor& f) { return smile(f, 0.8); }},
      {"club", club},
      {"l1out", l1out},
      {"var_ub", var_ub},
      {"flo_best_u", [](const Tensor& f) { return flo_best_u(f).square().sum(); }}};
  for (const auto& [name, bound] : of_scores) {
    EXPECT_TRUE(gradients_match([&](const auto& in) { return bound(in[0]); }, {torch::randn({5, 5})})) << name;
  }
  EXPECT_TRUE(
      gradients_match([](const auto& in) { return tuba(in[0], in[1]); }, {torch::randn({5, 5}), torch::randn({5})}));
  EXPECT_TRUE(
      gradients_match([](const auto& in) { return flo(in[0], in[1]); }, {torch::randn({5, 5}), torch::randn({5})}));
  EXPECT_TRUE(gradients_match([](const auto& in) { return club_sample(in[0], in[1]); },
                              {torch::randn({5}), torch::randn({5})}));
  const Tensor y = torch::randn({4, 3}, torch::kFloat64);
  EXPECT_TRUE(gradients_match([&](const auto& in) { return club_learning_loss(y, in[0], in[1]); },
                              {torch::randn({4, 3}), torch::randn({4, 3})}));
}
TEST_F(Bounds, InfoNceNeverExceedsLogN) {
  for (const double scale : {0.1, 1.0, 30.0, 1e4, 1e30}) {
    for (const int64_t n : {1, 2, 17}) {
      const Tensor scores = scale * torch::randn({n, n}, torch::kFloat64);
      EXPECT_LE(infonce(scores).item<double>(), std::log(static_cast<double>(n)) + 1e-12);
      EXPECT_LE(infonce(scale * torch::eye(n, torch::kFloat64)).item<double>(),
                std::log(static_cast<double>(n)) + 1e-12);
    }
  }
}
TEST_F(Bounds, ConstantCriticsSayNothing) {
  for (const double c : {-50.0, 0.0, 1.0, 50.0}) {
    const Tensor scores = torch::full({6, 6}, c, torch::kFloat64);
    for (const auto& bound : {infonce, dv, club, l1out})
      EXPECT_TRUE(close(bound(scores).item<double>(), 0, 1e-10)) << c;
    EXPECT_TRUE(close(flo(scores, torch::zeros({6}, torch::kFloat64)).item<double>(), 0, 1e-10)) << c;
    EXPECT_TRUE(close(mine(scores).value.item<double>(), 0, 1e-10)) << c;
    EXPECT_TRUE(close(smile(scores).item<double>(), 0, 1e-10)) << c;
    EXPECT_TRUE(close(tuba(scores, torch::full({6}, c, torch::kFloat64)).item<double>(), 0, 1e-10)) << c;
  }
  EXPECT_TRUE(close(nwj(torch::ones({6, 6}, torch::kFloat64)).item<double>(), 0, 1e-12));
  EXPECT_TRUE(close(jsd(torch::zeros({6, 6}, torch::kFloat64)).item<double>(), -2 * std::log(2.0), 1e-12));
  EXPECT_TRUE(close(jsd_information(torch::zeros({6, 6}, torch::kFloat64)).item<double>(), 0, 1e-12));
}
TEST_F(Bounds, SmileTakesItsValueFromDvAndItsGradientFromJsd) {
  const Tensor scores = (3 * torch::randn({8, 8}, torch::kFloat64)).requires_grad_(true);
  EXPECT_TRUE(close(smile(scores), dv(scores), 1e-12));
  EXPECT_TRUE(close(smile_objective(scores), dv(scores), 1e-12));
  EXPECT_GT(std::abs((smile(scores, 1) - dv(scores)).item<double>()), 0.1);
  const Tensor of_jsd = torch::autograd::grad({jsd(scores)}, {scores})[0];
  for (const double clip : {1.0, 5.0, double{INFINITY}}) {
    EXPECT_TRUE(close(torch::autograd::grad({smile_objective(scores, clip)}, {scores})[0], of_jsd, 1e-14));
  }
  for (const auto& [i, j] : {std::pair{0, 0}, {2, 5}, {7, 1}}) {  // jsd's gradient itself by central differences
    Tensor moved = scores.detach().clone();
    moved[i][j] += 1e-6;
    const double above = jsd(moved).item<double>();
    moved[i][j] -= 2e-6;
    EXPECT_TRUE(close(of_jsd[i][j].item<double>(), (above - jsd(moved).item<double>()) / 2e-6, 1e-8));
  }
}

TEST_F(Bounds, MineDividesByItsMovingAverage) {
  const Tensor scores = torch::randn({6, 6}, torch::kFloat64).requires_grad_(true);
  const Tensor mask = 1 - torch::eye(6, torch::kFloat64);
  const double batch = (scores.exp() * mask).sum().item<double>() / 30;
  const MineBound first = mine(scores);
  EXPECT_TRUE(close(first.average.item<double>(), 0.9 + 0.1 * batch, 1e-12));
  EXPECT_FALSE(first.average.requires_grad());
  const MineBound second = mine(scores, torch::tensor(5.0), 0.5);
  EXPECT_TRUE(close(second.average.item<double>(), 2.5 + 0.5 * batch, 1e-12));
  EXPECT_TRUE(close(second.value, dv(scores), 1e-12));
  const Tensor expected = torch::eye(6, torch::kFloat64) / 6 - scores.exp() * mask / 30 / second.average;
  EXPECT_TRUE(close(torch::autograd::grad({second.value}, {scores})[0], expected.detach(), 1e-12));
  EXPECT_TRUE(close(mine(torch::full({3, 3}, -900.0), torch::zeros({})).average.item<double>(), 1e-4, 1e-10));
  // Without memory it is DV, gradient and all.
  EXPECT_TRUE(close(torch::autograd::grad({mine(scores, {}, 0).value}, {scores})[0],
                    torch::autograd::grad({dv(scores)}, {scores})[0], 1e-12));
  EXPECT_THROW(mine(scores, {}, 1), ConfigError);
}

TEST_F(Bounds, TubaWithBaselineEIsNwj) {
  const Tensor scores = torch::randn({7, 7}, torch::kFloat64);
  EXPECT_TRUE(close(tuba(scores, torch::ones({7}, torch::kFloat64)), nwj(scores), 1e-12));
}

TEST_F(Bounds, BestUMakesFloTight) {
  const Tensor scores = torch::randn({7, 7}, torch::kFloat64);
  const Tensor best = flo_best_u(scores);
  EXPECT_TRUE(close(flo(scores, best), -best.mean(), 1e-12));
  for (int i = 0; i < 10; ++i) {
    EXPECT_LT(flo(scores, best + 0.3 * torch::randn({7}, torch::kFloat64)).item<double>(),
              flo(scores, best).item<double>());
  }
}
TEST_F(Bounds, AnalyticCriticsFindTheInformationOfOneDimension) {
  const auto pairs = GaussianPairs::with_rho(0.8, 3000, 1);
  const double truth = 0.510826, close_by = 0.05;
  EXPECT_TRUE(close(pairs.information(), truth, 1e-6));
  EXPECT_NEAR(dv(pairs.pmi).item<double>(), truth, close_by);
  EXPECT_NEAR(nwj(pairs.pmi + 1).item<double>(), truth, close_by);
  EXPECT_NEAR(infonce(pairs.pmi).item<double>(), truth, close_by);
  EXPECT_NEAR(infonce(pairs.conditional.t()).item<double>(), truth, close_by);
  EXPECT_NEAR(flo(pairs.pmi, -pairs.pmi.diagonal()).item<double>(), truth, close_by);
  EXPECT_NEAR(flo(pairs.pmi, flo_best_u(pairs.pmi)).item<double>(), truth, close_by);
  EXPECT_NEAR(smile(pairs.pmi).item<double>(), truth, close_by);
  EXPECT_NEAR(jsd_information(pairs.pmi).item<double>(), truth, close_by);
  EXPECT_NEAR(tuba(pairs.pmi, torch::zeros({3000}, torch::kFloat64)).item<double>(), truth, close_by);
  EXPECT_NEAR(l1out(pairs.conditional).item<double>(), truth, close_by);
  EXPECT_NEAR(club(pairs.conditional).item<double>(), 0.64 / 0.36, 0.15);
  const Tensor shuffled = pairs.conditional.gather(1, torch::randperm(3000).unsqueeze(1)).squeeze(1);
  EXPECT_NEAR(club_sample(pairs.conditional.diagonal(), shuffled).item<double>(), 0.64 / 0.36, 0.25);
  const Tensor divergence = kl_standard(0.8 * pairs.x, torch::full_like(pairs.x, std::log(0.36)));
  EXPECT_NEAR(var_ub(divergence).item<double>(), truth, close_by);
}

// The benchmark of Song & Ermon: k = 20. Averages over batches; where theory says unbiased, within 5 %.
TEST_F(Bounds, KnownInformationIsFoundAndBoundsStayOnTheirSide) {
  constexpr int64_t kRows = 1000, kDimensions = 20;
  constexpr int kBatches = 8;
  for (const double target : {2.0, 4.0, 6.0, 8.0, 10.0}) {
    std::map<std::string, double> mean;
    for (int batch = 0; batch < kBatches; ++batch) {
      const GaussianPairs pairs(target, kRows, kDimensions);
      auto record = [&](const char* name, const Tensor& value) { mean[name] += value.item<double>() / kBatches; };
      record("joint term", pairs.pmi.diagonal().mean());
      record("nwj", nwj(pairs.pmi + 1));
      record("tuba", tuba(pairs.pmi, torch::zeros({kRows}, torch::kFloat64)));
      record("flo", flo(pairs.pmi, -pairs.pmi.diagonal()));
      record("var_ub",
             var_ub(kl_standard(pairs.rho * pairs.x, torch::full_like(pairs.x, std::log(1 - pairs.rho * pairs.rho)))));
      record("infonce", infonce(pairs.pmi));
      record("club", club(pairs.conditional));
      record("l1out", l1out(pairs.conditional));
      record("jsd", jsd(pairs.pmi));
    }
    for (const char* unbiased : {"joint term", "nwj", "tuba", "flo", "var_ub"}) {
      EXPECT_NEAR(mean[unbiased], target, 0.05 * target) << unbiased << " at " << target << " nats";
    }
    const double noise = 0.02 * target;
    EXPECT_LE(mean["infonce"], std::min(target + noise, std::log(1000.0)));
    EXPECT_GE(mean["l1out"], target - noise);
    const double rho = std::sqrt(1 - std::exp(-2 * target / kDimensions));
    const double expected_club = kDimensions * rho * rho / (1 - rho * rho);
    EXPECT_GE(mean["club"], target - noise);
    EXPECT_NEAR(mean["club"], expected_club, 0.1 * expected_club);
    EXPECT_LE(mean["jsd"], 0);
    RecordProperty("nats_" + std::to_string(static_cast<int>(target)),
                   "nwj " + std::to_string(mean["nwj"]) + " infonce " + std::to_string(mean["infonce"]) + " l1out " +
                       std::to_string(mean["l1out"]) + " var_ub " + std::to_string(mean["var_ub"]));
  }
}

TEST_F(Bounds, LargeScoresStayStable) {
  const Tensor scores = 1e4 * torch::randn({5, 5}, torch::kFloat64);
  const Tensor leaf = scores.to(torch::kFloat32).requires_grad_(true);
  for (const auto& bound : {infonce, dv, jsd, club, l1out}) {
    const Tensor value = bound(leaf);
    EXPECT_TRUE(value.isfinite().item<bool>());
    EXPECT_TRUE(torch::autograd::grad({value}, {leaf})[0].isfinite().all().item<bool>());
  }
  EXPECT_TRUE(smile(leaf, 5).isfinite().item<bool>());
  EXPECT_EQ(nwj(leaf).item<double>(), -INFINITY);
}

TEST_F(Bounds, NanIsNeverSwallowed) {
  Tensor scores = torch::randn({4, 4});
  for (const auto& [i, j] : {std::pair{1, 1}, {2, 0}}) {
    Tensor broken = scores.clone();
    broken[i][j] = NAN;
    for (const auto& bound : {infonce, dv, nwj, jsd, jsd_information, club, l1out}) {
      EXPECT_TRUE(bound(broken).isnan().item<bool>());
    }
    EXPECT_TRUE(smile(broken, 1).isnan().item<bool>());
    EXPECT_TRUE(mine(broken).value.isnan().item<bool>());
    EXPECT_TRUE(flo(broken, torch::zeros({4})).isnan().item<bool>());
  }
}

TEST_F(Bounds, BadShapesAndSettingsAreNamed) {
  for (const auto& bound : {infonce, dv, nwj, jsd, club, l1out, flo_best_u}) {
    EXPECT_THROW(bound(torch::zeros({3, 4})), ShapeError);
    EXPECT_THROW(bound(torch::zeros({0, 0})), ShapeError);
    EXPECT_THROW(bound(Tensor()), ShapeError);
  }
  for (const auto& bound : {dv, nwj, jsd, l1out, flo_best_u}) EXPECT_THROW(bound(torch::zeros({1, 1})), ShapeError);
  EXPECT_EQ(infonce(torch::ones({1, 1})).item<double>(), 0);
  EXPECT_THROW(smile(torch::zeros({2, 2}), 0), ConfigError);
  EXPECT_THROW(tuba(torch::zeros({2, 2}), torch::zeros({3})), ShapeError);
  EXPECT_THROW(flo(torch::zeros({2, 2}), torch::zeros({3})), ShapeError);
  EXPECT_THROW(club_sample(torch::zeros({2}), torch::zeros({3})), ShapeError);
}

}  // namespace
}  // namespace infomtl::ops
