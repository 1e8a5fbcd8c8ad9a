#include "infomtl/losses/objective.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/problems.h"
#include "infomtl/core/settings.h"
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

std::string Objective::Entry::place() const { return where.empty() ? title() : where + ": " + title(); }

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
  std::vector<std::string> tasks = {};
  bool tasks_known = true;  ///< every name that it gives is one of a task
};

void check_weight(const Config& term, const Schedule& weight) {
  const double first = weight.at(0), last = weight.at(std::numeric_limits<std::int64_t>::max());
  if (weight_range().contains(first) && weight_range().contains(last)) return;
  if (first >= 0 && last >= 0) {
    term.fail("weight", Json(std::max(first, last)).dump() + "; must be a number " + describe(weight_range()) +
                            ", so that its products with losses and gradients stay finite");
  }
  term.fail("weight",
            "negative; training makes a term smaller, and would make this one large without end: leave it out, or take "
            "one that means the opposite");
}

Listed listed(const Config& term, const std::vector<Task>& known_tasks) {
  if (!term.is_object()) return {.name = term.as_text()};
  std::vector<std::string> known;
  known.reserve(known_tasks.size());
  for (const Task& task : known_tasks) known.push_back(task.name);
  Listed found;
  if (term.has("weight")) {
    term.part([&] {
      found.weight = Schedule::from_config(term.value("weight"));
      check_weight(term, found.weight);
    });
  }
  const std::vector<Config> tasks = term.list_or_empty("tasks");
  for (const Config& task : tasks) {
    const bool known_task = task.part([&] {
      const std::string name = task.as_text();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        task.fail("no task \"" + name + "\"" + did_you_mean(name, known));
      }
      found.tasks.push_back(name);
    });
    found.tasks_known = found.tasks_known && known_task;
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

/// A term's options alone: what it is, not how much and for whom.
Json options_of(const Config& term) {
  Json options = term.is_object() ? term.json() : Json{{"name", term.json()}};
  for (const char* key : {"weight", "weighted", "tasks"}) options.erase(key);
  return options;
}

/// The tasks that a term names, none standing for all. What is wrong with them is told where the term is built.
std::vector<Json> tasks_named(const Config& term) {
  if (!term.is_object() || !term.json().contains("tasks") || !term.json().at("tasks").is_array()) return {};
  return term.json().at("tasks").get<std::vector<Json>>();
}

/// A task that both lists name.
std::string common_task(const std::vector<Json>& one, const std::vector<Json>& other) {
  if (one.empty()) return other.empty() ? "every task" : "task " + other.front().dump();
  for (const Json& name : one) {
    if (other.empty() || std::find(other.begin(), other.end(), name) != other.end()) return "task " + name.dump();
  }
  return "";
}

/// The same term with the same options a second time for one task is a slip: its weight would silently double.
/// @return where problems are collected, for each term whether it is such a second one
std::vector<bool> refuse_doubled(const std::vector<Config>& terms) {
  std::vector<bool> doubled(terms.size(), false);
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Json options = options_of(terms[i]);
    for (std::size_t before = 0; before < i; ++before) {
      const std::string common = common_task(tasks_named(terms[i]), tasks_named(terms[before]));
      if (common.empty() || options_of(terms[before]) != options) continue;
      doubled[i] = true;
      terms[i].part([&] {
        terms[i].fail((options.contains("name") ? options.at("name").dump() : "a term") +
                      " a second time, with the same options, for " + common +
                      "; give one of them the weight of both, or each its own \"tasks\"");
      });
      break;
    }
  }
  return doubled;
}

/// Builds one term, which tells what is wrong with its options. @return null where something is: what it would be is not known
template <class Term, class Registry>
std::shared_ptr<Term> whole_term(const Registry& registry, const Config& term, const TermContext& context) {
  const std::size_t before = term.problems() == nullptr ? 0 : term.problems()->added();
  std::shared_ptr<Term> built = registry.build(term, context);
  return term.problems() == nullptr || term.problems()->added() == before ? built : nullptr;
}

}  // namespace

std::shared_ptr<Objective> Objective::from_config(const std::vector<Config>& losses, const TermContext& context,
                                                  const std::vector<Config>& penalties) {
  const std::vector<bool> second_losses = refuse_doubled(losses), second_penalties = refuse_doubled(penalties);
  auto objective = std::make_shared<Objective>();
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const Config& loss = losses[i];
    loss.part([&] {
      const Listed found = listed(loss, context.tasks);
      const bool weighted = !loss.is_object() || loss.boolean("weighted", true);
      refuse_name_of(penalty_registry(), "penalties", loss, loss_registry());
      if (second_losses[i]) return;  // its options are those of the first
      auto term = whole_term<LossTerm>(loss_registry(), loss, context);
      if (term == nullptr || !found.tasks_known) return;
      const auto add = weighted ? &Objective::add : &Objective::add_unweighted;
      ((*objective).*add)(found.weight, std::move(term), found.name, found.tasks);
      (weighted ? objective->terms_ : objective->penalties_).back().where = loss.where();
    });
  }
  for (std::size_t i = 0; i < penalties.size(); ++i) {
    const Config& penalty = penalties[i];
    penalty.part([&] {
      const Listed found = listed(penalty, context.tasks);
      refuse_name_of(loss_registry(), "losses", penalty, penalty_registry());
      if (second_penalties[i]) return;
      auto term = whole_term<Penalty>(penalty_registry(), penalty, context);
      if (term == nullptr || !found.tasks_known) return;
      objective->add_penalty(found.weight, std::move(term), found.name, found.tasks);
      objective->penalties_.back().where = penalty.where();
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
