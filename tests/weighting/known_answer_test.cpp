// Each weighting on one fixed problem: what it asks for is what its function in ops says there, heads included. Numbers
// that can be had by hand stand as numbers.

#include <cmath>
#include <functional>
#include <map>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/ops/aggregation/balance.h"
#include "infomtl/ops/aggregation/bilevel.h"
#include "infomtl/ops/aggregation/conflict.h"
#include "infomtl/ops/aggregation/loss_weights.h"
#include "infomtl/ops/aggregation/min_norm.h"
#include "infomtl/ops/aggregation/robust.h"
#include "infomtl/ops/aggregation/tracking.h"
#include "support/compare.h"
#include "support/linear_task_gradients.h"
#include "support/message_of.h"
#include "weighting/weighting_tasks.h"

namespace infomtl::testing {
namespace {

using torch::Tensor;

constexpr std::int64_t kTasks = 4;

Tensor row(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }
Tensor ones() { return torch::ones({kTasks}, torch::kFloat64); }

/// Gradients with conflicts, and losses 1/2, 1, 2 and 4; the batches for methods that read several.
struct Fixed {
  Tensor g = torch::stack({row({1, 0, 2}), row({-1, 1, 0}), row({0.5, -2, 1}), row({1, 1, 1})});
  Tensor losses = row({0.5, 1, 2, 4});
  Tensor second_g = torch::stack({row({1, 1, 1}), row({0, 2, -1}), row({1, -1, 0}), row({2, 0, 1})});
  Tensor third_g = torch::stack({row({0, 1, 2}), row({-1, 1, 1}), row({1, -2, 0}), row({1, 0, 0.5})});
  Tensor second_losses = row({1, 2, 1, 2}), third_losses = row({0.3, 0.6, 0.9, 1.2});
  Tensor k = ops::gram(g);
  LinearTaskGradients problem{losses, g, 0, 11}, second{second_losses, second_g}, third{third_losses, third_g};

