#include "train/progress.h"

#include <nlohmann/json.hpp>
#include <string>

#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"

namespace infomtl {
namespace {

double score_from_json(const Json& json) { return json.is_null() ? BestEvaluation::kNone : json.get<double>(); }

/// @param least  0, or -1 for what may be none
std::int64_t whole(const Json& json, const char* key, std::int64_t least = 0) {
  const Json& value = json.at(key);
  if (value.is_number_integer() && value.get<std::int64_t>() >= least) return value.get<std::int64_t>();
  throw FormatError(std::string("progress/") + key + ": found " + value.dump() +
                    ", must be an integer >= " + std::to_string(least));
}

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

Progress Progress::from_json(const Json& json, std::size_t tasks) {
  Progress read;
  read.cost.steps = whole(json, "steps");
  read.epoch = whole(json, "epoch");
  json.at("epoch_ended").get_to(read.epoch_ended);
  read.best = {.score = score_from_json(json.at("best_score")),
               .epoch = whole(json, "best_epoch", -1),
               .step = json.value("best_step", std::int64_t{-1})};
  for (const Json& task : json.value("task_bests", Json::array())) {
    read.task_bests.push_back({.score = score_from_json(task.at("score")),
                               .epoch = task.at("epoch").get<std::int64_t>(),
                               .step = task.at("step").get<std::int64_t>()});
  }
  read.evaluations_without_improvement = whole(json, "epochs_without_improvement");
  json.at("stopped_early").get_to(read.stopped_early);
  read.cost.tokens = whole(json, "tokens");
  read.cost.examples = whole(json, "examples");
  read.cost.encoded_sequences = whole(json, "encoded_sequences");
  json.at("rows").get_to(read.cost.rows);
  if (read.cost.rows.size() != tasks || (!read.task_bests.empty() && read.task_bests.size() != tasks)) {
    throw FormatError("progress: is not that of " + std::to_string(tasks) + " tasks");
  }
  json.at("clipped_steps").get_to(read.cost.clipped_steps);
  json.at("seconds").get_to(read.cost.seconds);
  return read;
}

}  // namespace infomtl
