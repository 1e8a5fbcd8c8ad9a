#include "infomtl/ops/minimize.h"

#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "support/compare.h"
#include "support/normal.h"

namespace infomtl::ops {
namespace {

using testing::close;
using torch::Tensor;

std::pair<double, Tensor> rosenbrock(const Tensor& w) {
  const double x = w[0].item<double>(), y = w[1].item<double>(), u = y - x * x;
  return {(1 - x) * (1 - x) + 100 * u * u, torch::tensor({-2 * (1 - x) - 400 * x * u, 200 * u}, torch::kFloat64)};
}

TEST(Minimize, FindsTheEndOfABentValley) {
  const Minimum found = minimize(rosenbrock, torch::tensor({-1.2, 1.0}, torch::kFloat64), {.tolerance = 1e-10});
  EXPECT_TRUE(found.reached);
  EXPECT_LE(found.gradient, 1e-10);
  EXPECT_TRUE(close(found.point, torch::ones({2}, torch::kFloat64), 1e-9));
  EXPECT_LT(found.iterations, 100);
}

TEST(Minimize, GoesBelowTheRootOfTheRoundingError) {
  // Values near 1e3 differ by 1e-13 at best: a search that needs lower values ends at a gradient of some 1e-6.
  const Tensor x = testing::normal({40, 12}).to(torch::kFloat64);
  const Tensor h = x.t().mm(x), centre = testing::normal({12}, 2).to(torch::kFloat64);
  const auto function = [&](const Tensor& w) {
    const Tensor pulled = h.mv(w - centre);
    return std::pair(1e3 + 0.5 * (w - centre).dot(pulled).item<double>(), pulled);
  };
  const Minimum found = minimize(function, torch::zeros({12}, torch::kFloat64), {.tolerance = 1e-11});
  EXPECT_TRUE(found.reached) << found.gradient;
  EXPECT_TRUE(close(found.point, centre, 1e-11));
}

TEST(Minimize, TakesOneStepWithTheInverseAtHand) {
  const Tensor h = torch::tensor({1.0, 10.0, 1000.0}, torch::kFloat64);
  const auto function = [&](const Tensor& w) { return std::pair(0.5 * (h * w * w).sum().item<double>(), h * w); };
  const Minimum found = minimize(function, torch::ones({3}, torch::kFloat64),
                                 {.tolerance = 1e-12, .inverse = [&](const Tensor& v) { return v / h; }});
  EXPECT_TRUE(found.reached);
  EXPECT_EQ(found.iterations, 1);
}

TEST(Minimize, EndsWhereItIsToldTo) {
  std::int64_t calls = 0;
  const Tensor start = torch::tensor({-1.2, 1.0}, torch::kFloat64);
  const Minimum stopped =
      minimize(rosenbrock, start, {.progress = [&](std::int64_t, double, double) { return ++calls < 3; }});
  EXPECT_EQ(stopped.iterations, 3);
  EXPECT_FALSE(stopped.reached);
  EXPECT_EQ(minimize(rosenbrock, start, {.iterations = 0}).iterations, 0);
  const auto nan = [](const Tensor& w) { return std::pair(double{NAN}, w); };
  EXPECT_THROW(minimize(nan, start), NonFiniteError);
}

TEST(Minimize, ShrinksFromWhereAFunctionHasNoValue) {
  // log barrier: steps beyond 0 have no value
  const auto function = [](const Tensor& w) {
    const double x = w[0].item<double>();
    return std::pair(x - std::log(x), torch::tensor({1 - 1 / x}, torch::kFloat64));
  };
  const Minimum found = minimize(function, torch::tensor({50.0}, torch::kFloat64), {.tolerance = 1e-10});
  EXPECT_TRUE(close(found.point, torch::ones({1}, torch::kFloat64), 1e-9));
}

}  // namespace
}  // namespace infomtl::ops
