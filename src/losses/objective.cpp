#include "infomtl/losses/objective.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <typeinfo>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/losses/register_loss.h"

namespace infomtl {

bool Objective::Entry::applies_to(const Task& task) const {
  const bool listed = tasks.empty() || std::find(tasks.begin(), tasks.end(), task.name) != tasks.end();
  return listed && term->applies_to(task);
}

std::string Objective::Entry::title() const {
  const bool is_penalty = dynamic_cast<const Penalty*>(term.get()) != nullptr;
  return (is_penalty ? "penalty \"" : "loss \"") + name + "\"";
}

void Objective::add_to(Entries& entries, Entry entry) {
  const auto taken = [&](const std::string& name) {
    const auto has_it = [&](const Entry& other) { return other.name == name; };
    return std::any_of(terms_.begin(), terms_.end(), has_it) ||
           std::any_of(penalties_.begin(), penalties_.end(), has_it);
  };
  const std::string name = entry.name;
  for (int use = 2; taken(entry.name); ++use) entry.name = name + "." + std::to_string(use);
  std::string module_name = entry.name;
  std::replace(module_name.begin(), module_name.end(), '.', '_');
  register_module(module_name, entry.term);
  entries.push_back(std::move(entry));
}

namespace {

/// `name`, else that of the term's class, else `fallback`.
std::string title_of(const LossTerm& term, std::string name, const char* fallback) {
  if (name.empty()) name = registered_name(term);
  return name.empty() ? fallback : name;
}

}  // namespace

void Objective::add(Schedule weight, std::shared_ptr<LossTerm> term, std::string name, std::vector<std::string> tasks) {
  name = title_of(*term, std::move(name), "term");
  add_to(terms_, {std::move(name), weight, std::move(term), std::move(tasks)});
}

void Objective::add_unweighted(Schedule weight, std::shared_ptr<LossTerm> term, std::string name,
                               std::vector<std::string> tasks) {
  name = title_of(*term, std::move(name), "term");
  add_to(penalties_, {std::move(name), weight, std::move(term), std::move(tasks)});
}

void Objective::add_penalty(Schedule weight, std::shared_ptr<Penalty> penalty, std::string name,
                            std::vector<std::string> tasks) {
  name = title_of(*penalty, std::move(name), "penalty");
  add_to(penalties_, {std::move(name), weight, std::move(penalty), std::move(tasks)});
}

namespace {

/// LibTorch's own errors carry a backtrace, a term of a user's any shape: both become one line.
LossValue compute_term(LossTerm& term, TaskStep& step, std::int64_t items) {
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
      value.count.item<double>() != static_cast<double>(items)) {
    throw StateError("count() says " + std::to_string(items) + ", compute() " +
                     std::to_string(std::llround(value.count.item<double>())));
  }
  return value;
}

/// What a config says of a term beside its own options.
struct Listed {
  Schedule weight = 1.0;
  std::string name;
  std::vector<std::string> tasks;
};

Listed listed(const Config& term, const std::vector<Task>& known_tasks) {
  if (!term.is_object()) return {1.0, term.as_text(), {}};
  std::vector<std::string> known;
  known.reserve(known_tasks.size());
  for (const Task& task : known_tasks) known.push_back(task.name);
  Listed found;
  if (term.has("weight")) term.part([&] { found.weight = Schedule::from_config(term.value("weight")); });
  const std::vector<Config> tasks = term.list_or_empty("tasks");
  for (const Config& task : tasks) {
    task.part([&] {
      const std::string name = task.as_text();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        task.fail("no task \"" + name + "\"" + did_you_mean(name, known));
      }
      found.tasks.push_back(name);
    });
  }
  if (term.has("tasks") && term.json().at("tasks").empty()) {
    term.fail("tasks", "names no task; leave it out for all tasks");
  }
  found.name = term.text("name");
  return found;
}

/// A name of the other list says so, and where it belongs.
template <class Here, class There>
void refuse_name_of(const There& there, const char* list, const Config& term, const Here& here) {
  if (!term.is_object() && !term.json().is_string()) return;
  const std::string name = term.is_object() ? term.text("name") : term.as_text();
  if (here.contains(name) || !there.contains(name)) return;
  throw UnknownNameError((term.is_object() ? term.where("name") : term.where()) + ": \"" + name + "\" is a " +
                         there.kind() + "; name it in \"" + list + "\"");
}

