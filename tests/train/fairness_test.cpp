// What a comparison of methods takes for granted: weights act, learned scales travel, nothing shortens another part's
// step, epochs of both regimes are as long, and a run says what it cost.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "infomtl/core/errors.h"
#include "infomtl/optim/sgd.h"
#include "infomtl/weighting/weightings.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::close;
using testing::small_settings;
using testing::SmallRun;
using testing::Trained;

/// One weight for every task, and a parameter of its own with a gradient of any size.
class Constant final : public GradientWeighting {
 public:
  explicit Constant(double weight, double own_gradient = 0) : weight_(weight), own_gradient_(own_gradient) {
    own_ = register_parameter("own", torch::zeros({3}));
  }
  void backward(TaskGradients& task_gradients) override {
    task_gradients.apply_weights(torch::full({static_cast<std::int64_t>(task_gradients.size())}, weight_));
    own_.mutable_grad().fill_(own_gradient_);
  }

 private:
  double weight_, own_gradient_;
  Tensor own_;
};

TrainerSettings plain_descent(const std::string& regime) {
  TrainerSettings settings = small_settings(regime);
  settings.optimizer = sgd({.learning_rate = 1.0});
  settings.learning_rate = 1.0;
  settings.clip_norm = 1e-3;  // far below any gradient here
  return settings;
}

/// How far a step moves the model.
Tensor update_of(const TrainerSettings& settings, double weight, double own_gradient = 0,
                 const Json& losses = {"supervised"}) {
  Trained trained(SmallRun(0.0, "linear", losses), settings, std::make_shared<Constant>(weight, own_gradient));
  const Tensor before = at::cat({trained.values("encoder."), trained.values("heads.")});
  trained.steps(1);
  return at::cat({trained.values("encoder."), trained.values("heads.")}) - before;
}

TEST(Clipping, InTotalUndoesAWeightAndPerTaskKeepsIt) {
  for (const char* const regime : {"alternating", "joint"}) {
    TrainerSettings settings = plain_descent(regime);
    EXPECT_TRUE(close(update_of(settings, 0.1), update_of(settings, 1.0), 2e-7, 1e-3)) << regime;
    settings.clip = "per_task";
    const Tensor whole = update_of(settings, 1.0);
    EXPECT_GT(whole.norm().item<double>(), 1e-4);
    EXPECT_TRUE(close(update_of(settings, 0.1), 0.1 * whole, 2e-7, 1e-3)) << regime;
    settings.clip = "none";
    EXPECT_TRUE(close(update_of(settings, 0.1), 0.1 * update_of(settings, 1.0), 2e-7, 1e-3)) << regime;
  }
}

TEST(Clipping, PerTaskShortensEachTasksGradientToTheLimit) {
  TrainerSettings settings = plain_descent("alternating");
  settings.clip = "per_task";
  EXPECT_TRUE(close(update_of(settings, 1.0).norm().item<double>(), 1e-3, 1e-8));
  // Six tasks that share the encoder: no more than six such gradients.
  settings.batching.regime = Regime::joint;
  const double joint = update_of(settings, 1.0).norm().item<double>();
  EXPECT_GT(joint, 1e-3);
  EXPECT_LT(joint, 6e-3);
  settings.clip_norm = 1e6;
  const Tensor wide = update_of(settings, 1.0);
  settings.clip = "none";
  EXPECT_TRUE(close(wide, update_of(settings, 1.0), 0, 1e-4));
}

TEST(Clipping, WhatAWeightingOwnsNeverShortensTheModelsStep) {
  const TrainerSettings settings = plain_descent("alternating");
  EXPECT_TRUE(at::equal(update_of(settings, 1.0, 1e4), update_of(settings, 1.0, 0.0)));
}

TEST(Clipping, WhatATermOwnsNeverShortensTheModelsStep) {
  // The learned prior's own gradient is larger than the model's once the divergence counts for much.
  const Json losses = {"supervised", {{"name", "simax"}, {"critic", "bilinear"}, {"weight", 1.0}}};
  Trained trained(SmallRun(0.1, "linear", losses), plain_descent("joint"), weightings::equal());
  const Tensor before = at::cat({trained.values("encoder."), trained.values("heads.")});
  trained.steps(1);
  const Tensor moved = at::cat({trained.values("encoder."), trained.values("heads.")}) - before;
  EXPECT_TRUE(close(moved.norm().item<double>(), 1e-3, 1e-8));
}

