// What an objective asks of a model and of tasks before any step.
#include <algorithm>
#include <typeinfo>
#include <utility>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/problems.h"
#include "infomtl/losses/objective.h"
#include "infomtl/model/multi_task_model.h"

namespace infomtl {
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
  if (needs.lone_head && model.head(task).reads_token_states()) {
    throw ConfigError(who + "it calls heads of the task's kind alone, and these read the states of all tokens; set " +
                      "\"head\" to one that reads a sequence's representation (\"linear\")");
  }
  if (needs.lone_head && model.head(task).takes_weights()) {
    throw ConfigError(who + "it calls heads of the task's kind alone, and the architecture generates the weights of " +
                      "these; set \"head\": {\"name\": \"bayesian\", \"weights\": \"own\"}, and \"amortized\": false");
  }
}

/// Where problems are collected, what `body` throws becomes one of them.
template <class Body>
void part(Problems* problems, Body&& body) {
  if (problems != nullptr) {
    problems->guard(std::forward<Body>(body));
  } else {
    std::forward<Body>(body)();
  }
}

}  // namespace

void Objective::check(const MultiTaskModel& model) const {
  check_terms(model);
  check_doubles(model.tasks());
  check_coverage(model.tasks());
}

void Objective::check_terms(const MultiTaskModel& model, Problems* problems) const {
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      part(problems, [&] {
        with_context(entry.place(), [&] { entry.term->check(model); });
        for (std::size_t t = 0; t < model.tasks().size(); ++t) {
          const Task& task = model.tasks()[t];
          const bool listed = std::find(entry.tasks.begin(), entry.tasks.end(), task.name) != entry.tasks.end();
          if (listed && !entry.term->applies_to(task)) {
            throw ConfigError(entry.place() + ": not defined for task \"" + task.name + "\" (" + task.type +
                              "); leave it out of \"tasks\"");
          }
          if (!entry.applies_to(task)) continue;
          check_needs(entry.term->needs(), model, t, entry.place() + ", task \"" + task.name + "\": ");
        }
      });
    }
  }
}

void Objective::check_doubles(const std::vector<Task>& tasks, Problems* problems) const {
  const auto common = [&](const Entry& one, const Entry& other) {
    return std::find_if(tasks.begin(), tasks.end(),
                        [&](const Task& task) { return one.applies_to(task) && other.applies_to(task); });
  };
  const auto refuse = [&](const Entry& before, const Entry& entry) {
    const LossTerm &first = *before.term, &second = *entry.term;
    const auto task = common(before, entry);
    if (task == tasks.end()) return;
    if (first.is_task_loss() && second.is_task_loss()) {
      throw ConfigError((entry.where.empty() ? "losses" : entry.where) + ": \"" + before.name + "\" and \"" +
                        entry.name + "\" are both the loss of task \"" + task->name +
                        "\", which would count its labels twice; leave one out, or give them different " + "\"tasks\"");
    }
    if (dynamic_cast<const Penalty*>(&second) == nullptr || typeid(first) != typeid(second)) return;
    throw ConfigError((entry.where.empty() ? "" : entry.where + ": ") + before.title() + " is there twice for task \"" +
                      task->name + "\" (the second as \"" + entry.name +
                      "\"); leave one out, or give them different \"tasks\"");
  };
  std::vector<const Entry*> before;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      part(problems, [&] {
        for (const Entry* one : before) refuse(*one, entry);
      });
      before.push_back(&entry);
    }
  }
}

void Objective::check_coverage(const std::vector<Task>& tasks) const {
  const std::vector<std::string> without = tasks_without_terms(tasks);
  if (without.empty()) return;
  throw ConfigError("losses: no weighted term is for " + named(without, "task") +
                    "; add one (\"supervised\" is for every task), or see their \"tasks\"");
}

std::vector<std::string> Objective::left_out(const std::vector<Task>& tasks) const {
  std::vector<std::string> lines;
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      std::vector<std::string> names;
      for (const Task& task : tasks) {
        if (entry.tasks.empty() && !entry.applies_to(task)) names.push_back(task.name);
      }
      if (names.empty()) continue;
      lines.push_back(entry.title() + " leaves out " + joined(names) + ": it is not defined for such labels");
    }
  }
  return lines;
}

void Objective::check_options(const std::vector<Task>& tasks, Problems* problems) const {
  for (const Entries* entries : {&terms_, &penalties_}) {
    for (const Entry& entry : *entries) {
      std::vector<Task> applied;
      for (const Task& task : tasks) {
        if (entry.applies_to(task)) applied.push_back(task);
      }
      if (applied.empty()) continue;
      part(problems, [&] { with_context(entry.place(), [&] { entry.term->check_options(applied); }); });
    }
  }
}

std::vector<std::string> Objective::tasks_without_terms(const std::vector<Task>& tasks) const {
  std::vector<std::string> found;
  for (const Task& task : tasks) {
    const auto is_for = [&](const Entry& entry) { return entry.applies_to(task); };
    if (std::none_of(terms_.begin(), terms_.end(), is_for)) found.push_back(task.name);
  }
  return found;
}

std::vector<std::string> Objective::tasks_without_labels(const std::vector<Task>& tasks) const {
  std::vector<std::string> found;
  for (const Task& task : tasks) {
    const auto reads = [&](const Entry& entry) { return entry.applies_to(task) && entry.term->reads_labels(); };
    if (std::none_of(terms_.begin(), terms_.end(), reads) &&
        std::none_of(penalties_.begin(), penalties_.end(), reads)) {
      found.push_back(task.name);
    }
  }
  return found;
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

}  // namespace infomtl