  Fixed() {
    problem.add_independent(second);
    problem.add_independent(third);
    problem.set_losses_after(row({0.25, 1, 2, 4}));
    problem.set_representations({torch::ones({2, 3}), torch::ones({2, 3}), torch::ones({2, 3}), torch::ones({2, 3})},
                                {torch::ones({2, 3}), torch::ones({2, 3}), torch::ones({2, 3}), torch::ones({2, 3})});
  }
  RandomStream draws() { return problem.random(); }
};

/// Weights of the shared gradients, or a direction where `direction` says so, and of the heads' gradients.
struct Asked {
  Tensor shared, heads;
  bool direction = false;
};
Asked everywhere(const Tensor& weights) { return {weights, weights}; }
Asked plain_heads(const Tensor& weights) { return {weights, ones()}; }
Asked along(const Tensor& direction) { return {direction, ones(), true}; }

/// What the first step of Adam takes off.
Tensor first_adam_step(double learning_rate, const Tensor& gradient) {
  return learning_rate * gradient / (gradient.abs() + 1e-8);
}

std::map<std::string, std::function<Asked(Fixed&)>> answers() {
  std::map<std::string, std::function<Asked(Fixed&)>> known;
  known["equal"] = [](Fixed&) { return everywhere(ones()); };
  known["constant"] = [](Fixed&) { return everywhere(ones()); };
  known["task_size"] = [](Fixed&) { return everywhere(row({0.4, 0.8, 1.2, 1.6})); };
  known["scale_invariant"] = [](Fixed&) { return everywhere(row({2, 1, 0.5, 0.25})); };
  known["uncertainty"] = [](Fixed&) { return everywhere(0.5 * std::exp(0.5) * ones()); };
  // (1/2 * 1 * 2 * 4)^(1/4) = sqrt 2, over 4 L.
  known["geometric"] = [](Fixed&) { return everywhere(std::sqrt(2.0) * row({0.5, 0.25, 0.125, 0.0625})); };
  known["dwa"] = [](Fixed&) { return everywhere(ones()); };
  known["imtl_l"] = [](Fixed&) { return everywhere(ones()); };
  known["rlw"] = [](Fixed& f) {
    RandomStream draws = f.draws();
    return everywhere(4.0 * ops::rlw_normal(kTasks, draws));
  };
  known["stch"] = [](Fixed&) { return everywhere(row({2, 1, 0.5, 0.25})); };
  // Equal z: (1/L) over its sum of 3.75.
  known["famo"] = [](Fixed&) { return everywhere(row({2, 1, 0.5, 0.25}) / 3.75); };
  known["smoothed"] = [](Fixed&) { return everywhere(std::sqrt(2.0) * row({0.5, 0.25, 0.125, 0.0625})); };
  known["gradnorm"] = [](Fixed&) { return everywhere(ones()); };
  known["mgda"] = [](Fixed& f) { return plain_heads(ops::min_norm(f.k).weights); };
  known["pcgrad"] = [](Fixed& f) {
    RandomStream draws = f.draws();
    return plain_heads(ops::pcgrad(f.k, ops::random_orders(4, draws)));
  };
  known["gradvac"] = [](Fixed& f) {
    RandomStream draws = f.draws();
    Tensor targets;
    return plain_heads(ops::gradvac(f.k, ops::random_orders(4, draws), targets));
  };
  known["graddrop"] = [](Fixed& f) {
    RandomStream draws = f.draws();
    return along(ops::graddrop(f.g, ops::uniform_sample(3, draws)));
  };
  known["imtl"] = [](Fixed& f) { return plain_heads(ops::imtl_g(f.k).weights); };
  known["cagrad"] = [](Fixed& f) { return plain_heads(ops::cagrad(f.k, 0.5, ops::Rescale::kSquare).weights); };
  known["nash_mtl"] = [](Fixed& f) {
    const Tensor alpha = ops::nash_mtl(f.k).weights;
    EXPECT_GT(ops::combine(f.g, alpha).norm().item<double>(), 1.0);
    return Asked{alpha / ops::combine(f.g, alpha).norm(), alpha};
  };
  known["moco"] = [](Fixed& f) {
    ops::MocoState state;
    return along(ops::moco(f.g, f.losses, state));
  };
  known["aligned_mtl"] = [](Fixed& f) {
    return plain_heads(ops::aligned_mtl(f.k, {.scale = ops::AlignedScale::kMin, .preference = ones()}).weights);
  };
  known["upgrad"] = [](Fixed& f) { return plain_heads(ops::upgrad(f.k).weights); };
  known["dualproj"] = [](Fixed& f) { return plain_heads(ops::dualproj(f.k).weights); };
  known["fairgrad"] = [](Fixed& f) { return everywhere(ops::fairgrad(f.k, 1.0).weights); };
  known["db_mtl"] = [](Fixed& f) {
    ops::DbMtlState state;
    return Asked{ops::db_mtl(f.g, f.losses, state), row({2, 1, 0.5, 0.25}), true};
  };
  known["excess_mtl"] = [](Fixed&) { return everywhere(ones()); };
  known["sdmgrad"] = [](Fixed& f) {
    Tensor state;
    return plain_heads(ops::sdmgrad(ops::cross_gram(f.second_g, f.third_g), state));
  };
  known["modo"] = [](Fixed& f) {
    Tensor state;
    return plain_heads(ops::modo(ops::cross_gram(f.second_g, f.third_g), state));
  };
  known["conflict_free"] = [](Fixed& f) { return plain_heads(ops::conflict_free(f.k).weights); };
  known["krum"] = [](Fixed& f) { return plain_heads(ops::krum(f.k, 1, 1)); };
  // Middle values of (1, -1, 0.5, 1), (0, 1, -2, 1) and (2, 0, 1, 1).
  known["trimmed_mean"] = [](Fixed&) { return along(row({0.75, 0.5, 1})); };
  known["auto_lambda"] = [](Fixed& f) {
    // Losses linear in the parameters: the finite difference is exact, -lr <g of batch 1, sum of batch 2>.
    return everywhere(ones() + first_adam_step(1e-3, 1e-3 * f.second_g.matmul(f.third_g.sum(0))));
  };
  known["moml"] = [](Fixed& f) {
    const Tensor logits = torch::zeros({kTasks}, torch::kFloat64);
    const ops::Moml found = ops::moml(ops::cross_gram(f.second_g, f.third_g), logits, 0.1);
    return everywhere(4.0 * torch::softmax(logits - first_adam_step(1e-3, found.gradient), 0));
  };
  known["forum"] = [](Fixed& f) {
    // Five inner steps on linear losses move by -0.5 q, q the mean lower gradient, so losses fall by 0.5 G q.
    const Tensor q = f.second_g.mean(0), fall = 0.5 * f.second_g.matmul(q);
    const Tensor by_logits = 0.25 * (fall - fall.mean());
    Tensor k = ops::gram(torch::cat({f.g, q.unsqueeze(0)}));
    k[-1][-1] += by_logits.square().sum();
    const ops::Forum found = ops::forum(k, {}, 1.0, 0.1);
    const Tensor heads = found.row_weights.narrow(0, 0, kTasks);
    return Asked{ops::combine(f.g, heads) + found.row_weights[-1] * q, heads, true};
  };
  known["svd_reweighting"] = [](Fixed&) {
    // The standardised values of task t are in proportion to e_t - 1/4, those of text i have length i + 1.
    std::vector<double> lengths;
    for (int t = 0; t < kTasks; ++t) {
      double sum = 0;
      for (int i = 0; i < kTasks; ++i) sum += std::pow((i + 1) * (i == t ? 0.75 : 0.25), 2);
      lengths.push_back(std::sqrt(sum));
    }
    const Tensor alpha = row(lengths);
    return everywhere(4 * alpha / alpha.sum());
  };
  return known;
}

TEST(WeightingKnownAnswer, EveryMethodAsksForWhatItsFunctionSays) {
  const auto known = answers();
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    SCOPED_TRACE(entry.name);
    if (!known.contains(entry.name)) {
      ADD_FAILURE() << "no known answer; add one to answers()";
      continue;
    }
    Json config = {{"name", entry.name}};
    if (entry.name == "smoothed") config["inner"] = "geometric";
    Fixed fixed;
    const auto weighting = begun(build_weighting(Config::from_json(config, "test"), weighting_tasks(kTasks)), kTasks);
    weighting->to(torch::kFloat64);
    weighting->backward(fixed.problem);
    const Asked expected = known.at(entry.name)(fixed);
    const Tensor direction = expected.direction ? expected.shared : ops::combine(fixed.g, expected.shared);
    EXPECT_TRUE(close(fixed.problem.direction, direction, 1e-7, 1e-7));
    EXPECT_TRUE(close(fixed.problem.head_weights, expected.heads, 1e-7, 1e-7));
    EXPECT_EQ(fixed.problem.weights.defined(), !expected.direction);
    // What `list` says it reads is all that it read.
    const WeightingTraits& traits = weighting_registry().traits(entry.name);
    if (traits.gradients == GradientKind::losses || traits.gradients == GradientKind::gram) {
      EXPECT_EQ(fixed.problem.jacobian_calls, 0);
    }
    if (traits.gradients == GradientKind::losses) {
      EXPECT_EQ(fixed.problem.gramian_calls, 0);
    }
    EXPECT_EQ(fixed.problem.independent_calls > 0, traits.batches > 1);
    EXPECT_EQ(expected.direction, traits.gives_direction);
  }
}

TEST(WeightingKnownAnswer, HeadsAreWeightedWhereTheConfigSaysSo) {
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    for (const FieldInfo& option : entry.options) {
      if (option.name != "head_gradient") continue;
      SCOPED_TRACE(entry.name);
      for (const char* wanted : {"plain", "weighted"}) {
        Fixed fixed;
        const auto weighting = build_weighting(
            Config::from_json({{"name", entry.name}, {"head_gradient", wanted}}, "test"), weighting_tasks(kTasks));
        weighting->end_epoch(0, {1, 1, 1, 1});
        weighting->backward(fixed.problem);
        const bool plain = std::string(wanted) == "plain";
        if (plain) {
          EXPECT_TRUE(close(fixed.problem.head_weights, ones(), 0));
        } else if (entry.name == "nash_mtl") {  // before the shared direction is shortened
          EXPECT_TRUE(close(fixed.problem.head_weights, ops::nash_mtl(fixed.k).weights, 1e-7));
        } else {
          EXPECT_TRUE(close(fixed.problem.head_weights, fixed.problem.weights, 0));
        }
      }
    }
  }
}

