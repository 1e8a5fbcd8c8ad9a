// Rounds of heads that read each other, in a step: PT-6.2 and PT-6.3, and the gradient through all rounds and
// the encoder, where tasks label the same sentences (an intent and its slots) and where each has texts of its own.
#include "infomtl/ops/feedback.h"

#include <algorithm>
#include <cmath>

#include "infomtl/step/step_gradients.h"
#include "step/directional_derivative.h"
#include "step/small_run.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// "polarity" says a + c y and "certainty" b + e y of the number y that the other said in the round before; 0 before
/// the first.
class Settling final : public Head {
 public:
  struct Settings {
    std::int64_t rounds = 9;
    void fields(FieldVisitor& f) { f.field("rounds", rounds, "rounds", at_least(1)); }
  };
  static constexpr double kA = 0.7, kB = -0.4, kC = 0.8, kE = 0.5;

  Settling(const Settings& settings, const HeadContext& context)
      : rounds_(static_cast<int>(settings.rounds)), name_(context.task->name), outputs_(context.task->outputs()) {}
  int rounds() const override { return rounds_; }
  Prediction forward(const HeadInput& input) override {
    Prediction prediction;
    if (input.round > 0) {
      prediction.earlier = input.other(name_).earlier;
      prediction.earlier.push_back(input.other(name_).output);
    }
    const auto read = [&](const char* other) {
      return input.round == 0 ? torch::zeros({}) : input.other(other).output.mean();
    };
    const Tensor said = name_ == "polarity"    ? kA + kC * read("certainty")
                        : name_ == "certainty" ? kB + kE * read("polarity")
                                               : torch::zeros({});
    prediction.output = torch::ones({input.representation.size(0), outputs_}) * said;
    return prediction;
  }

 private:
  int rounds_;
  std::string name_;
  std::int64_t outputs_;
};

TEST(Rounds, OfTwoHeadsThatReadEachOtherIterateTheirMap) {
  if (!head_registry().contains("settling")) head_registry().add<Settling>("settling", "reads the other's number");
  const SmallRun run(0.0, {{"name", "settling"}, {"rounds", 9}});
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get()}, run.batches("joint", 3, 1)[0]);
  const double ce = Settling::kC * Settling::kE;
  const double fixed = (Settling::kA + Settling::kC * Settling::kB) / (1 - ce);
  const double other = (Settling::kB + Settling::kE * Settling::kA) / (1 - ce);
  std::vector<double> said;
  const Prediction& prediction = pass.task(run.task_named("polarity")).prediction();
  ASSERT_EQ(prediction.earlier.size(), 8U);
  for (const Tensor& output : prediction.earlier) said.push_back(output[0][0].item<double>());
  said.push_back(prediction.output[0][0].item<double>());
  for (std::size_t k = 0; k < said.size(); ++k) {
    const double away = std::pow(ce, static_cast<double>(k / 2)) *
                        (k % 2 == 0 ? Settling::kA - fixed : Settling::kC * (Settling::kB - other));
    EXPECT_NEAR(said[k], fixed + away, 1e-6) << k;
  }
  // Convergence falls by |c e|^2 over two rounds.
  TaskStep& certainty = pass.task(run.task_named("certainty"));
  std::vector<Tensor> rounds = certainty.prediction().earlier;
  rounds.push_back(certainty.prediction().output);
  const auto unrest = [&](std::size_t k) {
    return ops::round_convergence({rounds[k - 1], rounds[k]}, ops::Convergence::delta).mean().item<double>();
  };
  for (std::size_t k = 1; k + 2 < 6; ++k) EXPECT_NEAR(unrest(k + 2) / unrest(k), ce * ce, 1e-4) << k;
}

/// Says nothing, and keeps where the words of "spans" and "topic" lie on the rows it is asked about.
class Asking final : public Head {
 public:
  struct Settings {
    void fields(FieldVisitor& /*f*/) {}
  };
  static inline Tensor words_of_spans, words_of_topic;

