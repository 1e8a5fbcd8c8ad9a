// Gram matrices and weighted gradients of a step, with the Jacobian and without it, against one backward pass per task.

#include <functional>

#include "infomtl/core/errors.h"
#include "infomtl/step/step_gradients.h"
#include "step/gradient_memory.h"
#include "step/small_run.h"
#include "support/one_thread.h"

namespace infomtl {
namespace {

using testing::close;
using testing::SmallRun;

/// A step of a small run, and how its per-task gradients are computed.
struct Step {
  const SmallRun& run;
  std::vector<StepBatch> micros;
  FlatParameters flat = run.flat();
  std::shared_ptr<GradientMemory> memory = make_gradient_memory();

  std::unique_ptr<StepGradients> problem(bool gram_only) {
    StepContext context;
    context.forward = {.model = run.model.get(), .objective = run.objective.get(), .seed = 4, .step = 7};
    context.parameters = &flat;
    context.memory = memory;
    context.gram_only = gram_only;
    flat.zero_gradients();
    return std::make_unique<StepGradients>(std::move(context), micros);
  }
  std::int64_t tasks() { return static_cast<std::int64_t>(problem(false)->size()); }

  /// [T, P_all]: one ordinary backward pass per task.
  Tensor separate_backwards() {
    std::vector<Tensor> rows;
    for (std::int64_t t = 0; t < tasks(); ++t) {
      const Tensor only = at::one_hot(at::scalar_tensor(t, at::kLong), tasks()).to(at::kFloat);
      problem(false)->apply_weights(only, {});
      rows.push_back(flat.gradients().clone());
    }
    return at::stack(rows);
  }
};

/// The heads' and the terms' own parameters follow `heads`, the shared ones `weights`.
Tensor combined(const Tensor& rows, std::int64_t shared, const Tensor& weights, const Tensor& heads) {
  const Tensor exact = rows.to(torch::kFloat64);
  return at::cat({exact.slice(1, 0, shared).t().mv(weights.to(torch::kFloat64)),
                  exact.slice(1, shared).t().mv(heads.to(torch::kFloat64))});
}

struct Case {
  std::string name;
  Json losses;
  Json architecture = "shared";
  std::int64_t accumulate = 1;
  bool shared_sequences = false;
  bool without_jacobian = true;  ///< whether such a step can do without
};

std::vector<Case> cases() {
  const Json simax = {"supervised", {{"name", "simax"}, {"weight", 0.1}}, {{"name", "timin"}, {"weight", 0.01}}};
  const Json again = {"supervised", {{"name", "adversarial"}, {"epsilon", 0.5}}};
  const Json moved = {"supervised", {{"name", "adversarial_parameters"}, {"epsilon", 0.5}}};
  const Json all_tasks = {"supervised", {{"name", "simax"}, {"scope", "batch"}, {"temperature", 0.1}}};
  return {{.name = "two_views", .losses = simax},
          {.name = "micro_batches", .losses = simax, .accumulate = 2, .without_jacobian = false},
          {.name = "shared_sequences", .losses = simax, .shared_sequences = true, .without_jacobian = false},
          {.name = "encoded_twice", .losses = again, .without_jacobian = false},
          {.name = "moved_parameters", .losses = moved, .without_jacobian = false},
          {.name = "union", .losses = all_tasks, .without_jacobian = false},
          {.name = "union_of_micro_batches", .losses = all_tasks, .accumulate = 2, .without_jacobian = false},
          {.name = "experts", .losses = {"supervised"}, .architecture = {{"name", "mmoe"}, {"experts", 3}}},
          {.name = "aligned",
           .losses = {"supervised"},
           .architecture = "alignment",
           .shared_sequences = true,
           .without_jacobian = false},
          {.name = "layers", .losses = {"supervised"}, .architecture = {{"name", "ple"}, {"hidden", 8}}}};
}

std::vector<StepBatch> batches_of(const SmallRun& run, const Case& given) {
  std::vector<StepBatch> micros = run.batches("joint", 5, given.accumulate);
  if (!given.shared_sequences) return micros;
  // A task of one label per text also reads its neighbour's texts.
  std::vector<TaskBatch>& tasks = micros[0].tasks;
  for (std::size_t k = 1; k < tasks.size(); ++k) {
    if (tasks[k].words.defined() || tasks[k].rows.size(0) != tasks[k - 1].rows.size(0)) continue;
    tasks[k].rows = tasks[k - 1].rows;
    return micros;
  }
  throw std::runtime_error("no two tasks with as many rows");
}

class TaskGradients : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Cases, TaskGradients, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST_P(TaskGradients, WithAndWithoutTheJacobianEqualSeparateBackwards) {
  const SmallRun run(0.1, "gaussian", GetParam().losses, GetParam().architecture);
  Step step{.run = run, .micros = batches_of(run, GetParam())};
  const std::int64_t shared = step.flat.shared_size();
  const Tensor rows = step.separate_backwards();
  const Tensor exact = rows.slice(1, 0, shared).to(torch::kFloat64), gram = exact.mm(exact.t());
  const Tensor weights = torch::tensor({0.5, 2.0, -1.0, 0.25, 1.0, 3.0}), heads = torch::linspace(1, 2, 6);
  for (const bool gram_only : {false, true}) {
    for (int repeated = 0; repeated < 2; ++repeated) {  // the second step finds the first one's memory
      step.memory->rows.defined() ? static_cast<void>(step.memory->rows.fill_(NAN)) : void();
      step.memory->scratch.defined() ? static_cast<void>(step.memory->scratch.fill_(NAN)) : void();
      const auto problem = step.problem(gram_only);
      EXPECT_TRUE(close(problem->gram(), gram, 0, 1e-5)) << gram_only;
      EXPECT_EQ(step.flat.gradients().abs().sum().item<float>(), 0.0F) << "reading gradients must not write any";
      problem->apply_weights(weights, heads);
      EXPECT_FALSE(step.flat.gradients().requires_grad()) << "a graph that grows from step to step";
      EXPECT_TRUE(close(step.flat.gradients(), combined(rows, shared, weights, heads), 0, 1e-5)) << gram_only;
    }
    const auto plain = step.problem(gram_only);
    plain->gram();
    plain->apply_weights(weights, {});
    EXPECT_TRUE(close(step.flat.gradients(), combined(rows, shared, weights, weights), 0, 1e-5)) << gram_only;
    const auto directed = step.problem(gram_only);
    directed->gram();
    directed->apply_direction(exact.t().mv(weights.to(torch::kFloat64)), heads);
    EXPECT_TRUE(close(step.flat.gradients(), combined(rows, shared, weights, heads), 0, 1e-5)) << gram_only;
    EXPECT_TRUE(close(directed->jacobian(), exact, 0, 1e-5)) << gram_only;
  }
}

TEST_P(TaskGradients, WithoutTheJacobianNoneIsHeld) {
  const SmallRun run(0.1, "gaussian", GetParam().losses, GetParam().architecture);
  Step step{.run = run, .micros = batches_of(run, GetParam())};
  step.problem(true)->gram();
  EXPECT_EQ(step.memory->rows.defined(), !GetParam().without_jacobian);
  if (!step.memory->rows.defined()) {
    EXPECT_LT(step.memory->scratch.numel(), step.tasks() * step.flat.shared_size() / 2);
  }
}

TEST(TaskGradientsOfAStep, OnlyTheWordsOfTheStepHaveColumns) {
  const SmallRun run(0.1, "gaussian", {"supervised"});
  Step step{.run = run, .micros = run.batches("joint", 3, 1)};
  const Tensor whole = step.problem(false)->jacobian().clone();
  const std::int64_t unused = run.encoder->vocab_size() - std::get<0>(at::_unique(step.micros[0].tokens.ids)).numel();
  ASSERT_GT(unused, run.encoder->vocab_size() / 4);
  step.memory = make_gradient_memory();
  const auto problem = step.problem(false);
  const Tensor gram = problem->gram();
  EXPECT_LT(step.memory->rows.numel(), (whole.numel() - 6 * unused * run.encoder->width()) * 17 / 16 + 1);
  EXPECT_TRUE(at::equal(problem->jacobian(), whole)) << "columns that are left out are zero";
  EXPECT_TRUE(close(gram, whole.to(torch::kFloat64).mm(whole.t().to(torch::kFloat64)), 0, 1e-12));
}

TEST(TaskGradientsOfAStep, MemoryDoesNotGrowWithSteps) {
  const SmallRun run(0.1, "gaussian", {"supervised"});
  Step step{.run = run, .micros = run.batches("joint", 8, 1)};
  for (const bool gram_only : {false, true}) step.problem(gram_only)->gram();
  step.problem(true)->gram();
  const void* const rows = step.memory->rows.const_data_ptr();
  const void* const scratch = step.memory->scratch.const_data_ptr();
  const std::int64_t size = step.memory->rows.numel();
  step.micros = run.batches("joint", 2, 1);
  for (const bool gram_only : {false, true}) step.problem(gram_only)->gram();
  EXPECT_EQ(step.memory->rows.const_data_ptr(), rows);
  EXPECT_EQ(step.memory->scratch.const_data_ptr(), scratch);
  EXPECT_EQ(step.memory->rows.numel(), size);
}

TEST(TaskGradientsOfAStep, OneTaskIsItsOwnGramMatrix) {
  const SmallRun run(0.1, "gaussian", {"supervised"});
  Step step{.run = run, .micros = run.batches("alternating", 6, 1)};
  ASSERT_EQ(step.tasks(), 1);
  const Tensor row = step.separate_backwards();
  const double square = row[0].slice(0, 0, step.flat.shared_size()).to(torch::kFloat64).square().sum().item<double>();
  for (const bool gram_only : {false, true}) {
    const auto problem = step.problem(gram_only);
    EXPECT_TRUE(close(problem->gram().item<double>(), square, 1e-5 * square));
    problem->apply_weights(torch::full({1}, 3.0), torch::ones({1}));
    EXPECT_TRUE(close(step.flat.gradients(),
                      combined(row, step.flat.shared_size(), torch::full({1}, 3.0), torch::ones({1})), 0, 1e-5));
  }
}

TEST(TaskGradientsOfAStep, WhatRestsHasNoGradientAndChangesNoOther) {
  const SmallRun run(0.1, "gaussian", {"supervised"}, {{"name", "mmoe"}, {"experts", 2}});
  Step step{.run = run, .micros = run.batches("joint", 4, 1)};
  const std::int64_t shared = step.flat.shared_size();
  const Tensor all = step.separate_backwards();
  const Tensor weights = torch::tensor({0.5, 2.0, -1.0, 0.25, 1.0, 3.0}), heads = torch::linspace(1, 2, 6);
  using Rests = std::function<bool(const FlatSlot&)>;
  const auto in_encoder = [](const FlatSlot& slot) { return slot.part == ParameterPart::encoder; };
  const auto is_shared = [&](const FlatSlot& slot) { return slot.end <= shared; };
  const std::vector<std::pair<const char*, Rests>> cases = {
      {"embeddings and a layer's biases",
       [](const FlatSlot& slot) {
         return slot.name.find("embeddings") != std::string::npos || slot.name.ends_with("dense.bias");
       }},
      {"encoder", in_encoder},
      {"experts and heads", [&](const FlatSlot& slot) { return !in_encoder(slot); }},
      {"all that is shared", is_shared}};
  for (const auto& [name, rests] : cases) {
    Tensor rows = all.clone();
    std::vector<bool> trains;
    for (const FlatSlot& slot : step.flat.slots()) {
      trains.push_back(!rests(slot));
      if (rests(slot)) rows.slice(1, slot.begin, slot.end).zero_();
    }
    step.flat.set_training(trains);
    step.memory = make_gradient_memory();
    const Tensor exact = rows.slice(1, 0, shared).to(torch::kFloat64);
    const bool any = exact.abs().sum().item<double>() > 0;
    for (const bool gram_only : {true, false}) {
      const auto gradients = step.problem(gram_only);
      if (any) {
        EXPECT_TRUE(close(gradients->gram(), exact.mm(exact.t()), 0, 1e-5)) << name << gram_only;
        EXPECT_TRUE(close(gradients->jacobian(), exact, 0, 1e-5)) << name << gram_only;
      } else {
        EXPECT_THROW(gradients->gram(), ConfigError);
        EXPECT_THROW(gradients->jacobian(), ConfigError);
      }
      gradients->apply_weights(weights, heads);
      EXPECT_TRUE(close(step.flat.gradients(), combined(rows, shared, weights, heads), 0, 1e-5)) << name << gram_only;
      const auto sent = step.problem(gram_only);
      sent->apply_representation_gradients(sent->representation_gradients());
      EXPECT_TRUE(close(step.flat.gradients(), combined(rows, shared, torch::ones({6}), torch::ones({6})), 0, 1e-5))
          << name;
    }
  }
}

/// Half the squared norm of the whole table, whatever the tokens.
class TableNorm final : public LossTerm {
 public:
  Needs needs() const override { return {.parameters = true}; }
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  LossValue compute(TaskStep& step) override {
    const auto labels = static_cast<double>(step.batch().label_count());
    return {step.model().encoder().word_table().square().sum() * (0.5 * labels), torch::tensor(labels)};
  }
};

TEST(TaskGradientsOfAStep, ATermThatReadsEveryWordKeepsEveryColumn) {
  SmallRun run(0.1, "linear", {"supervised"});
  run.objective->add(1.0, std::make_shared<TableNorm>(), "table_norm");
  Step step{.run = run, .micros = run.batches("joint", 3, 1)};
  const Tensor rows = step.separate_backwards().slice(1, 0, step.flat.shared_size()).to(torch::kFloat64);
  for (const bool gram_only : {false, true}) {
    const auto problem = step.problem(gram_only);
    EXPECT_TRUE(close(problem->gram(), rows.mm(rows.t()), 0, 1e-5));
    EXPECT_TRUE(close(problem->jacobian(), rows, 0, 1e-5));
  }
}

/// Half the squared norm of a parameter of the encoder, and nothing said of it beforehand.
class UndeclaredNorm final : public LossTerm {
 public:
  explicit UndeclaredNorm(std::string name) : name_(std::move(name)) {}
  std::int64_t count(const TaskBatch& rows) const override { return rows.label_count(); }
  LossValue compute(TaskStep& step) override {
    const auto labels = static_cast<double>(step.batch().label_count());
    const Tensor parameter = step.model().encoder().named_parameters()[name_];
    return {parameter.square().sum() * (0.5 * labels * static_cast<double>(step.task_index() + 1)),
            torch::tensor(labels)};
  }