TEST(NashMtl, ShortensEveryStepAlsoBetweenTwoSolutions) {
  const auto weighting =
      build_weighting(Config::from_json({{"name", "nash_mtl"}, {"update_every", 3}, {"max_norm", 0.5}}, "test"),
                      weighting_tasks(kTasks));
  Fixed first;
  weighting->backward(first.problem);
  EXPECT_NEAR(first.problem.direction.norm().item<double>(), 0.5, 1e-9);
  const Tensor alpha = first.problem.head_weights;
  for (const std::int64_t step : {1, 2}) {
    Fixed next;
    LinearTaskGradients larger(next.losses, 100 * next.g);
    larger.set_step(step);
    weighting->backward(larger);
    EXPECT_NEAR(larger.direction.norm().item<double>(), 0.5, 1e-9);
    EXPECT_TRUE(close(larger.head_weights, alpha, 0)) << "solved again at step " << step;
  }
  Fixed third;
  LinearTaskGradients larger(third.losses, 100 * third.g);
  larger.set_step(3);
  weighting->backward(larger);
  EXPECT_TRUE(close(larger.head_weights, alpha / 100, 1e-9));
}

TEST(NashMtl, KeepsItsWeightsWhereTasksCannotAgree) {
  for (const char* name : {"nash_mtl", "fairgrad"}) {
    const auto weighting = build_weighting(Config::from_json({{"name", name}}, "test"), weighting_tasks(2));
    const Tensor g = torch::stack({row({3, 0}), row({1, 2})});
    LinearTaskGradients solvable(row({1, 1}), g), opposite(row({1, 1}), torch::stack({row({1, 0}), row({-1, 0})}));
    weighting->backward(solvable);
    weighting->backward(opposite);
    EXPECT_TRUE(close(opposite.head_weights, solvable.head_weights, 0)) << name;
    const auto fresh = build_weighting(Config::from_json({{"name", name}}, "test"), weighting_tasks(2));
    LinearTaskGradients again(row({1, 1}), torch::stack({row({1, 0}), row({-1, 0})}));
    fresh->backward(again);
    EXPECT_TRUE(close(again.head_weights, row({1, 1}), 0)) << name;
  }
}

