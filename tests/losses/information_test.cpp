#include "infomtl/losses/information.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "infomtl/core/errors.h"
#include "infomtl/ops/information/gaussian.h"
#include "losses/term_cases.h"

namespace infomtl {
namespace {

using testing::close;
using testing::context_of;
using testing::gaussian_step;
using testing::random_rows;

testing::FixedTaskStep step_of(std::int64_t seed, std::int64_t rows, std::int64_t at, std::size_t task = 0) {
  const Tensor mean = random_rows(seed, rows, 3), log_variance = random_rows(seed + 1, rows, 3) * 0.2;
  auto step = gaussian_step(TaskKind::classification, torch::zeros({rows}, torch::kInt64), mean, log_variance,
                            mean + (log_variance / 2).exp() * random_rows(seed + 2, rows, 3));
  step.index = task;
  step.step_ = at;
  return step;
}

std::pair<double, double> bounds_of(const testing::FixedTaskStep& step) {
  const Prediction& p = step.predictions[0];
  const auto found = ops::conditional_information(p.output, p.mean, p.log_variance);
  return {found.lower.item<double>(), found.upper.item<double>()};
}

std::map<std::string, double> shown(const Information& term) {
  std::map<std::string, double> found;
  for (const auto& [name, value] : term.diagnostics()) found[name] = value;
  return found;
}

TEST(Information, ShowsTheMovingAverageOfBothBounds) {
  Information term({.momentum = 0.5}, context_of());
  EXPECT_TRUE(term.diagnostics().empty());
  auto first = step_of(1, 8, 0), second = step_of(11, 6, 1), other = step_of(21, 8, 1, 1);
  const auto [lower, upper] = bounds_of(first);
  EXPECT_LE(lower, upper);
  EXPECT_LE(lower, std::log(8.0));

  const LossValue value = term.compute(first);
  EXPECT_EQ(value.sum.item<double>(), 0);
  EXPECT_FALSE(value.sum.requires_grad());
  EXPECT_EQ(value.count.item<double>(), 8);
  EXPECT_EQ(shown(term).size(), 2U);
  EXPECT_TRUE(close(shown(term).at("task0/lower"), lower, 1e-9)) << "the first batch is the whole average";
  EXPECT_TRUE(close(shown(term).at("task0/upper"), upper, 1e-9));

  term.compute(second);
  term.compute(second);  // the same pass once more
  term.compute(other);
  const auto [next_lower, next_upper] = bounds_of(second);
  EXPECT_TRUE(close(shown(term).at("task0/lower"), (lower + 2 * next_lower) / 3, 1e-9));
  EXPECT_TRUE(close(shown(term).at("task0/upper"), (upper + 2 * next_upper) / 3, 1e-9));
  EXPECT_TRUE(close(shown(term).at("task1/upper"), bounds_of(other).second, 1e-9));
}

TEST(Information, LiesAboutWhatIsKnown) {
  // mean x, variance v, x from N(0, 1) in each of 2 coordinates: I = log(1 + 1/v) nats.
  const std::int64_t rows = 2000;
  const double variance = 0.5;
  const Tensor mean = random_rows(7, rows, 2);
  auto step =
      gaussian_step(TaskKind::classification, torch::zeros({rows}, torch::kInt64), mean,
                    torch::full_like(mean, std::log(variance)), mean + std::sqrt(variance) * random_rows(8, rows, 2));
  Information term({}, context_of());
  term.compute(step);
  const double truth = std::log(1 + 1 / variance);
  EXPECT_TRUE(close(shown(term).at("task0/lower"), truth, 0.05));
  EXPECT_TRUE(close(shown(term).at("task0/upper"), truth, 0.05));
}

TEST(Information, ABatchOfOneSaysNothing) {
  Information term({}, context_of());
  for (const std::int64_t rows : {0, 1}) {
    auto step = step_of(1, rows, 0);
    EXPECT_EQ(term.count(step.batch()), 0);
    EXPECT_EQ(term.compute(step).count.item<double>(), 0);
  }
  EXPECT_TRUE(term.diagnostics().empty());
}

TEST(Information, NeedsAGaussianHead) {
  Information term({}, context_of());
  EXPECT_TRUE(term.needs().gaussian_head);
  auto step = step_of(1, 3, 0);
  step.predictions[0].mean = Tensor();
  EXPECT_THROW(term.compute(step), StateError);
}

}  // namespace
}  // namespace infomtl
