// Parameters that rest: phases, groups, layer decay, in runs of a small model.

#include <gtest/gtest.h>

#include <cmath>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/model/weights_file.h"
#include "infomtl/optim/adamw.h"
#include "infomtl/optim/sgd.h"
#include "infomtl/weighting/weightings.h"
#include "train/trained.h"

namespace infomtl {
namespace {

using testing::small_settings;
using testing::SmallRun;
using testing::Trained;

std::string refusal(const TrainerSettings& settings, const Json& weighting = "equal",
                    const Json& architecture = "shared") {
  try {
    Trained trained(settings, weighting, architecture);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Phases, WhatRestsKeepsItsBitsAndTheRestTrains) {
  Trained trained(small_settings(
      "alternating",
      {{.steps = 3, .freeze = {"encoder"}}, {.steps = 3, .freeze = {"heads", "encoder.embeddings.*"}}, {.steps = 2}}));
  const auto everything = [&] {
    return std::vector<Tensor>{trained.values("encoder.embeddings."), trained.values("encoder.encoder."),
                               trained.values("heads.")};
  };
  std::vector<Tensor> before = everything();
  const auto moved = [&] {
    const std::vector<Tensor> now = everything();
    std::vector<bool> result;
    for (std::size_t i = 0; i < now.size(); ++i) result.push_back(!at::equal(now[i], before[i]));
    before = now;
    return result;
  };
  trained.steps(3);
  EXPECT_EQ(moved(), (std::vector<bool>{false, false, true}));
  trained.steps(3);
  EXPECT_EQ(moved(), (std::vector<bool>{false, true, false}));
  trained.steps(2);
  EXPECT_EQ(moved(), (std::vector<bool>{true, true, true}));
  EXPECT_FALSE(trained.trainer->step()) << "the phases are all of training";
}

TEST(Phases, NoGraphIsBuiltThroughARestingEncoder) {
  Trained trained(small_settings("joint", {{.steps = 2, .freeze = {"encoder"}}, {.steps = 1}}));
  const auto has_graph = [&] {
    return trained.run.encoder->forward(trained.run.batches("joint", 4, 1)[0].tokens, {}).pooled.requires_grad();
  };
  trained.steps(1);
  EXPECT_FALSE(has_graph());
  trained.steps(2);
  EXPECT_TRUE(has_graph());
}

TEST(Phases, TheReportedNormIsOfWhatTrains) {
  const auto norm_of = [](const std::vector<std::string>& freeze) {
    TrainerSettings settings = small_settings("joint", {{.steps = 1, .freeze = freeze}});
    settings.clip_norm = 1e-3;
    Trained trained(settings, "equal", "shared", 0.0);
    double norm = 0;
    trained.trainer->on_report([&](const StepReport& report) { norm = report.gradient_norm; });
    trained.steps(1);
    EXPECT_TRUE(testing::close(trained.trainer->parameters().clip_gradients(0).model.item<double>(), 1e-3, 1e-7));
    return norm;
  };
  const double all = norm_of({}), encoder = norm_of({"heads"}), heads = norm_of({"encoder"});
  EXPECT_GT(encoder, 0);
  EXPECT_GT(heads, 0);
  EXPECT_TRUE(testing::close(all, std::hypot(encoder, heads), 1e-5 * all));
}

struct Case {
  const char* weighting;
  const char* regime;
  const char* architecture;
  std::int64_t accumulate = 1;
  const char* task_gradients = "jacobian";
};

TEST(Phases, AContinuedRunIsTheSameRunBitForBit) {
  // Encoder and a part of a layer rest: both the Gram path and its fall-back are in use.
  const std::vector<TrainingPhase> phases = {{.steps = 3, .freeze = {"encoder"}},
                                             {.steps = 3, .freeze = {"encoder.encoder.layer.0.attention.self.query.*"}},
                                             {.steps = 3, .freeze = {"heads"}}};
  for (const Case& each :
       {Case{"equal", "alternating", "shared"}, Case{"uncertainty", "joint", "shared"},
        Case{"equal", "joint", "shared", 2}, Case{"pcgrad", "joint", "mmoe"}, Case{"pcgrad", "joint", "mmoe", 2},
        Case{"pcgrad", "joint", "mmoe", 1, "gram"}, Case{"nash_mtl", "joint", "mmoe"}, Case{"moco", "joint", "mmoe"}}) {
    SCOPED_TRACE(std::string(each.weighting) + " " + each.architecture + " " + each.task_gradients);
    TrainerSettings settings = small_settings(each.regime, phases);
    settings.batching.accumulate = each.accumulate;
    settings.task_gradients = each.task_gradients;
    settings.optimizer = adamw({.weight_decay = 0.01});
    Trained straight(settings, each.weighting, each.architecture);
    const testing::TemporaryFolder folder;
    for (const int cut : {2, 5, 7}) {
      straight.steps(cut - static_cast<int>(straight.trainer->steps_done()));
      straight.trainer->save(folder.path() / std::to_string(cut));
    }
    straight.steps(2);
    straight.trainer->save(folder.path() / "end");
    for (const int cut : {2, 5, 7}) {
      Trained continued(settings, each.weighting, each.architecture);
      continued.trainer->load(folder.path() / std::to_string(cut));
      continued.steps(9 - cut);
      continued.trainer->save(folder.path() / "again");
      for (const char* file : {"state.safetensors", "heads.safetensors", "model.safetensors"}) {
        EXPECT_EQ(read_file(folder.path() / "end" / file), read_file(folder.path() / "again" / file)) << cut << file;
      }
    }
  }
}

TEST(Phases, WeightingsWorkWithARestingEncoder) {
  // Of the shared parameters only the experts train; what the weighting sees must be their gradients.
  for (const char* name : {"equal", "pcgrad", "nash_mtl", "moco", "graddrop", "smoothed"}) {
    SCOPED_TRACE(name);
    Json config = {{"name", name}};
    if (std::string(name) == "smoothed") config["inner"] = "pcgrad";
    Trained trained(small_settings("joint", {{.steps = 4, .freeze = {"encoder"}}, {.steps = 1}}), config, "mmoe");
    const Tensor encoder = trained.values("encoder."), experts = trained.values("architecture."),
                 heads = trained.values("heads.");
    trained.steps(4);
    EXPECT_TRUE(at::equal(trained.values("encoder."), encoder));
    EXPECT_FALSE(at::equal(trained.values("architecture."), experts));
    EXPECT_FALSE(at::equal(trained.values("heads."), heads));
    EXPECT_TRUE(trained.trainer->parameters().values().isfinite().all().item<bool>());
  }
}

TEST(Phases, RepresentationGradientsExistBehindARestingEncoder) {
  for (const Json& weighting : {Json{{"name", "mgda"}, {"gradient", "representation"}},
                                Json{{"name", "graddrop"}, {"gradient", "representation"}}}) {
    TrainerSettings settings = small_settings("joint", {{.steps = 2, .freeze = {"encoder"}}});
    Trained trained(settings, weighting, "mmoe");
    const Tensor experts = trained.values("architecture.");
    trained.steps(2);
    EXPECT_FALSE(at::equal(trained.values("architecture."), experts)) << weighting;
  }
}

TEST(Phases, GradientsBehindARestingEncoderAreThoseOfATrainingOne) {
  // One step of plain descent: what trains must move as it does when everything trains.
  for (const char* name : {"equal", "uncertainty"}) {
    const auto step = [&](const std::vector<std::string>& freeze) {
      TrainerSettings settings = small_settings("joint", {{.steps = 1, .freeze = freeze}});
      settings.optimizer = sgd();
      settings.clip_norm = 0;
      Trained trained(settings, name, "mmoe");
      trained.steps(1);
      return at::cat({trained.values("architecture."), trained.values("heads.")});
    };
    EXPECT_TRUE(testing::close(step({"encoder"}), step({}), 1e-7, 1e-5)) << name;
  }
}

TEST(Phases, AWeightingWithoutSharedGradientsIsRefusedAtTheStart) {
  const TrainerSettings settings =
      small_settings("joint", {{.steps = 2}, {.steps = 3, .freeze = {"encoder"}, .where = "b"}});
  for (const Json& weighting : {Json("pcgrad"), Json("moco"), Json{{"name", "smoothed"}, {"inner", "mgda"}}}) {
    const std::string text = refusal(settings, weighting);
    EXPECT_NE(text.find("b: every shared parameter rests"), std::string::npos) << weighting << text;
  }
  EXPECT_EQ(refusal(settings, "uncertainty"), "");
  EXPECT_EQ(refusal(settings, "pcgrad", "mmoe"), "");
  TrainerSettings never = small_settings("joint");
  never.groups = {{.match = "encoder", .trains = false}};
  EXPECT_NE(refusal(never, "pcgrad").find("every shared parameter rests"), std::string::npos);
  never.groups = {{.match = "*", .trains = false}};
  const std::string nothing = refusal(never, "uncertainty");
  EXPECT_NE(nothing.find("optimizer.groups: no parameter trains"), std::string::npos) << nothing;
}

TEST(Phases, MistakesAreConfigErrors) {
  const auto text = [](std::vector<TrainingPhase> phases, std::int64_t epochs, std::int64_t max_steps) {
    TrainerSettings settings = small_settings("alternating");
    settings.phases = std::move(phases);
    settings.epochs = epochs;
    settings.max_steps = max_steps;
    return refusal(settings);
  };
  EXPECT_EQ(text({{.epochs = 1, .freeze = {"encoder"}}, {.epochs = 1}}, 2, 0), "");
  EXPECT_NE(text({{.epochs = 1}, {.epochs = 1}}, 3, 0).find("take 2 epochs, but training has 3"), std::string::npos);
  EXPECT_NE(text({{.steps = 3}}, 2, 5).find("take 3 steps, but training.max_steps is 5"), std::string::npos);
  EXPECT_NE(text({{.steps = 90000}}, 2, 90000).find(" steps; raise training.epochs"), std::string::npos);
  EXPECT_NE(text({{.epochs = 2, .steps = 3}}, 2, 3).find("one of epochs, steps and share"), std::string::npos);
  EXPECT_NE(text({{.steps = 3}, {.epochs = 2}}, 2, 3).find("not some"), std::string::npos);
  EXPECT_NE(text({{.freeze = {"encoder"}}}, 2, 0).find("say how long"), std::string::npos);
  EXPECT_EQ(text({{.share = 0.7, .freeze = {"encoder"}}, {.share = 0.3}}, 2, 0), "");
  EXPECT_NE(text({{.share = 0.7}, {.share = 0.2}}, 2, 0).find("make the shares sum to 1"), std::string::npos);
  EXPECT_NE(text({{.share = 0.7}, {.epochs = 2}}, 2, 0).find("not some"), std::string::npos);
  EXPECT_NE(text({{.share = 1e-6}, {.share = 1 - 1e-6}}, 2, 0).find("is none"), std::string::npos);
  EXPECT_NE(text({{.epochs = 2, .freeze = {"encodr"}}}, 2, 0).find("did you mean \"encoder\"?"), std::string::npos);
  EXPECT_NE(text({{.epochs = 2, .freeze = {"*"}}}, 2, 0).find("no parameter trains"), std::string::npos);
}

TEST(Phases, ConfigsReadThem) {
  const auto read = [](const Json& json) { return TrainerSettings::from_config(Config::from_json(json, "c.json")); };
  const TrainerSettings settings =
      read({{"training", {{"phases", {{{"epochs", 1}, {"freeze", {"encoder"}}}, {{"epochs", 2}}}}}},
            {"optimizer",
             {{"name", "adamw"},
              {"learning_rate", 1e-3},
              {"layer_decay", 0.9},
              {"groups",
               {{{"match", "encoder"}, {"learning_rate", 2e-5}},
                {{"match", "heads"}, {"rate_factor", 2}, {"weight_decay", 0}, {"trains", true}}}}}}});
  EXPECT_EQ(settings.epochs, 3);
  ASSERT_EQ(settings.phases.size(), 2U);
  EXPECT_EQ(settings.phases[0].freeze, std::vector<std::string>{"encoder"});
  EXPECT_EQ(settings.phases[1].where, "c.json#/training/phases/1");
  EXPECT_EQ(settings.optimizer.name, "adamw");
  EXPECT_EQ(settings.optimizer.learning_rate, 1e-3);
  EXPECT_EQ(settings.layer_decay, 0.9);
  ASSERT_EQ(settings.groups.size(), 2U);
  EXPECT_EQ(settings.groups[0].learning_rate.value(), 2e-5);
  EXPECT_EQ(settings.groups[1].rate_factor.value(), 2.0);
  EXPECT_EQ(settings.groups[1].weight_decay.value(), 0.0);
  EXPECT_EQ(read({{"training", {{"phases", {{{"steps", 7}}}}}}}).max_steps, 7);
  const TrainerSettings shares =
      read({{"training", {{"epochs", 5}, {"phases", {{{"share", 0.6}}, {{"share", 0.4}}}}}}});
  EXPECT_EQ(shares.epochs, 5);
  EXPECT_EQ(shares.phases[1].share, 0.4);

  EXPECT_THROW(read({{"training", {{"epochs", 2}, {"phases", {{{"epochs", 1}}}}}}}), ConfigError);
  EXPECT_THROW(read({{"training", {{"phases", {{{"epoch", 1}}}}}}}), ConfigError);
  EXPECT_THROW(read({{"optimizer", {{"name", "sgd"}, {"layer_decay", 1.5}}}}), ConfigError);
  EXPECT_THROW(read({{"optimizer", {{"name", "sgd"}, {"groups", {{{"rate_factor", 1.5}}}}}}}), ConfigError);
  EXPECT_THROW(read({{"optimizer", {{"name", "sgd"}, {"groups", {{{"match", "heads"}, {"rate", 1.5}}}}}}}),
               ConfigError);
}

/// Which epochs were the best so far, of a run in which nothing improves after the first one.
std::vector<bool> best_epochs(std::vector<TrainingPhase> phases, const std::string& monitor, std::int64_t epochs) {
  TrainerSettings settings = small_settings("joint", std::move(phases));
  settings.epochs = epochs;
  settings.learning_rate = 1e-12;
  settings.optimizer = sgd();
  settings.selection = {.monitor = monitor, .patience = 1};
  Trained trained(settings, "equal", "shared", 0.0);
  std::vector<bool> best;
  trained.trainer->on_epoch([&](std::int64_t epoch, const Evaluation&, bool is_best) {
    best.push_back(is_best);
    if (is_best) {
      EXPECT_EQ(trained.trainer->best_epoch(), epoch);
    }
  });
  EXPECT_TRUE(trained.trainer->fit());
  return best;
}

TEST(Phases, OnlyEpochsThatEndInTheLastPhaseAreChosenOrCountedWithoutImprovement) {
  const std::vector<std::string> encoder = {"encoder"};
  EXPECT_EQ(best_epochs({{.epochs = 2, .freeze = encoder}, {.epochs = 3}}, "average", 5),
            (std::vector<bool>{false, false, true, false}));
  EXPECT_EQ(best_epochs({{.epochs = 5}}, "average", 5), (std::vector<bool>{true, false}));
  EXPECT_EQ(best_epochs({}, "average", 5), (std::vector<bool>{true, false}));
  EXPECT_EQ(best_epochs({{.epochs = 2, .freeze = encoder}, {.epochs = 1}}, "last", 3),
            (std::vector<bool>{true, true, true}));
  // The first half of the second epoch belongs to the first phase, its end to the last one.
  EXPECT_EQ(best_epochs({{.share = 0.5, .freeze = encoder}, {.share = 0.5}}, "average", 3),
            (std::vector<bool>{false, true, false}));
}

TEST(Phases, TheLogSaysWhatRestsAndFromWhereOnTheBestEpochIsChosen) {
  const auto said = [](std::vector<TrainingPhase> phases) {
    Trained trained(small_settings("joint", std::move(phases)));
    ::testing::internal::CaptureStderr();
    trained.steps(2);
    return ::testing::internal::GetCapturedStderr();
  };
  const std::string two = said({{.steps = 1, .freeze = {"encoder"}}, {.steps = 1, .freeze = {"heads"}}});
  EXPECT_NE(two.find("phase 1 of 2; resting: encoder\n"), std::string::npos) << two;
  EXPECT_NE(two.find("phase 2 of 2; resting: heads; the best epoch is chosen from here on\n"), std::string::npos)
      << two;
  const std::string one = said({{.steps = 2, .freeze = {"encoder"}}});
  EXPECT_NE(one.find("phase 1 of 1; resting: encoder\n"), std::string::npos) << one;
}

TEST(Groups, RatesAreTheGroups) {
  // Plain descent moves a parameter by its rate times the gradient.
  TrainerSettings settings = small_settings("joint");
  settings.optimizer = sgd();
  settings.clip_norm = 0;
  Trained plain(settings);
  settings.groups = {{.match = "encoder.embeddings.*", .learning_rate = 0.002},
                     {.match = "encoder", .rate_factor = 0.5}};
  Trained grouped(settings);
  const auto movement = [](Trained& trained, const std::string& prefix) {
    const Tensor before = trained.values(prefix).to(torch::kFloat64);
    return before;
  };
  const std::vector<std::pair<std::string, double>> factors = {
      {"encoder.embeddings.", 0.2}, {"encoder.encoder.", 0.5}, {"heads.", 1.0}};
  std::vector<Tensor> plain_before, grouped_before;
  for (const auto& [prefix, factor] : factors) {
    plain_before.push_back(movement(plain, prefix));
    grouped_before.push_back(movement(grouped, prefix));
  }
  plain.steps(1);
  grouped.steps(1);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const Tensor whole = movement(plain, factors[i].first) - plain_before[i];
    const Tensor part = movement(grouped, factors[i].first) - grouped_before[i];
    EXPECT_GT(whole.abs().max().item<double>(), 1e-5);
    EXPECT_TRUE(testing::close(part, whole * factors[i].second, 3e-7, 1e-3)) << factors[i].first;
  }
}

TEST(Groups, GatesOfHeadsHaveARateOfTheirOwnWhichAGroupReplaces) {
  const auto gate_factor = [](const Json& head, std::vector<ParameterGroup> groups) {
    TrainerSettings settings = small_settings("joint");  // peak 0.01
    settings.groups = std::move(groups);
    const Trained trained(SmallRun(0.1, head), settings, weightings::equal());
    EXPECT_EQ(trained.slot("heads.topic.net.output.weight").rate_factor, 1.0);
    return trained.slot("heads.topic.gates.polarity").rate_factor;
  };
  const Json quick = {{"name", "feedback"}, {"gate_learning_rate", 0.05}};
  EXPECT_DOUBLE_EQ(gate_factor(quick, {}), 5);
  EXPECT_DOUBLE_EQ(gate_factor(quick, {{.match = "heads.*.gates.*", .learning_rate = 0.02}}), 2);
  EXPECT_DOUBLE_EQ(gate_factor({{"name", "feedback"}, {"gate_learning_rate", 0}}, {}), 1);
  EXPECT_EQ(FeedbackHeadSettings().gate_learning_rate, 0.01);
}

TEST(Groups, LayerDecayCountsFromTheTop) {
  TrainerSettings settings = small_settings("joint");
  settings.layer_decay = 0.5;
  settings.groups = {{.match = "encoder", .learning_rate = 0.001}};
  const Trained trained(settings);  // two layers, peak 0.01
  EXPECT_DOUBLE_EQ(trained.slot("encoder.embeddings.word_embeddings.weight").rate_factor, 0.1 / 8);
  EXPECT_DOUBLE_EQ(trained.slot("encoder.embeddings.LayerNorm.bias").rate_factor, 0.1 / 8);
  EXPECT_DOUBLE_EQ(trained.slot("encoder.encoder.layer.0.output.dense.weight").rate_factor, 0.1 / 4);
  EXPECT_DOUBLE_EQ(trained.slot("encoder.encoder.layer.1.output.dense.weight").rate_factor, 0.1 / 2);
  for (const FlatSlot& slot : trained.trainer->parameters().slots()) {
    if (slot.part == ParameterPart::task) {
      EXPECT_EQ(slot.rate_factor, 1.0) << slot.name;
    }
  }
}

TEST(Groups, WhatNeverTrainsTakesNoMemoryAndIsSaved) {
  TrainerSettings settings = small_settings("joint", {{.steps = 2, .freeze = {"encoder.embeddings.*"}},
                                                      {.steps = 2, .freeze = {"encoder.embeddings.*", "heads"}}});
  settings.groups = {{.match = "encoder.encoder.layer.0.*", .trains = false}};
  Trained trained(settings);
  std::int64_t outside = 0;
  for (const auto& parameter : trained.run.encoder->named_parameters()) {
    const bool never = parameter.key().starts_with("embeddings.") || parameter.key().starts_with("encoder.layer.0.");
    EXPECT_EQ(trained.trainer->parameters().find(parameter.value()) == nullptr, never) << parameter.key();
    EXPECT_EQ(parameter.value().requires_grad(), !never) << parameter.key();
    outside += never ? parameter.value().numel() : 0;
  }
  std::int64_t all = 0;
  for (const Tensor& parameter : trained.run.model->parameters()) all += parameter.numel();
  EXPECT_EQ(trained.trainer->parameters().size(), all - outside);
  trained.steps(3);
  const testing::TemporaryFolder folder;
  trained.trainer->save(folder.path() / "end");
  const WeightsReader reader(folder.path() / "end");
  for (const auto& parameter : trained.run.encoder->named_parameters()) {
    EXPECT_TRUE(at::equal(reader.read(parameter.key()), parameter.value())) << parameter.key();
  }
}

}  // namespace
}  // namespace infomtl