  Asking(const Settings& /*settings*/, const HeadContext& context)
      : name_(context.task->name), outputs_(context.task->outputs()) {}
  Prediction forward(const HeadInput& input) override {
    if (name_ == "spans") input.other("topic");
    for (std::size_t t = 0; name_ == "topic" && t < input.others->tasks().size(); ++t) {
      if (input.others->tasks()[t].name == "spans") words_of_spans = input.others->word_offsets(t);
      if (input.others->tasks()[t].name == "topic") words_of_topic = input.others->word_offsets(t);
    }
    return {.output = torch::zeros({input.representation.size(0), outputs_})};
  }
  bool reads_tagging_heads() const override { return name_ == "topic"; }

 private:
  std::string name_;
  std::int64_t outputs_;
};

TEST(OtherHeads, OfSequencesHaveNoWordsWhoseverRowsTheyAre) {
  if (!head_registry().contains("asking")) head_registry().add<Asking>("asking", "looks at word offsets");
  const SmallRun run(0.0, "asking");
  const StepBatch batch = run.batches("joint", 3, 1)[0];
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get()}, batch);
  TaskStep& spans = pass.task(run.task_named("spans"));
  spans.prediction();  // asks the head of "topic" about its sentences
  EXPECT_TRUE(at::equal(Asking::words_of_spans, spans.batch().word_offsets));
  EXPECT_FALSE(Asking::words_of_topic.defined());
  pass.task(run.task_named("topic")).prediction();
  EXPECT_TRUE(at::equal(Asking::words_of_spans, torch::zeros({4}, torch::kInt64))) << "texts not given as words";
  EXPECT_FALSE(Asking::words_of_topic.defined());
}

SmallRun feedback_run(double dropout, const Json& options) {
  Json head = {{"name", "feedback"}, {"activation", "tanh"}, {"dropout", dropout}};
  head.update(options);
  return SmallRun(dropout, head, {"supervised", {{"name", "feedback_convergence"}, {"weight", 0.5}}});
}

/// A batch of all tasks in which "topic" labels the sentences of "spans".
StepBatch intents_and_slots(const SmallRun& run, std::int64_t rows) {
  StepBatch batch = run.batches("joint", rows, 1)[0];
  const auto of = [&](const char* name) -> TaskBatch& {
    return *std::find_if(batch.tasks.begin(), batch.tasks.end(),
                         [&](const TaskBatch& task) { return run.tasks[task.task].name == name; });
  };
  const TaskBatch& slots = of("spans");
  TaskBatch& intents = of("topic");
  intents.rows = slots.rows;
  intents.examples = slots.examples;
  intents.texts = slots.texts;
  intents.labels = torch::arange(slots.rows.size(0)) % 2;
  return batch;
}

TEST(Rounds, WithoutAmplifiersSayTheSameAlsoUnderDropout) {
  const SmallRun run = feedback_run(0.3, {{"rounds", 3}});
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : run.model->named_parameters()) {
    if (parameter.key().find(".amplifiers.") != std::string::npos) parameter.value().zero_();
  }
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .seed = 3, .training = true},
                   intents_and_slots(run, 4));
  for (std::size_t k = 0; k < pass.size(); ++k) {
    const Prediction& prediction = pass.task(k).prediction();
    ASSERT_EQ(prediction.earlier.size(), 2U);
    for (const Tensor& earlier : prediction.earlier) EXPECT_TRUE(at::equal(earlier, prediction.output));
    const TaskLoss loss = pass.loss(k, run.objective->counts(pass.task(k).task(), pass.task(k).batch()));
    ASSERT_EQ(loss.parts.size(), 2U);
    EXPECT_EQ(loss.parts[1].term, "feedback_convergence");
    EXPECT_EQ(loss.parts[1].sum.item<double>(), 0);
  }
}

