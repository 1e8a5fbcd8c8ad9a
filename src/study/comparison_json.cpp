// comparison.json, format 2.

#include <cmath>
#include <nlohmann/json.hpp>

#include "infomtl/study/comparison.h"

namespace infomtl {
namespace {

// A NaN is written as null.
Json scores_json(const SeedScores& scores) {
  return {{"mean", scores.spread.mean},
          {"deviation", scores.spread.deviation},
          {"half_width_95", scores.spread.half_width_95},
          {"values", scores.values}};
}

Json difference_json(const TaskDifference& difference) {
  return {
      {"difference", difference.difference}, {"half_width_95", difference.half_width_95}, {"wins", difference.wins}};
}

Json difference_json(const BaselineDifference& difference, const Comparison& comparison) {
  Json json = {{"paired_seeds", difference.paired_seeds},
               {"difference", difference.difference},
               {"deviation", difference.deviation},
               {"half_width_95", difference.half_width_95},
               {"p", difference.p},
               {"p_holm", difference.p_holm},
               {"wins", difference.wins},
               {"delta_p_percent", difference.delta_p_percent},
               {"per_task", Json::object()},
               {"joint", Json::object()}};
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    json["per_task"][comparison.tasks[t].name] = difference_json(difference.per_task[t]);
  }
  for (std::size_t j = 0; j < comparison.joint.size(); ++j) {
    json["joint"][comparison.joint[j]] = difference_json(difference.joint[j]);
  }
  return json;
}

Json budget_json(const Budget& budget) {
  Json json = {{"steps", budget.steps},
               {"planned_steps", budget.planned_steps},
               {"examples", budget.examples},
               {"planned_examples", budget.planned_examples},
               {"encoded_sequences", budget.encoded_sequences},
               {"seconds", budget.seconds},
               {"clipped_share", budget.clipped_share},
               {"passes", Json::object()}};
  for (const auto& [task, passes] : budget.passes) json["passes"][task] = passes;
  return json;
}

Json method_json(const ComparedMethod& method, const MethodScores& scores, const Comparison& comparison) {
  Json json = {
      {"key", method.key},           {"name", method.name},
      {"seeds", scores.seeds},       {"folder", method.key},
      {"per_task", Json::object()},  {"average", scores_json(scores.average)},
      {"joint", Json::object()},     {"baseline", method.baseline == method.key ? Json() : Json(method.baseline)},
      {"against_baseline", nullptr}, {"budget", budget_json(scores.budget)}};
  for (std::size_t t = 0; t < comparison.tasks.size(); ++t) {
    json["per_task"][comparison.tasks[t].name] = scores_json(scores.per_task[t]);
  }
  for (std::size_t j = 0; j < comparison.joint.size(); ++j) {
    json["joint"][comparison.joint[j]] = scores_json(scores.joint[j]);
  }
  if (!std::isnan(scores.uniformity.spread.mean)) {
    json["representation"] = {{"uniformity", scores_json(scores.uniformity)},
                              {"mean_cosine", scores_json(scores.mean_cosine)},
                              {"adjusted_rand_index", scores_json(scores.rand_index)}};
  }
  if (scores.against_baseline) json["against_baseline"] = difference_json(*scores.against_baseline, comparison);
  return json;
}

}  // namespace

Json Comparison::to_json() const {
  Json json = {{"format", 2},
               {"split", split},
               {"baseline", methods.empty() ? Json() : Json(methods.at(baseline).key)},
               {"tasks", Json::array()},
               {"left_out_tasks", left_out_tasks},
               {"diverged", diverged},
               {"joint", joint},
               {"cells", Json::array()}};
  for (const ComparedTask& task : tasks) {
    json["tasks"].push_back(
        {{"name", task.name}, {"metric", task.metric}, {"higher_is_better", task.higher_is_better}});
  }
  for (const ComparisonTable& table : tables) {
    Json cell = {{"axes", Json::object()}, {"folder", table.folder}, {"methods", Json::array()}, {"power", nullptr}};
    for (const auto& [field, value] : table.axes) cell["axes"][field] = value;
    for (std::size_t m = 0; m < table.scores.size(); ++m) {
      cell["methods"].push_back(method_json(methods[m], table.scores[m], *this));
    }
    if (table.power) {
      cell["power"] = {{"pairs", table.power->pairs},
                       {"deviation", table.power->deviation},
                       {"detectable_difference", table.power->difference}};
    }
    json["cells"].push_back(std::move(cell));
  }
  return json;
}

}  // namespace infomtl
