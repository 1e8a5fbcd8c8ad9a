#include "losses/compression_prior.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/losses/objective.h"
#include "infomtl/losses/task_information_minimization.h"
#include "infomtl/ops/information/gaussian.h"
#include "losses/term_cases.h"

namespace infomtl {
namespace {

using testing::close;
using testing::context_of;
using testing::gaussian_step;
using testing::random_rows;
using testing::term_of;

const Tensor kMean = random_rows(1, 5, 3), kLogVariance = random_rows(2, 5, 3) * 0.3;
const Tensor kSample = kMean + (kLogVariance / 2).exp() * random_rows(3, 5, 3);
const Tensor kLabels = torch::tensor({0, 2, 1, 2, 2});

testing::FixedTaskStep step_of(const Tensor& labels = kLabels, TaskKind kind = TaskKind::classification) {
  const std::int64_t rows = labels.size(0);
  return gaussian_step(kind, labels, kMean.slice(0, 0, rows), kLogVariance.slice(0, 0, rows),
                       kSample.slice(0, 0, rows));
}

Json timin(const std::string& prior, const std::string& reduction = "mean") {
  return {{"name", "timin"}, {"prior", prior}, {"reduction", reduction}, {"components", 2}};
}

double value_of(const Json& config, TaskKind kind = TaskKind::classification) {
  auto step = step_of(kLabels, kind);
  return term_of(config)->compute(step).mean().item<double>();
}

TEST(TiminPriors, StartAsTheStandardPrior) {  // PT-1.15
  for (const char* reduction : {"spc", "mean", "sum"}) {
    const double standard = value_of(timin("standard", reduction));
    EXPECT_EQ(value_of({{"name", "timin"}, {"reduction", reduction}}), standard);
    EXPECT_TRUE(close(value_of(timin("learned", reduction)), standard, 1e-9)) << reduction;
    EXPECT_TRUE(close(value_of(timin("class_conditional", reduction)), standard, 1e-9)) << reduction;
  }
}

TEST(TiminPriors, AreThePureFunctions) {
  const auto term = term_of(timin("mixture"));
  const auto of_task = term->named_parameters();
  const Tensor per_row =
      ops::kl_mixture_sample(kSample, kMean, kLogVariance, of_task["prior.task0_mean"],
                             of_task["prior.task0_log_variance"], of_task["prior.task0_weight_logits"]);
  auto step = step_of();
  EXPECT_TRUE(close(term->compute(step).mean(), per_row.mean() / 3, 1e-7));
  EXPECT_TRUE(close(value_of(timin("mixture", "sum")), per_row.mean().item<double>(), 1e-7));
  // A class's mean counts once however many rows it has: classes 0 (row 0), 1 (row 2), 2 (rows 1, 3, 4).
  const Tensor balanced = (per_row[0] + per_row[2] + (per_row[1] + per_row[3] + per_row[4]) / 3) / 3;
  EXPECT_TRUE(close(value_of(timin("mixture", "spc")), balanced.item<double>(), 1e-7));

  const Tensor left_out = ops::l1out_compression(kSample, kMean, kLogVariance).mean();
  EXPECT_TRUE(close(value_of(timin("l1out", "sum")), left_out.item<double>(), 1e-9));
  EXPECT_TRUE(close(value_of(timin("l1out", "mean")), left_out.item<double>() / 3, 1e-9));
}

TEST(TiminPriors, ClubIsTheMeanLogDensityOfOwnSamplesLessThatOfAllOrOfOneOther) {
  const auto density = [](std::int64_t x, std::int64_t z) {
    double sum = 0;
    for (std::int64_t k = 0; k < 3; ++k) {
      const double m = kMean[x][k].item<double>(), s = kLogVariance[x][k].item<double>();
      sum -= 0.5 * (s + std::log(2 * M_PI) + std::pow(kSample[z][k].item<double>() - m, 2) / std::exp(s));
    }
    return sum;
  };
  double all = 0, one = 0;
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t j = 0; j < 5; ++j) all += (density(i, i) - density(i, j)) / 25;
    one += (density(i, i) - density(i, (i + 1) % 5)) / 5;
  }
  EXPECT_GT(std::abs(all - one), 0.1) << "the test can tell them apart";
  EXPECT_TRUE(close(value_of(timin("club", "sum")), all, 1e-9));
  EXPECT_TRUE(close(value_of(timin("club_sample", "sum")), one, 1e-9));
  for (const char* reduction : {"mean", "spc"}) {
    EXPECT_TRUE(close(value_of(timin("club", reduction)), all / 3, 1e-9));
    EXPECT_TRUE(close(value_of(timin("club_sample", reduction)), one / 3, 1e-9));
  }
}

TEST(TiminPriors, GradientsReachTheHeadAndThePrior) {
  for (const std::string& prior : prior_names()) {
    for (const char* reduction : {"spc", "sum"}) {
      const auto term = term_of(timin(prior, reduction));
      const auto loss = [&](const std::vector<Tensor>& parts) {
        auto step = gaussian_step(TaskKind::classification, kLabels, parts[0], parts[1], parts[2]);
        return term->compute(step).sum;
      };
      EXPECT_TRUE(testing::gradients_match(loss, {kMean, kLogVariance, kSample})) << prior << " " << reduction;
      EXPECT_TRUE(testing::parameter_gradients_match(*term,
                                                     [&] {
                                                       return loss({kMean, kLogVariance, kSample});
                                                     }))
          << prior << " " << reduction;
      const bool learns = prior == "learned" || prior == "mixture" || prior == "class_conditional";
      EXPECT_EQ(term->parameters().empty(), !learns);
    }
  }
}

