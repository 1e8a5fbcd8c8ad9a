#include "infomtl/losses/dummy_gradient_norm.h"

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/losses/supervised.h"
#include "infomtl/ops/gradient_norm.h"
#include "losses/counted_items.h"
#include "losses/step_average.h"

namespace infomtl {
namespace {

/// What the dummy says, without dropout and noise.
Tensor said_by(Head& dummy, const Tensor& rows, const Task& task) {
  try {
    Prediction found;
    for (int round = 0; round < dummy.rounds(); ++round) {
      HeadInput input{.representation = rows};
      input.round = round;
      found = dummy.forward(input);
    }
    return found.output;
  } catch (const StateError& error) {
    throw ConfigError("dgr calls dummy heads alone, which those of task \"" + task.name + "\" don't allow (" +
                      error.what() + "); give the task a head that reads no other, or name other tasks in \"tasks\"");
  }
}

/// What a dummy's gradient is taken in. Gradients that the last step's backward pass left there are dropped.
std::vector<Tensor> parameters_of(const Head& dummy) {
  std::vector<Tensor> found;
  for (Tensor& parameter : dummy.parameters()) {
    parameter.mutable_grad().reset();
    if (parameter.requires_grad()) found.push_back(parameter);
  }
  return found;
}

}  // namespace

void DummyGradientNorm::Settings::fields(FieldVisitor& f) {
  f.field("dummies", dummies, "untrained heads per task", count_from(1));
  f.choice("form", form, {"exact", "finite_difference"},
           "exact: double backpropagation through the heads; finite_difference: first derivatives alone, as released");
  f.field("epsilon", epsilon, "finite_difference: length of the step in the heads' parameters", above(0));
  f.only_where(form == "finite_difference", {"epsilon"}, "\"form\" is \"finite_difference\"");
}

DummyGradientNorm::DummyGradientNorm(Settings settings, const TermContext& context)
    : settings_(std::move(settings)), seed_(context.seed), dummies_(context.tasks.size()) {
  check_fields(settings_, "penalty \"dgr\"");
  for (const Task& task : context.tasks) tasks_.push_back(task.name);
  norm_ = register_module("norm", std::make_shared<StepAverage>(tasks_.size(), 1, 0.0));
}

void DummyGradientNorm::check(const MultiTaskModel& model) const {
  try {
    model.new_head(0, seed_);
  } catch (const StateError& error) {
    throw ConfigError(std::string("dgr makes dummy heads: ") + error.what() +
                      "; build it from what makes them (TaskHeads of model/heads.h)");
  }
}

std::int64_t DummyGradientNorm::count(const TaskBatch& rows) const { return known_label_count(rows); }

const std::vector<std::shared_ptr<Head>>& DummyGradientNorm::dummies_of(const TaskStep& step, const Tensor& rows) {
  std::vector<std::shared_ptr<Head>>& found = dummies_.at(step.task_index());
  while (std::ssize(found) < settings_.dummies) {
    const std::uint64_t seed = derive_seed(seed_, "dgr/" + step.task().name, found.size());
    found.push_back(step.model().new_head(step.task_index(), seed));
    found.back()->eval();
    found.back()->to(rows.device(), rows.scalar_type());
  }
  return found;
}

LossValue DummyGradientNorm::compute(TaskStep& step) {
  const Tensor& rows = step.representation().value;
  const std::int64_t items = count(step.batch());
  if (items == 0) return no_items(rows);
  const Task& task = step.task();
  if (step.records()) {
    const Tensor norms = at::linalg_vector_norm(rows.detach(), 2, at::IntArrayRef{1}, false, torch::kFloat64);
    norm_->record(step.task_index(), step.step(), norms.mean().reshape({1}));
  }
  Tensor sum = at::zeros({}, rows.options().requires_grad(false));
  for (const std::shared_ptr<Head>& dummy : dummies_of(step, rows)) {
    dummy->begin_step(step.step());
    const std::vector<Tensor> parameters = parameters_of(*dummy);
    const auto loss = [&](const Tensor& read) {
      return supervised_sum(task, said_by(*dummy, read, task), step.labels()) / static_cast<double>(items);
    };
    if (settings_.form == "exact") {
      sum = sum + ops::squared_gradient_norm(loss(rows), parameters);
      continue;
    }
    const auto found = ops::squared_gradient_norm_by_difference(loss, rows, parameters, settings_.epsilon);
    const Tensor carrier = (rows * found.gradient).sum();
    sum = sum + found.value + (carrier - carrier.detach());  // 0, with the gradient
  }
  return over_items(sum * (static_cast<double>(items) / static_cast<double>(settings_.dummies)), items);
}

std::vector<std::pair<std::string, double>> DummyGradientNorm::diagnostics() const {
  std::vector<std::pair<std::string, double>> found;
  for (std::size_t t = 0; t < tasks_.size(); ++t) {
    const Tensor seen = norm_->latest(t);
    if (seen.defined()) found.emplace_back(tasks_[t] + "/representation_norm", seen.item<double>());
  }
  return found;
}

}  // namespace infomtl
