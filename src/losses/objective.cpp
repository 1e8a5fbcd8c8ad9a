#include "infomtl/losses/objective.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace infomtl {

void Objective::add(Schedule weight, std::shared_ptr<LossTerm> term, std::string name, std::vector<std::string> tasks) {
  if (name.empty()) name = "term";
  std::string unique = name;
  for (int use = 2; std::any_of(terms_.begin(), terms_.end(), [&](const Entry& e) { return e.name == unique; });
       ++use) {
    unique = name + "." + std::to_string(use);
  }
  std::string module_name = unique;
  std::replace(module_name.begin(), module_name.end(), '.', '_');
  register_module(module_name, term);
  terms_.push_back({std::move(unique), weight, std::move(term), std::move(tasks)});
}

namespace {

/// LibTorch's own errors carry a backtrace, a term of a user's any shape: both become one line.
LossValue compute_term(LossTerm& term, TaskStep& step, std::int64_t units) {
  LossValue value;
  try {
    value = term.compute(step);
  } catch (const c10::Error& error) {
    throw StateError(error.what_without_backtrace());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw StateError(error.what());
  }
  if (!value.sum.defined() || value.sum.numel() != 1) {
    throw ShapeError("compute() must return a sum of one element, not " +
                     (value.sum.defined() ? c10::str("one of shape ", value.sum.sizes()) : std::string("none")));
  }
  if (value.count.defined() && value.count.device().is_cpu() &&
      value.count.item<double>() != static_cast<double>(units)) {
    throw StateError("count() says " + std::to_string(units) + ", compute() " +
                     std::to_string(std::llround(value.count.item<double>())));
  }
  return value;
}

}  // namespace

std::shared_ptr<Objective> Objective::from_config(const std::vector<Config>& losses, const TermContext& context) {
  std::vector<std::string> known;
  known.reserve(context.tasks.size());
  for (const Task& task : context.tasks) known.push_back(task.name);
  auto objective = std::make_shared<Objective>();
  for (const Config& loss : losses) {
    if (!loss.is_object()) {
      objective->add(1.0, loss_registry().build(loss, context), loss.as_text());
      continue;
    }
    const Schedule weight = loss.has("weight") ? Schedule::from_config(loss.value("weight")) : Schedule(1.0);
    std::vector<std::string> tasks;
    for (const Config& task : loss.list_or_empty("tasks")) {
      const std::string name = task.as_text();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        task.fail("no task \"" + name + "\"" + did_you_mean(name, known));
      }
      tasks.push_back(name);
    }
    if (loss.has("tasks") && tasks.empty()) loss.fail("tasks", "names no task; leave it out for all tasks");
    objective->add(weight, loss_registry().build(loss, context), loss.text("name"), std::move(tasks));
  }
  return objective;
}

bool Objective::applies_to(const Entry& entry, const Task& task) const {
  const bool listed =
      entry.tasks.empty() || std::find(entry.tasks.begin(), entry.tasks.end(), task.name) != entry.tasks.end();
  return listed && entry.term->applies_to(task);
}

Needs Objective::needs(const Task& task) const {
  Needs all;
  for (const Entry& entry : terms_) {
    if (!applies_to(entry, task)) continue;
    const Needs one = entry.term->needs();
    all.views = std::max(all.views, one.views);
    all.token_states |= one.token_states;
    all.gaussian_head |= one.gaussian_head;
    all.stochastic_architecture |= one.stochastic_architecture;
    all.sparse_gates |= one.sparse_gates;
    all.embeddings |= one.embeddings;
    all.parameters |= one.parameters;
  }
  return all;
}

void Objective::check(const MultiTaskModel& model) const {
  for (const Entry& entry : terms_) {
    with_context("loss \"" + entry.name + "\"", [&] { entry.term->check(model); });
  }
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    const Task& task = model.tasks()[t];
    bool any = false;
    for (const Entry& entry : terms_) {
      if (std::find(entry.tasks.begin(), entry.tasks.end(), task.name) != entry.tasks.end() &&
          !entry.term->applies_to(task)) {
        throw ConfigError("loss \"" + entry.name + "\": not defined for task \"" + task.name + "\" (" + task.type +
                          "); leave it out of \"tasks\"");
      }
      if (!applies_to(entry, task)) continue;
      any = true;
      const Needs needs = entry.term->needs();
      const std::string who = "loss \"" + entry.name + "\", task \"" + task.name + "\": ";
      if (needs.gaussian_head && !model.head(t).gaussian()) {
        throw ConfigError(who + "needs a gaussian head; set \"head\": {\"name\": \"gaussian\"}");
      }
      if (needs.stochastic_architecture && !model.architecture().stochastic()) {
        throw ConfigError(who +
                          "needs a stochastic architecture; set \"architecture\": {\"name\": \"vib\"} or another " +
                          "with a bottleneck");
      }
      if (needs.sparse_gates && !model.architecture().sparse_gates()) {
        throw ConfigError(who + "needs sparse gates; set \"architecture\": {\"name\": \"dselect_k\"}");
      }
    }
    if (!any) {
      throw ConfigError("losses: none of the " + std::to_string(terms_.size()) + " terms is for task \"" + task.name +
                        "\"; add one (\"supervised\" is for every task), or see its \"tasks\"");
    }
  }
}

std::vector<std::int64_t> Objective::counts(const Task& task, const TaskBatch& rows) const {
  std::vector<std::int64_t> counts(terms_.size(), 0);
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    if (applies_to(terms_[i], task)) counts[i] = terms_[i].term->count(rows);
  }
  return counts;
}

TaskLoss Objective::compute(TaskStep& step, const std::vector<std::int64_t>& totals) const {
  if (totals.size() != terms_.size()) throw StateError("objective: totals do not belong to this objective");
  TaskLoss loss;
  for (std::size_t i = 0; i < terms_.size(); ++i) {
    const Entry& entry = terms_[i];
    if (!applies_to(entry, step.task()) || totals[i] == 0) continue;
    if (!step.training() && !entry.term->in_evaluation()) continue;
    const std::int64_t units = entry.term->count(step.batch());
    const LossValue value = with_context("loss \"" + entry.name + "\", task \"" + step.task().name + "\"",
                                         [&] { return compute_term(*entry.term, step, units); });
    const double weight = entry.weight.at(step.step());
    const Tensor part = value.sum * (weight / static_cast<double>(totals[i]));
    loss.value = loss.value.defined() ? loss.value + part : part;
    loss.parts.push_back({entry.name, value.sum.detach(), static_cast<double>(units), weight});
  }
  if (!loss.value.defined()) {  // rows without a single label: nothing to learn from, and no gradient
    loss.value = torch::zeros({}, torch::TensorOptions().device(step.shared().device()));
  }
  return loss;
}

}  // namespace infomtl
