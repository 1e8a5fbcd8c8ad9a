// The whole InfoMTL objective, through the objects that train (head, terms, objective), against numbers written by
// scripts/fixtures/infomtl_objective.py (torch 2.13.0, float64, seed 20250304) from the paper's equations.
#include <gtest/gtest.h>

#include <map>

#include "infomtl/losses/objective.h"
#include "infomtl/losses/shared_information_maximization.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/losses/task_information_minimization.h"
#include "infomtl/model/head.h"
#include "support/fixed_task_step.h"
#include "support/fixture.h"

namespace infomtl {
namespace {

using testing::close;
using testing::fixed_step;
using testing::FixedTaskStep;

Tensor tensor_from(const Json& value, torch::ScalarType type) {
  if (!value[0].is_array()) return testing::float64_tensor(value).to(type);
  std::vector<Tensor> rows;
  for (const Json& row : value) rows.push_back(tensor_from(row, type));
  return torch::stack(rows);
}

/// Draws what it was given.
class GivenNoise final : public ops::TensorRandom {
 public:
  explicit GivenNoise(Tensor noise) : TensorRandom(0), noise_(std::move(noise)) {}
  Tensor normal(at::IntArrayRef shape) override {
    EXPECT_EQ(noise_.sizes(), shape);
    return noise_;
  }

 private:
  Tensor noise_;
};

std::shared_ptr<Head> head_of(const Json& settings, const Task& task, std::int64_t width) {
  return head_registry().build(Config::from_json(settings, "head"), {.width = width, .task = &task, .seed = 1});
}

/// Copies values into the parameter of that name.
void set(Head& head, const std::string& name, const Tensor& values) {
  const torch::NoGradGuard no_grad;
  head.named_parameters()[name].copy_(values);
}

Task task_of(std::int64_t classes) {
  Task task;
  task.name = "test";
  for (std::int64_t c = 0; c < classes; ++c) task.labels.push_back(std::to_string(c));
  return task;
}

void compare(torch::ScalarType type, double tolerance) {
  const Json fixture = testing::read_fixture("ops/infomtl_objective.json");
  ASSERT_GE(fixture["cases"].size(), 5U);
  for (const Json& given : fixture["cases"]) {
    SCOPED_TRACE(given["reduction"].get<std::string>() + " tau " + given["temperature"].dump());
    const Json& in = given["inputs"];
    const Tensor z = tensor_from(in["z"], type).requires_grad_(true);
    const Tensor keys = tensor_from(in["keys"], type).requires_grad_(true);
    FixedTaskStep step =
        fixed_step(TaskKind::classification, torch::tensor(given["labels"].get<std::vector<int64_t>>()));
    step.task_ = task_of(static_cast<std::int64_t>(in["mean_bias"].size()));
    const auto head = head_of({{"name", "gaussian"}}, step.task_, z.size(1));
    head->to(type);
    for (const char* net : {"mean", "log_variance"}) {
      for (const char* kind : {"weight", "bias"}) {
        set(*head, std::string(net) + ".output." + kind, tensor_from(in[std::string(net) + "_" + kind], type));
      }
    }
    GivenNoise noise(tensor_from(given["noise"], type));
    step.shared_views = {z, keys};
    step.predictions = {head->forward({z, {.noise = &noise}})};

    Objective objective;
    objective.add(1.0, std::make_shared<Supervised>(), "supervised");
    TaskInformationMinimization::Settings timin;
    timin.reduction = given["reduction"].get<std::string>();
    objective.add(given["beta"].get<double>(), std::make_shared<TaskInformationMinimization>(timin), "timin");
    SharedInformationMaximization::Settings simax;
    simax.temperature = given["temperature"].get<double>();
    simax.symmetric = given["symmetric"].get<bool>();
    objective.add(given["alpha"].get<double>(), std::make_shared<SharedInformationMaximization>(simax), "simax");
    const TaskLoss loss = objective.compute(step, objective.counts(step.task(), step.batch()));
    loss.value.backward();

    const Json& values = given["values"];
    ASSERT_EQ(loss.parts.size(), 3U);
    for (const TermPart& part : loss.parts) {
      EXPECT_TRUE(close(part.sum.item<double>() / part.count, values[part.term].get<double>(), tolerance)) << part.term;
    }
    EXPECT_TRUE(close(loss.value.item<double>(), values["total"].get<double>(), tolerance));
    const auto parameters = head->named_parameters();
    const std::map<std::string, Tensor> found = {
        {"z", z.grad()},
        {"keys", keys.grad()},
        {"mean_weight", parameters["mean.output.weight"].grad()},
        {"mean_bias", parameters["mean.output.bias"].grad()},
        {"log_variance_weight", parameters["log_variance.output.weight"].grad()},
        {"log_variance_bias", parameters["log_variance.output.bias"].grad()}};
    ASSERT_EQ(given["gradients"].size(), found.size());
    for (const auto& [name, value] : given["gradients"].items()) {
      EXPECT_TRUE(close(found.at(name).reshape({-1}), testing::float64_tensor(value), tolerance)) << name;
    }
  }
}

TEST(PaperObjective, EqualsThePaperInFloat32) { compare(torch::kFloat32, 1e-6); }
TEST(PaperObjective, EqualsThePaperInFloat64) { compare(torch::kFloat64, 1e-11); }

// PT-1.4: without contrast and compression, and with hardly any variance, a gaussian head trains as a linear one.
TEST(PaperObjective, WithoutBothTermsItIsCrossEntropyOfTheMean) {
  FixedTaskStep step = fixed_step(TaskKind::classification, torch::tensor({0, 1, 2, 3, 0, 1}));
  step.task_ = task_of(4);
  const auto gaussian = head_of({{"name", "gaussian"}, {"log_variance_low", -40}}, step.task_, 5);
  const auto linear = head_of({{"name", "linear"}}, step.task_, 5);
  set(*gaussian, "log_variance.output.weight", torch::zeros({4, 5}));
  set(*gaussian, "log_variance.output.bias", torch::full({4}, -40.0));
  ops::TensorRandom random(3), noise(4);
  const Tensor z = random.normal({6, 5});
  Objective objective;
  objective.add(1.0, std::make_shared<Supervised>());
  const auto gradient_through = [&](Head& head, const std::string& net) {
    step.predictions = {head.forward({z, {.noise = &noise}})};
    objective.compute(step, {6}).value.backward();
    return head.named_parameters()[net + ".output.weight"].grad();
  };
  for (const char* kind : {"weight", "bias"}) {
    set(*linear, std::string("net.output.") + kind, gaussian->named_parameters()[std::string("mean.output.") + kind]);
  }
  EXPECT_TRUE(close(gradient_through(*gaussian, "mean"), gradient_through(*linear, "net"), 1e-7));
}

}  // namespace
}  // namespace infomtl
