#include "train/progress.h"

#include <nlohmann/json.hpp>

#include "infomtl/core/json_file.h"

namespace infomtl {
namespace {

double score_from_json(const Json& json) { return json.is_null() ? BestEvaluation::kNone : json.get<double>(); }

}  // namespace

Json Progress::to_json() const {
  Json json = {{"steps", cost.steps},
               {"epoch", epoch},
               {"epoch_ended", epoch_ended},
               {"best_score", number_or_null(best.score)},
               {"best_epoch", best.epoch},
               {"best_step", best.step},
               {"epochs_without_improvement", evaluations_without_improvement},
               {"stopped_early", stopped_early},
               {"tokens", cost.tokens},
               {"examples", cost.examples},
               {"encoded_sequences", cost.encoded_sequences},
               {"rows", cost.rows},
               {"clipped_steps", cost.clipped_steps},
               {"seconds", cost.seconds}};
  for (const BestEvaluation& task : task_bests) {
    json["task_bests"].push_back({{"score", number_or_null(task.score)}, {"epoch", task.epoch}, {"step", task.step}});
  }
  return json;
}

Progress Progress::from_json(const Json& json) {
  Progress read;
  json.at("steps").get_to(read.cost.steps);
  json.at("epoch").get_to(read.epoch);
  json.at("epoch_ended").get_to(read.epoch_ended);
  read.best = {.score = score_from_json(json.at("best_score")),
               .epoch = json.at("best_epoch").get<std::int64_t>(),
               .step = json.value("best_step", std::int64_t{-1})};
  for (const Json& task : json.value("task_bests", Json::array())) {
    read.task_bests.push_back({.score = score_from_json(task.at("score")),
                               .epoch = task.at("epoch").get<std::int64_t>(),
                               .step = task.at("step").get<std::int64_t>()});
  }
  json.at("epochs_without_improvement").get_to(read.evaluations_without_improvement);
  json.at("stopped_early").get_to(read.stopped_early);
  json.at("tokens").get_to(read.cost.tokens);
  json.at("examples").get_to(read.cost.examples);
  json.at("encoded_sequences").get_to(read.cost.encoded_sequences);
  json.at("rows").get_to(read.cost.rows);
  json.at("clipped_steps").get_to(read.cost.clipped_steps);
  json.at("seconds").get_to(read.cost.seconds);
  return read;
}

}  // namespace infomtl