TEST(Feedback, BetweenAnIntentAndItsSlotsIsItsDefinition) {
  const SmallRun run = feedback_run(0.0, {{"rounds", 2}, {"reads", {"topic", "spans"}}});
  const torch::NoGradGuard no_grad;
  ForwardPass pass({.model = run.model.get(), .objective = run.objective.get(), .training = false},
                   intents_and_slots(run, 5));
  TaskStep& intent = pass.task(run.task_named("topic"));
  TaskStep& slots = pass.task(run.task_named("spans"));
  const auto parameter = [&](const TaskStep& task, const std::string& name) {
    return run.model->head(task.task_index()).named_parameters()[name];
  };
  const auto layers = [&](const TaskStep& task, const Tensor& x) {
    const Tensor hidden = at::linear(x, parameter(task, "net.hidden.weight"), parameter(task, "net.hidden.bias"));
    return at::linear(hidden.tanh(), parameter(task, "net.output.weight"), parameter(task, "net.output.bias"));
  };
  const Tensor z = intent.representation().value, w = slots.representation().value;
  const Tensor first_intent = layers(intent, z).softmax(1), first_slots = layers(slots, w).softmax(1);
  const Tensor from_slots =
      at::linear(first_slots, parameter(intent, "amplifiers.spans.weight"), parameter(intent, "amplifiers.spans.bias"))
          .tanh();
  const Tensor from_intent =
      at::linear(first_intent, parameter(slots, "amplifiers.topic.weight"), parameter(slots, "amplifiers.topic.bias"))
          .tanh();
  std::vector<Tensor> means, repeated;
  const Tensor offsets = slots.batch().word_offsets;
  for (std::int64_t s = 0; s < z.size(0); ++s) {
    const auto begin = offsets[s].item<std::int64_t>(), words = offsets[s + 1].item<std::int64_t>() - begin;
    ASSERT_GT(words, 0);
    means.push_back(from_slots.narrow(0, begin, words).mean(0));
    for (std::int64_t word = 0; word < words; ++word) repeated.push_back(from_intent[s]);
  }
  EXPECT_TRUE(close(intent.prediction().output, layers(intent, z + at::stack(means)), 0, 1e-5));
  EXPECT_TRUE(close(slots.prediction().output, layers(slots, w + at::stack(repeated)), 0, 1e-5));
  EXPECT_FALSE(close(intent.prediction().output, layers(intent, z), 0, 1e-3));
  // A task with texts of its own: the intent's head answers on them.
  TaskStep& polarity = pass.task(run.task_named("polarity"));
  const Tensor own = polarity.representation().value;
  const Tensor predicted = layers(intent, own).softmax(1);
  const auto amplifier = [&](const char* name) { return parameter(polarity, std::string("amplifiers.") + name); };
  const Tensor read = at::linear(predicted, amplifier("topic.weight"), amplifier("topic.bias")).tanh();
  EXPECT_TRUE(close(polarity.prediction().output, layers(polarity, own + read), 0, 1e-5))
      << "texts that were not given as words have no slots to read";
}

TEST(Feedback, ItsGradientIsThatOfCentralDifferencesThroughAllRoundsAndTheEncoder) {
  const SmallRun run = feedback_run(0.2, {{"rounds", 3}});
  run.model->to(torch::kFloat64);
  FlatParameters flat = run.flat();
  const std::vector<StepBatch> micros = {intents_and_slots(run, 4)};
  // The gates' gradient is that of a soft choice, and not of the value.
  testing::expect_directional_derivatives(
      run, flat, micros, [](const std::string& name) { return name.find(".gates.") == std::string::npos; });

  // Each task's loss reaches what it reads, and what that reads in the round before.
  const auto reached = [&](const char* task) {
    Tensor only = torch::zeros({6});
    only[static_cast<std::int64_t>(run.task_named(task))] = 1.0;
    return testing::step_gradient(run, flat, micros, only);
  };
  for (const auto& [task, names] : std::vector<std::pair<const char*, std::vector<const char*>>>{
           {"topic",
            {"heads.topic.amplifiers.spans.weight", "heads.spans.net.output.weight",
             "heads.spans.amplifiers.topic.weight", "heads.topic.gates.spans"}},
           {"spans", {"heads.spans.amplifiers.topic.weight", "heads.topic.net.output.weight"}},
           {"polarity", {"heads.polarity.amplifiers.topic.weight", "heads.topic.net.output.weight"}}}) {
    const Tensor found = reached(task);
    for (const char* name : names) {
      bool any = false;
      for (const FlatSlot& slot : flat.slots()) {
        if (slot.name != name) continue;
        any = true;
        EXPECT_GT(found.slice(0, slot.begin, slot.end).abs().sum().item<double>(), 0.0) << task << ": " << name;
      }
      EXPECT_TRUE(any) << name;
    }
  }
}

}  // namespace
}  // namespace infomtl