/// A negative weight rewards what a penalty is to keep small.
void refuse_negative(const Config& penalty, const Schedule& weight) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const double lowest = std::min(weight.at(0), weight.at(kEnd));  // schedules rise or fall throughout
  if (lowest >= 0) return;
  penalty.fail("weight", "a penalty's weight must be >= 0, at every step");
}

}  // namespace

std::shared_ptr<Objective> Objective::from_config(const std::vector<Config>& losses, const TermContext& context,
                                                  const std::vector<Config>& penalties) {
  auto objective = std::make_shared<Objective>();
  for (const Config& loss : losses) {
    loss.part([&] {
      const Listed found = listed(loss, context.tasks);
      const bool weighted = !loss.is_object() || loss.boolean("weighted", true);
      refuse_name_of(penalty_registry(), "penalties", loss, loss_registry());
      const auto add = weighted ? &Objective::add : &Objective::add_unweighted;
      ((*objective).*add)(found.weight, loss_registry().build(loss, context), found.name, found.tasks);
    });
  }
  for (const Config& penalty : penalties) {
    penalty.part([&] {
      const Listed found = listed(penalty, context.tasks);
      refuse_name_of(loss_registry(), "losses", penalty, penalty_registry());
      refuse_negative(penalty, found.weight);
      objective->add_penalty(found.weight, penalty_registry().build(penalty, context), found.name, found.tasks);
    });
  }
  return objective;
}

std::shared_ptr<Objective> Objective::from_config(const std::vector<Config>& losses, const TermContext& context) {
  return from_config(losses, context, {});
}

Needs Objective::needs(const Task& task) const {
  Needs all;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      if (!entry.applies_to(task)) continue;
      const Needs one = entry.term->needs();
      all.views = std::max(all.views, one.views);
      all.token_states |= one.token_states;
      all.gaussian_head |= one.gaussian_head;
      all.stochastic_architecture |= one.stochastic_architecture;
      all.sparse_gates |= one.sparse_gates;
      all.embeddings |= one.embeddings;
      all.parameters |= one.parameters;
      all.other_tasks |= one.other_tasks;
      all.lone_head |= one.lone_head;
    }
  }
  return all;
}

namespace {

/// @throws ConfigError naming what the model lacks, and the cure
void check_needs(const Needs& needs, const MultiTaskModel& model, std::size_t task, const std::string& who) {
  if (needs.gaussian_head && !model.head(task).gaussian()) {
    throw ConfigError(who + "needs a gaussian head; set \"head\": {\"name\": \"gaussian\"}");
  }
  if (needs.stochastic_architecture && !model.architecture().stochastic()) {
    throw ConfigError(who + "needs a stochastic architecture; set \"architecture\": {\"name\": \"vib\"} or another " +
                      "with a bottleneck");
  }
  if (needs.sparse_gates && !model.architecture().sparse_gates()) {
    throw ConfigError(who + "needs sparse gates; set \"architecture\": {\"name\": \"dselect_k\"}");
  }
  if (needs.lone_head && model.head(task).reads_heads()) {
    throw ConfigError(who + "it calls heads of the task's kind alone, and these read what heads said in the round " +
                      "before; set \"head\" to one that reads none (\"linear\")");
  }
  if (needs.lone_head && model.head(task).takes_weights()) {
    throw ConfigError(who + "it calls heads of the task's kind alone, and the architecture generates the weights of " +
                      "these; set \"head\": {\"name\": \"bayesian\", \"weights\": \"own\"}, and \"amortized\": false");
  }
}

}  // namespace

void Objective::check(const MultiTaskModel& model) const {
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      with_context(entry.title(), [&] { entry.term->check(model); });
    }
  }
  for (std::size_t t = 0; t < model.tasks().size(); ++t) {
    const Task& task = model.tasks()[t];
    for (const Entries* entries : {&terms_, &penalties_}) {
      for (const Entry& entry : *entries) {
        if (std::find(entry.tasks.begin(), entry.tasks.end(), task.name) != entry.tasks.end() &&
            !entry.term->applies_to(task)) {
          throw ConfigError(entry.title() + ": not defined for task \"" + task.name + "\" (" + task.type +
                            "); leave it out of \"tasks\"");
        }
        if (!entry.applies_to(task)) continue;
        check_needs(entry.term->needs(), model, t, entry.title() + ", task \"" + task.name + "\": ");
      }
    }
    check_doubles(task);
    if (std::none_of(terms_.begin(), terms_.end(), [&](const Entry& entry) { return entry.applies_to(task); })) {
      throw ConfigError("losses: none of the " + std::to_string(terms_.size()) + " weighted terms is for task \"" +
                        task.name + "\"; add one (\"supervised\" is for every task), or see its \"tasks\"");
    }
  }
}