TEST(Clipping, PerTaskWhatATermOwnsHasANormOfItsOwn) {
  // The critic moves at the optimiser's rate, so that what it moves by tells its gradient.
  const Json losses = {"supervised", {{"name", "simax"}, {"critic", "bilinear"}, {"learning_rate", 0}}};
  TrainerSettings settings = plain_descent("alternating");  // a step of one task
  settings.clip = "per_task";
  Trained trained(SmallRun(0.1, "linear", losses), settings, weightings::equal());
  const auto model = [&] { return at::cat({trained.values("encoder."), trained.values("heads.")}); };
  const Tensor before = model(), terms_before = trained.values("objective.");
  trained.steps(1);
  // Both are as long as the limit. Were they clipped together, each would be shorter.
  EXPECT_TRUE(close((model() - before).norm().item<double>(), 1e-3, 1e-7));
  EXPECT_TRUE(close((trained.values("objective.") - terms_before).norm().item<double>(), 1e-3, 1e-6));
}

TEST(Clipping, PerTaskIsRefusedWhereTheWeightingComparesGradients) {
  TrainerSettings settings = small_settings("joint");
  settings.clip = "per_task";
  for (const char* const name : {"pcgrad", "nash_mtl", "sdmgrad"}) {
    try {
      Trained trained(settings, name);
      ADD_FAILURE() << name;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("training.clip"), std::string::npos) << error.what();
    }
  }
}

TEST(Clipping, TheReportSaysHowManyStepsItShortened) {
  const auto shares = [](const std::string& clip, double norm) {
    TrainerSettings settings = small_settings("joint");
    settings.clip = clip;
    settings.clip_norm = norm;
    settings.report_every = 2;
    Trained trained(settings);
    double reported = -1;
    trained.trainer->on_report([&](const StepReport& report) { reported = report.clipped_share; });
    trained.steps(2);
    EXPECT_EQ(trained.trainer->cost().clipped_steps, 2 * reported);
    return reported;
  };
  EXPECT_EQ(shares("total", 1e-6), 1.0);
  EXPECT_EQ(shares("total", 1e6), 0.0);
  EXPECT_EQ(shares("per_task", 1e-6), 1.0);
  EXPECT_EQ(shares("per_task", 1e6), 0.0);
  EXPECT_EQ(shares("none", 1e-6), 0.0);
}

TEST(Rates, WeightingsAndNoiseHaveTheirOwnWhateverTheEncodersIs) {
  TrainerSettings settings = small_settings("joint");
  settings.learning_rate = 5e-5;
  const auto rate = [&](const Trained& trained, const std::string& name) {
    return trained.slot(name).rate_factor * settings.learning_rate;
  };
  const Trained uncertainty(settings, "uncertainty");
  EXPECT_TRUE(close(rate(uncertainty, "weighting.log_variance"), 1e-2, 1e-12));
  EXPECT_EQ(uncertainty.slot("encoder.embeddings.word_embeddings.weight").rate_factor, 1.0);
  const Trained smoothed(settings, {{"name", "smoothed"}, {"inner", "imtl_l"}});
  EXPECT_TRUE(close(rate(smoothed, "weighting.inner.log_scale"), 1e-2, 1e-12));
  const Trained noise(settings, "equal", "additive_noise");
  EXPECT_TRUE(close(rate(noise, "architecture.noise_log_variance.0"), 1e-2, 1e-12));
  EXPECT_TRUE(close(rate(noise, "architecture.prior_log_variance.3"), 1e-2, 1e-12));
  EXPECT_EQ(noise.slot("architecture.code.output.weight").rate_factor, 1.0);
  const Trained told(settings, {{"name", "uncertainty"}, {"learning_rate", 0}});
  EXPECT_EQ(told.slot("weighting.log_variance").rate_factor, 1.0);
  settings.groups = {{.match = "weighting", .learning_rate = 1e-3}};
  const Trained grouped(settings, "uncertainty");
  EXPECT_TRUE(close(rate(grouped, "weighting.log_variance"), 1e-3, 1e-12));
  settings.groups = {{.match = "weighting", .weight_decay = 0.1}};
  const Trained decayed(settings, "uncertainty");
  EXPECT_TRUE(close(rate(decayed, "weighting.log_variance"), 1e-2, 1e-12));
}

