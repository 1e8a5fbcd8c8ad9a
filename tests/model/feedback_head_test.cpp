// The feedback head alone, asked with given predictions of other tasks: PT-6.1, PT-6.2 and PT-6.4.
#include <ATen/ATen.h>

#include <cmath>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/model/head.h"
#include "infomtl/ops/straight_through.h"
#include "support/gradcheck.h"
#include "support/normal.h"

namespace infomtl {
namespace {

using testing::close;

constexpr std::int64_t kHeadWidth = 6;

/// An intent of three classes per sequence, slots of four tags per word, a set of two labels, a value, and other tags.
const std::vector<Task>& slu_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> made(5);
    const auto set = [&](std::size_t t, const char* name, TaskKind kind, std::vector<std::string> labels) {
      made[t].name = name;
      made[t].kind = kind;
      made[t].labels = std::move(labels);
    };
    set(0, "intent", TaskKind::classification, {"a", "b", "c"});
    set(1, "slots", TaskKind::tagging, {"O", "B-x", "I-x", "B-y"});
    set(2, "topics", TaskKind::multi_label, {"p", "q"});
    set(3, "value", TaskKind::regression, {});
    set(4, "chunks", TaskKind::tagging, {"O", "B"});
    return made;
  }();
  return tasks;
}

/// What the heads said in the round before.
class Said final : public OtherHeads {
 public:
  std::vector<Prediction> predictions = std::vector<Prediction>(slu_tasks().size());
  std::vector<Tensor> offsets = std::vector<Tensor>(slu_tasks().size());

  const std::vector<Task>& tasks() const override { return slu_tasks(); }
  const Prediction& prediction(std::size_t task) override { return predictions.at(task); }
  Tensor word_offsets(std::size_t task) override { return offsets.at(task); }
};

/// Three sequences of two, no and three words.
Said said_before() {
  Said said;
  const Tensor offsets = torch::tensor({0, 2, 2, 5}, torch::kInt64);
  for (std::size_t t = 0; t < slu_tasks().size(); ++t) {
    const bool words = slu_tasks()[t].kind == TaskKind::tagging;
    if (words) said.offsets[t] = offsets;
    said.predictions[t].output =
        ops::TensorRandom(40 + t).normal({words ? 5 : 3, slu_tasks()[t].outputs()}).to(torch::kFloat64);
  }
  return said;
}

std::shared_ptr<Head> feedback(const Json& options, std::size_t task, std::uint64_t seed = 3) {
  Json config = {{"name", "feedback"}};
  config.update(options);
  const auto head = head_registry().build(
      Config::from_json(config),
      HeadContext{.width = kHeadWidth, .task = &slu_tasks().at(task), .seed = seed, .tasks = &slu_tasks()});
  head->to(torch::kFloat64);
  return head;
}

Tensor rows_of(std::size_t task) {
  return testing::normal({slu_tasks().at(task).kind == TaskKind::tagging ? 5 : 3, kHeadWidth}).to(torch::kFloat64);
}

void put(Head& head, const std::string& parameter, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  head.named_parameters()[parameter].copy_(value);
}

/// The head's own layers with `first` and `second` added to their inputs.
Tensor layers_of(Head& head, const Tensor& x, const Tensor& first, const Tensor& second) {
  auto p = head.named_parameters();
  const Tensor hidden = at::relu(at::linear(x + first, p["net.hidden.weight"], p["net.hidden.bias"]));
  return at::linear(hidden + second, p["net.output.weight"], p["net.output.bias"]);
}

Tensor amplified_of(Head& head, const std::string& task, const Tensor& probabilities) {
  auto p = head.named_parameters();
  return at::tanh(at::linear(probabilities, p["amplifiers." + task + ".weight"], p["amplifiers." + task + ".bias"]));
}

TEST(FeedbackHead, OfOneRoundIsTheLinearHeadOfTheSameSeed) {
  for (const std::int64_t layers : {0, 1}) {
    for (const std::int64_t rounds : {1, 3}) {
      const auto head = feedback({{"rounds", rounds}, {"layers", layers}, {"dropout", 0.3}}, 0);
      EXPECT_EQ(head->rounds(), rounds);
      const auto linear = head_registry().build(
          Config::from_json({{"name", "linear"}, {"hidden", layers * kHeadWidth}, {"dropout", 0.3}}),
          HeadContext{.width = kHeadWidth, .task = &slu_tasks()[0], .seed = 3});
      linear->to(torch::kFloat64);
      EXPECT_EQ(head->named_parameters().size() == linear->named_parameters().size(), rounds == 1);
      const Tensor x = rows_of(0);
      ops::TensorRandom one(4), same(4);
      EXPECT_TRUE(at::equal(head->forward({x}).output, linear->forward({x}).output));
      const Prediction trained = head->forward({x, {.dropout = &one}});
      EXPECT_TRUE(at::equal(trained.output, linear->forward({x, {.dropout = &same}}).output));
      EXPECT_TRUE(trained.earlier.empty());
    }
  }
}