TEST(Smoothed, AveragesEachTasksOwnWeightsWhenTasksTakeTurns) {
  const auto weighting =
      build_weighting(Config::from_json({{"name", "smoothed"}, {"memory", 0.75}, {"inner", "scale_invariant"}}, "test"),
                      weighting_tasks(3, false));
  const auto weight = [&](std::size_t task, double loss) {
    LinearTaskGradients problem(row({loss}), torch::ones({1, 2}, torch::kFloat64), 3);
    problem.set_tasks({task});
    weighting->backward(problem);
    EXPECT_TRUE(close(problem.head_weights, problem.weights, 0));
    return problem.weights.item<double>();
  };
  EXPECT_NEAR(weight(0, 0.5), 2.0, 1e-7);
  EXPECT_NEAR(weight(2, 0.125), 8.0, 1e-6);
  EXPECT_NEAR(weight(0, 0.25), 0.75 * 2.0 + 0.25 * 4.0, 1e-7);
  EXPECT_NEAR(weight(2, 0.125), 8.0, 1e-6);
}

TEST(Smoothed, RefusesAWeightingWithoutWeightsAndOneOfAnotherRegime) {
  const auto message = [](const Json& inner, bool joint) {
    try {
      build_weighting(Config::from_json({{"name", "smoothed"}, {"inner", inner}}, "x.json"), weighting_tasks(4, joint));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const RegistryEntry& entry : weighting_registry().entries()) {
    if (!weighting_registry().traits(entry.name).gives_direction) continue;
    const std::string text = message(entry.name, true);
    EXPECT_TRUE(text.starts_with("x.json#/inner")) << text;
    EXPECT_NE(text.find("\"" + entry.name + "\" gives a direction"), std::string::npos) << text;
  }
  EXPECT_NE(message("pcgrad", false).find("\"regime\": \"joint\""), std::string::npos);
  EXPECT_NE(message(nullptr, true).find("inner"), std::string::npos);
  EXPECT_EQ(message("pcgrad", true), "");
  EXPECT_EQ(message({{"name", "smoothed"}, {"inner", "famo"}}, true), "");
}

TEST(Stch, TakesItsNadirFromTheEpochAfterTheWarmUp) {
  const auto weighting = build_weighting(
      Config::from_json({{"name", "stch"}, {"warmup_epochs", 1}, {"mu", 0.5}}, "test"), weighting_tasks(2));
  const Tensor losses = row({2, 3}), log_weights = row({0.5, 1.0 / 3.0});
  const auto weights = [&] {
    LinearTaskGradients problem(losses, torch::ones({2, 2}, torch::kFloat64));
    weighting->backward(problem);
    return problem.weights;
  };
  EXPECT_TRUE(close(weights(), log_weights, 1e-7));
  weighting->end_epoch(0, {9, 9});
  EXPECT_TRUE(close(weights(), log_weights, 1e-7));
  weighting->end_epoch(1, {4, 4});
  EXPECT_TRUE(close(weights(), ops::stch(losses, row({4, 4}), 0.5).weights, 1e-12));
  weighting->end_epoch(2, {1, 1});
  EXPECT_TRUE(close(weights(), ops::stch(losses, row({4, 4}), 0.5).weights, 1e-12));
}

TEST(Krum, AndTheTrimmedMeanNeedEnoughTasks) {
  const auto message = [](const Json& config, std::size_t count) {
    try {
      build_weighting(Config::from_json({{"weighting", config}}, "x.json").value("weighting"), weighting_tasks(count));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message({{"name", "krum"}}, 3).find("x.json#/weighting/byzantine: 1 needs at least 4 tasks; there are 3"),
            std::string::npos);
  EXPECT_EQ(message({{"name", "krum"}}, 4), "");
  EXPECT_EQ(message({{"name", "krum"}, {"byzantine", 0}}, 3), "");
  EXPECT_NE(message({{"name", "krum"}, {"selected", 5}}, 4).find("x.json#/weighting/selected"), std::string::npos);
  EXPECT_NE(message({{"name", "trimmed_mean"}, {"trim", 2}}, 4).find("x.json#/weighting/trim"), std::string::npos);
  EXPECT_EQ(message({{"name", "trimmed_mean"}}, 3), "");
}

TEST(Constant, WeighsByOrderOrNameAndRefusesWhatIsNotThere) {
  const WeightingContext tasks = weighting_tasks(3);
  const auto asked = [&](const Json& weights) {
    const auto built =
        build_weighting(Config::from_json({{"name", "constant"}, {"weights", weights}}, "x.json"), tasks);
    LinearTaskGradients problem(row({0.5, 1, 2}), torch::eye(3, torch::kFloat64));
    built->backward(problem);
    return problem.weights;
  };
  EXPECT_TRUE(at::equal(asked({2, 0, 0.5}), row({2, 0, 0.5})));
  EXPECT_TRUE(at::equal(asked({{"t2", 3}}), row({1, 1, 3}))) << "the others have 1";
  EXPECT_TRUE(at::equal(asked(Json::array()), row({1, 1, 1})));
  const auto message = [&](const Json& weights) {
    return message_of<ConfigError>([&] {
      build_weighting(Config::from_json({{"name", "constant"}, {"weights", weights}}, "x.json"), tasks);
    });
  };
  EXPECT_NE(message({2, 1}).find("x.json#/weights: 2 numbers for 3 tasks"), std::string::npos);
  EXPECT_NE(message({{"t9", 1}}).find("no task \"t9\""), std::string::npos);
  EXPECT_NE(message({1, -1, 1}).find(">= 0"), std::string::npos);
  EXPECT_NE(message({1, 1e30, 1}).find("<= 1000000000"), std::string::npos);
  EXPECT_NE(message({0, 0, 0}).find("all are 0"), std::string::npos);
  EXPECT_NE(message("balanced").find("x.json#/weights"), std::string::npos);
}

TEST(TaskSize, IsNotCountedTwice) {
  WeightingContext tasks = weighting_tasks(3, false);
  tasks.sampled_by_size = true;
  const Config config = Config::from_json({{"name", "task_size"}}, "x.json");
  try {
    build_weighting(config, tasks);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("\"sampler\": \"uniform\""), std::string::npos) << error.what();
  }
  tasks.regime = Regime::joint;
  EXPECT_NO_THROW(build_weighting(config, tasks));
}

}  // namespace
}  // namespace infomtl::testing