void Objective::check_doubles(const Task& task) const {
  const Entry* loss = nullptr;
  std::vector<const Entry*> penalties;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      if (!entry.applies_to(task)) continue;
      if (entry.term->is_task_loss()) {
        if (loss != nullptr) {
          throw ConfigError(
              "losses: \"" + loss->name + "\" and \"" + entry.name + "\" are both the loss of task \"" + task.name +
              "\", which would count its labels twice; leave one out, or give them different " + "\"tasks\"");
        }
        loss = &entry;
      }
      if (dynamic_cast<const Penalty*>(entry.term.get()) == nullptr) continue;
      const LossTerm& penalty = *entry.term;
      for (const Entry* const other : penalties) {
        const LossTerm& before = *other->term;
        if (typeid(before) != typeid(penalty)) continue;
        throw ConfigError(other->title() + " is there twice for task \"" + task.name + "\" (the second as \"" +
                          entry.name + "\"); leave one out, or give them different \"tasks\"");
      }
      penalties.push_back(&entry);
    }
  }
}

std::vector<std::string> Objective::left_out(const std::vector<Task>& tasks) const {
  std::vector<std::string> lines;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      std::string names;
      for (const Task& task : tasks) {
        if (entry.tasks.empty() && !entry.applies_to(task)) names += (names.empty() ? "" : ", ") + task.name;
      }
      if (!names.empty())
        lines.push_back(entry.title() + " leaves out " + names + ": it is not defined for such labels");
    }
  }
  return lines;
}

std::vector<std::string> Objective::names_where(bool (LossTerm::*holds)() const) const {
  std::vector<std::string> names;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      if (((*entry.term).*holds)()) names.push_back(entry.name);
    }
  }
  return names;
}

std::vector<std::string> Objective::comparing_rows() const { return names_where(&LossTerm::compares_rows); }
std::vector<std::string> Objective::drawing_per_batch() const { return names_where(&LossTerm::draws_per_batch); }

std::vector<std::pair<std::string, Tensor>> Objective::task_weights() const {
  std::vector<std::pair<std::string, Tensor>> found;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      if (const Tensor weights = entry.term->task_weights(); weights.defined()) found.emplace_back(entry.name, weights);
    }
  }
  return found;
}

std::vector<std::int64_t> Objective::counts(const Entries& entries, const Task& task, const TaskBatch& rows) {
  std::vector<std::int64_t> counts(entries.size(), 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].applies_to(task)) counts[i] = entries[i].term->count(rows);
  }
  return counts;
}

TaskLoss Objective::compute(const Entries& entries, TaskStep& step, const std::vector<std::int64_t>& totals) {
  if (totals.size() != entries.size()) throw StateError("objective: totals do not belong to this objective");
  TaskLoss loss;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (!entry.applies_to(step.task()) || totals[i] == 0) continue;
    if (!step.training() && !entry.term->in_evaluation()) continue;
    const std::int64_t items = entry.term->count(step.batch());
    const LossValue value = with_context(entry.title() + ", task \"" + step.task().name + "\"",
                                         [&] { return compute_term(*entry.term, step, items); });
    const double weight = entry.weight.at(step.step());
    const Tensor part = value.sum * (weight / static_cast<double>(totals[i]));
    loss.value = loss.value.defined() ? loss.value + part : part;
    loss.parts.push_back({entry.name, value.sum.detach(), static_cast<double>(items), weight});
  }
  return loss;
}

std::vector<std::int64_t> Objective::counts(const Task& task, const TaskBatch& rows) const {
  return counts(terms_, task, rows);
}

TaskLoss Objective::compute(TaskStep& step, const std::vector<std::int64_t>& totals) const {
  TaskLoss loss = compute(terms_, step, totals);
  if (!loss.value.defined()) {  // rows without a single label: nothing to learn from, and no gradient
    loss.value = torch::zeros({}, torch::TensorOptions().device(step.shared().device()));
  }
  return loss;
}

std::vector<std::int64_t> Objective::penalty_counts(const Task& task, const TaskBatch& rows) const {
  return counts(penalties_, task, rows);
}

TaskLoss Objective::compute_penalties(TaskStep& step, const std::vector<std::int64_t>& totals) const {
  return compute(penalties_, step, totals);
}

}  // namespace infomtl