TEST(FeedbackHead, WithAmplifiersOfZerosSaysTheSameInEachRound) {
  Said said = said_before();
  for (std::size_t task = 0; task < slu_tasks().size(); ++task) {
    const auto head = feedback({{"rounds", 2}}, task);
    for (const auto& parameter : head->named_parameters()) {
      if (parameter.key().starts_with("amplifiers.")) put(*head, parameter.key(), torch::zeros({}));
    }
    const Tensor x = rows_of(task);
    said.predictions[task] = head->forward({x});
    const Prediction second = head->forward({.representation = x, .others = &said, .round = 1});
    EXPECT_TRUE(at::equal(second.output, said.predictions[task].output));
    ASSERT_EQ(second.earlier.size(), 1U);
    EXPECT_TRUE(at::equal(second.earlier[0], second.output));
  }
}

TEST(FeedbackHead, AddsWhatTheOthersSaidAtTheInputOfOneLayer) {
  Said said = said_before();
  const auto p = [&](std::size_t task) { return said.predictions[task].output; };
  const auto head = feedback({{"rounds", 2}}, 0);
  put(*head, "gates.slots", torch::tensor({0.0, 1.0}));
  put(*head, "gates.value", torch::tensor({0.2, 0.1}));
  const Tensor x = rows_of(0);
  const Tensor words = amplified_of(*head, "slots", p(1).softmax(1));
  const Tensor slots =
      torch::stack({words.narrow(0, 0, 2).mean(0), torch::zeros_like(words[0]), words.narrow(0, 2, 3).mean(0)});
  const Tensor tags = amplified_of(*head, "chunks", p(4).softmax(1));
  const Tensor chunks =
      torch::stack({tags.narrow(0, 0, 2).mean(0), torch::zeros_like(tags[0]), tags.narrow(0, 2, 3).mean(0)});
  const Tensor topics = amplified_of(*head, "topics", p(2).sigmoid()), value = amplified_of(*head, "value", p(3));
  const Tensor expected = layers_of(*head, x, topics + value + chunks, slots);  // gates of zeros: the first input
  EXPECT_TRUE(close(head->forward({.representation = x, .others = &said, .round = 1}).output, expected, 1e-12));
  EXPECT_TRUE(head->reads_tagging_heads());

  const auto tagger = feedback({{"rounds", 2}, {"reads", {"intent", "chunks", "slots"}}}, 1);
  put(*tagger, "gates.intent", torch::tensor({0.0, 1.0}));
  const Tensor w = rows_of(1);
  const Tensor intent = amplified_of(*tagger, "intent", p(0).softmax(1));
  const Tensor over_words = intent.index_select(0, torch::tensor({0, 0, 2, 2, 2}, torch::kInt64));
  EXPECT_TRUE(close(tagger->forward({.representation = w, .others = &said, .round = 1}).output,
                    layers_of(*tagger, w, amplified_of(*tagger, "chunks", p(4).softmax(1)), over_words), 1e-12));
  EXPECT_FALSE(tagger->reads_tagging_heads());
  EXPECT_FALSE(tagger->named_parameters().contains("amplifiers.value.weight"));

  // Tags of other words of the same texts: by way of the sequences.
  said.offsets[4] = torch::tensor({0, 1, 2, 4}, torch::kInt64);
  said.predictions[4].output = p(4).narrow(0, 0, 4);
  const Tensor other = amplified_of(*tagger, "chunks", p(4).softmax(1));
  const Tensor last = other.narrow(0, 2, 2).mean(0);
  EXPECT_TRUE(close(tagger->forward({.representation = w, .others = &said, .round = 1}).output,
                    layers_of(*tagger, w, torch::stack({other[0], other[0], last, last, last}), over_words), 1e-12));
}

TEST(FeedbackHead, TheGateChoosesExactlyOneLayerAlsoInTraining) {
  Said said = said_before();
  const auto head = feedback({{"rounds", 2}, {"reads", {"topics"}}}, 0);
  put(*head, "gates.topics", torch::tensor({0.0, 1.0}));
  const Tensor x = rows_of(0), zeros = torch::zeros({3, kHeadWidth}, torch::kFloat64);
  const Tensor topics = amplified_of(*head, "topics", said.predictions[2].output.sigmoid());
  const Tensor first = layers_of(*head, x, topics, zeros), second = layers_of(*head, x, zeros, topics);
  int seconds = 0;
  for (int draw = 0; draw < 400; ++draw) {
    head->begin_step(draw * 5);
    ops::TensorRandom noise(static_cast<std::uint64_t>(draw));
    const Tensor found =
        head->forward({.representation = x, .random = {.noise = &noise}, .others = &said, .round = 1}).output;
    const bool is_second = static_cast<bool>(close(found, second, 1e-12));
    EXPECT_NE(is_second, static_cast<bool>(close(found, first, 1e-12)));
    seconds += is_second ? 1 : 0;
  }
  EXPECT_NEAR(seconds / 400.0, 1 / (1 + std::exp(-1.0)), 0.08);
}

