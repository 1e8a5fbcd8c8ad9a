#include "train/progress.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace infomtl {

Json Progress::to_json() const {
  return {{"steps", cost.steps},
          {"epoch", epoch},
          {"epoch_ended", epoch_ended},
          {"best_score", std::isfinite(best_score) ? Json(best_score) : Json(nullptr)},
          {"best_epoch", best_epoch},
          {"epochs_without_improvement", epochs_without_improvement},
          {"stopped_early", stopped_early},
          {"tokens", cost.tokens},
          {"examples", cost.examples},
          {"encoded_sequences", cost.encoded_sequences},
          {"rows", cost.rows},
          {"clipped_steps", cost.clipped_steps},
          {"seconds", cost.seconds}};
}

Progress Progress::from_json(const Json& json) {
  Progress read;
  json.at("steps").get_to(read.cost.steps);
  json.at("epoch").get_to(read.epoch);
  json.at("epoch_ended").get_to(read.epoch_ended);
  if (!json.at("best_score").is_null()) json.at("best_score").get_to(read.best_score);
  json.at("best_epoch").get_to(read.best_epoch);
  json.at("epochs_without_improvement").get_to(read.epochs_without_improvement);
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