TEST(TiminPriors, TasksDoNotShareTheirPrior) {
  const auto term = term_of(timin("learned"));
  auto step = step_of();
  step.index = 1;
  term->compute(step).sum.backward();
  const auto parameters = term->named_parameters();
  EXPECT_FALSE(parameters["prior.task0_mean"].grad().defined());
  EXPECT_GT(parameters["prior.task1_mean"].grad().norm().item<double>(), 0);
}

TEST(TiminPriors, ALearnedPriorAtItsBestIsTheMomentMatchAndNoWorseThanStandard) {  // PT-1.17
  const auto term = term_of(timin("learned", "sum"));
  const ops::DiagonalGaussian best = ops::moment_match(kMean, kLogVariance);
  const auto parameters = term->named_parameters();
  {
    const torch::NoGradGuard no_grad;
    parameters["prior.task0_mean"].copy_(best.mean);
    parameters["prior.task0_log_variance"].copy_(best.log_variance);
  }
  auto step = step_of();
  const LossValue value = term->compute(step);
  value.sum.backward();
  EXPECT_TRUE(close(parameters["prior.task0_mean"].grad(), torch::zeros({3}), 1e-5));
  EXPECT_TRUE(close(parameters["prior.task0_log_variance"].grad(), torch::zeros({3}), 1e-5));
  EXPECT_LT(value.mean().item<double>(), value_of(timin("standard", "sum")));
}

TEST(TiminPriors, AClassPriorEqualToEveryPosteriorCostsNothing) {  // PT-1.16
  const auto term = term_of(timin("class_conditional"));
  const auto parameters = term->named_parameters();
  {
    const torch::NoGradGuard no_grad;
    parameters["prior.task0_mean"].copy_(kMean.slice(0, 0, 3));
    parameters["prior.task0_log_variance"].copy_(kLogVariance.slice(0, 0, 3));
  }
  auto step = step_of(torch::tensor({0, 1, 2}));
  EXPECT_TRUE(close(term->compute(step).mean().item<double>(), 0, 1e-9));
}

TEST(TiminPriors, RowsThatCannotBeCountedAreNot) {
  const auto counted = [](const Json& config, const Tensor& labels, TaskKind kind = TaskKind::classification) {
    const auto term = term_of(config);
    const std::int64_t rows = labels.size(0);
    const Tensor mean = kMean.slice(0, 0, rows).clone().requires_grad_(true);
    auto step = gaussian_step(kind, labels, mean, kLogVariance.slice(0, 0, rows), kSample.slice(0, 0, rows));
    const LossValue value = term->compute(step);
    EXPECT_EQ(value.count.item<std::int64_t>(), term->count(step.batch())) << config.dump();
    EXPECT_TRUE(value.sum.isfinite().item<bool>()) << config.dump();
    value.sum.backward();
    EXPECT_TRUE(mean.grad().defined());
    if (term->count(step.batch()) == 0) {
      EXPECT_EQ(value.sum.item<double>(), 0) << config.dump();
    }
    return term->count(step.batch());
  };
  const Tensor some = torch::tensor({0, -100, 1, 2, -100}), none = torch::full({3}, -100, torch::kInt64);
  const Tensor empty = torch::zeros({0}, torch::kInt64), one = torch::tensor({1});
  EXPECT_EQ(counted(timin("class_conditional"), some), 3);
  EXPECT_EQ(counted(timin("class_conditional"), some, TaskKind::tagging), 3);
  EXPECT_EQ(counted(timin("class_conditional"), none), 0);
  EXPECT_EQ(counted(timin("standard"), some), 5);
  for (const char* pairs : {"l1out", "club", "club_sample"}) EXPECT_EQ(counted(timin(pairs), one), 0) << pairs;
  EXPECT_EQ(counted(timin("mixture"), one), 1);
  for (const std::string& prior : prior_names()) EXPECT_EQ(counted(timin(prior), empty), 0) << prior;
  // The rows left are those that a batch without the others has.
  auto with = step_of(torch::tensor({0, 2, -100, -100, -100})), without = step_of(torch::tensor({0, 2}));
  const auto term = term_of(timin("class_conditional", "spc"));
  EXPECT_TRUE(close(term->compute(with).sum, term->compute(without).sum, 1e-12));
}

TEST(TiminPriors, AClassPriorIsForTasksOfClasses) {
  const TermContext context = context_of(6, {TaskKind::regression, TaskKind::tagging, TaskKind::multi_label});
  const auto term = term_of(timin("class_conditional"), context);
  EXPECT_FALSE(term->applies_to(context.tasks[0]));
  EXPECT_TRUE(term->applies_to(context.tasks[1]));
  EXPECT_FALSE(term->applies_to(context.tasks[2]));
  EXPECT_TRUE(term_of(timin("learned"), context)->applies_to(context.tasks[0]));
  auto step = step_of();
  EXPECT_THROW(TaskInformationMinimization({.prior = "learned"}).compute(step), StateError) << "without a context";
}

}  // namespace
}  // namespace infomtl