// Uncertainty weighting at the encoder's usual rate: the scales find the logarithm of their loss within an epoch of the
// length that six tasks of TweetEval have (592 steps), while the losses hardly move.
TEST(Rates, UncertaintyFindsTheWeightsOfItsLossesWithinAnEpoch) {
  TrainerSettings settings = small_settings("joint");
  settings.learning_rate = 1e-7;
  settings.epochs = 1000;
  settings.batching.batch_size = 12;
  settings.report_every = 50;
  Trained trained(SmallRun(0.0), settings, weightings::uncertainty());
  std::map<std::string, double> weights, losses;
  trained.trainer->on_report([&](const StepReport& report) {
    weights = report.weights;
    for (const auto& [task, terms] : report.losses) losses[task] = terms.at("supervised").raw;
  });
  trained.steps(600);
  ASSERT_EQ(weights.size(), 6U);
  for (const auto& [task, weight] : weights) {
    EXPECT_NEAR(weight * 2 * losses.at(task), 1.0, 0.1)
        << task << ": weight " << weight << ", loss " << losses.at(task);
  }
}

TEST(Rates, TheNoiseOfACodeFollowsTheWeightOfItsBottleneck) {
  const auto noise_after = [](double beta) {
    TrainerSettings settings = small_settings("joint");
    settings.learning_rate = 1e-3;
    const Json losses = {"supervised", {{"name", "bottleneck"}, {"weight", beta}}};
    Trained trained(SmallRun(0.1, "linear", losses, {{"name", "additive_noise"}, {"width", 8}}), settings,
                    weightings::equal());
    trained.steps(60);
    return trained.values("architecture.noise_log_variance.").mean().item<double>();
  };
  const double start = std::log(0.01), free = noise_after(0.0), pressed = noise_after(1.0);
  EXPECT_LT(std::abs(free - start), 0.5 * 0.6);  // sixty steps of 0.01 can go 0.6
  EXPECT_GT(pressed - start, 0.7 * 0.6);
}

TEST(Budget, AJointEpochOfTotalRowsIsAnAlternatingOne) {
  const auto cost_of = [](const std::string& regime, const std::string& size, const std::string& epoch) {
    TrainerSettings settings = small_settings(regime);
    settings.epochs = 1;
    settings.batching.batch_size = 12;
    settings.batching.joint_batch_size = size;
    settings.batching.joint_epoch = epoch;
    settings.selection.monitor = "last";
    Trained trained(settings);
    trained.trainer->fit();
    return trained.trainer->cost();
  };
  const TrainingCost alternating = cost_of("alternating", "per_task", "longest");
  const TrainingCost total = cost_of("joint", "total", "total_rows");
  const TrainingCost per_task = cost_of("joint", "per_task", "total_rows");
  const TrainingCost longest = cost_of("joint", "total", "longest");
  const auto rows = [](const TrainingCost& cost) { return std::accumulate(cost.rows.begin(), cost.rows.end(), 0.0); };
  EXPECT_EQ(total.steps, alternating.steps);
  EXPECT_NEAR(rows(total) / rows(alternating), 1.0, 0.05);  // short last batches
  EXPECT_NEAR(rows(per_task) / rows(alternating), 1.0, 0.1);
  EXPECT_GT(longest.steps, 1.2 * static_cast<double>(alternating.steps));
}

TEST(Budget, CountsRowsPerTaskAndWhatTheEncoderRead) {
  const auto cost_of = [](const Json& losses, const std::string& weighting) {
    TrainerSettings settings = small_settings("joint");
    const WeightingFactory factory = weighting == "famo" ? weightings::famo() : weightings::equal();
    Trained trained(SmallRun(0.1, "linear", losses), settings, factory);
    trained.steps(2);
    return trained.trainer->cost();
  };
  const TrainingCost plain = cost_of({"supervised"}, "equal");
  EXPECT_EQ(plain.steps, 2);
  EXPECT_EQ(plain.encoded_sequences, plain.examples);
  ASSERT_EQ(plain.rows.size(), 6U);
  for (const std::int64_t rows : plain.rows) EXPECT_EQ(rows, 24);
  EXPECT_EQ(cost_of({"supervised", "simax"}, "equal").encoded_sequences, 2 * plain.examples);
  EXPECT_EQ(cost_of({{{"name", "supervised"}, {"views", 3}}}, "equal").encoded_sequences, 3 * plain.examples);
  // FAMO looks at the losses once more after each update; an attack encodes again.
  EXPECT_EQ(cost_of({"supervised"}, "famo").encoded_sequences, 2 * plain.examples);
  EXPECT_GT(cost_of({"supervised", "adversarial"}, "equal").encoded_sequences, plain.examples);
}

}  // namespace
}  // namespace infomtl