TEST(FeedbackHead, GatesGetTheGradientOfTheSoftChoiceAtTheTemperatureOfTheStep) {
  Said said = said_before();
  const auto head = feedback({{"rounds", 2}, {"reads", {"topics"}}}, 0);
  const Tensor logits = torch::tensor({0.3, -0.2}, torch::kFloat64);
  put(*head, "gates.topics", logits);
  const Tensor x = rows_of(0);
  const Tensor topics = amplified_of(*head, "topics", said.predictions[2].output.sigmoid()).detach();
  for (const auto& [step, temperature] : {std::pair{0, 1.0}, {500, std::sqrt(0.5)}, {1000, 0.5}, {7000, 0.5}}) {
    head->begin_step(step);
    ops::TensorRandom noise(9), same(9);
    const Tensor output =
        head->forward({.representation = x, .random = {.noise = &noise}, .others = &said, .round = 1}).output;
    const Tensor found = torch::autograd::grad({output.sin().sum()}, {head->named_parameters()["gates.topics"]})[0];
    const Tensor scores = logits + ops::standard_gumbel(logits, same);
    const Tensor gate = ops::one_hot_of_largest(scores).requires_grad_(true);
    const Tensor by_gate =
        torch::autograd::grad({layers_of(*head, x, gate[0] * topics, gate[1] * topics).sin().sum()}, {gate})[0];
    const Tensor soft = (scores / temperature).softmax(0);
    EXPECT_TRUE(close(found, soft * (by_gate - (soft * by_gate).sum()) / temperature, 1e-12)) << step;
  }
}

TEST(FeedbackHead, InEvaluationMatchesCentralDifferences) {
  const Said base = said_before();
  for (const std::size_t task : {std::size_t{0}, std::size_t{1}}) {
    const auto head = feedback({{"rounds", 2}, {"activation", "tanh"}, {"layers", 2}}, task);
    for (const auto& parameter : head->named_parameters()) {
      if (parameter.key().starts_with("gates.")) put(*head, parameter.key(), testing::normal({3}));
    }
    const auto value = [&](const std::vector<Tensor>& in) {
      Said said = base;
      for (std::size_t t = 0; t < slu_tasks().size(); ++t) said.predictions[t].output = in[t + 1];
      return head->forward({.representation = in[0], .others = &said, .round = 1}).output.sin().sum();
    };
    std::vector<Tensor> inputs = {rows_of(task)};
    for (const Prediction& prediction : base.predictions) inputs.push_back(prediction.output);
    EXPECT_TRUE(testing::gradients_match(value, inputs));
  }
}

TEST(FeedbackHead, DetachedTakesWhatWasSaidAsGiven) {
  for (const bool detach : {false, true}) {
    Said said = said_before();
    const auto head = feedback({{"rounds", 2}, {"detach", detach}, {"reads", {"slots"}}}, 0);
    said.predictions[1].output.requires_grad_(true);
    const Tensor output = head->forward({.representation = rows_of(0), .others = &said, .round = 1}).output;
    output.sin().sum().backward();
    EXPECT_EQ(said.predictions[1].output.grad().defined(), !detach);
    EXPECT_TRUE(head->named_parameters()["amplifiers.slots.weight"].grad().defined());
  }
}

TEST(FeedbackHead, WrongSettingsAreErrors) {
  const auto message = [](const Json& options) -> std::string {
    try {
      feedback(options, 0);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message({{"reads", {"slot"}}}).find("did you mean \"slots\""), std::string::npos)
      << message({{"reads", {"slot"}}});
  EXPECT_NE(message({{"temperature_from", 0.4}}).find("temperature_to"), std::string::npos);
  EXPECT_NE(message({{"rounds", 0}}), "no error");
  EXPECT_EQ(message({{"reads", {"intent"}}}), "no error");  // its own name: the other heads read it
  // Alone it has one round to say something in.
  const auto alone = head_registry().build(Config::from_json("feedback"),
                                           HeadContext{.width = kHeadWidth, .task = &slu_tasks()[0], .seed = 1});
  const Tensor x = rows_of(0).to(torch::kFloat32);
  EXPECT_EQ(alone->forward({x}).output.size(1), 3);
  EXPECT_THROW(alone->forward({.representation = x, .round = 1}), StateError);
}

}  // namespace
}  // namespace infomtl