 private:
  std::string name_;
};

TEST(TaskGradientsOfAStep, AParameterUsedOnTwoPathsTakesOneBackwardPassPerTask) {
  for (const char* name : {"embeddings.word_embeddings.weight", "encoder.layer.1.attention.self.key.weight",
                           "encoder.layer.0.output.LayerNorm.bias"}) {
    for (const std::int64_t accumulate : {1, 2}) {
      SmallRun run(0.1, "linear", {"supervised"});
      run.objective->add(1.0, std::make_shared<UndeclaredNorm>(name), "norm");
      Step step{.run = run, .micros = run.batches("joint", 4, accumulate)};
      const Tensor all = step.separate_backwards();
      const Tensor rows = all.slice(1, 0, step.flat.shared_size()).to(torch::kFloat64);
      const Tensor weights = torch::tensor({0.5, 2.0, -1.0, 0.25, 1.0, 3.0});
      ::testing::internal::CaptureStderr();
      for (const bool gram_only : {true, false}) {
        const auto problem = step.problem(gram_only);
        EXPECT_TRUE(close(problem->gram(), rows.mm(rows.t()), 0, 1e-5)) << name << gram_only;
        EXPECT_TRUE(close(problem->jacobian(), rows, 0, 1e-5)) << name << gram_only;
        problem->apply_weights(weights, {});
        EXPECT_TRUE(close(step.flat.gradients(), combined(all, step.flat.shared_size(), weights, weights), 0, 1e-5));
      }
      const std::string said = ::testing::internal::GetCapturedStderr();
      std::size_t lines = 0;
      for (std::size_t at = said.find("one backward pass per task"); at != std::string::npos;
           at = said.find("one backward pass per task", at + 1)) {
        ++lines;
      }
      EXPECT_EQ(lines, 1U) << said;
    }
  }
}

}  // namespace
}  // namespace infomtl
