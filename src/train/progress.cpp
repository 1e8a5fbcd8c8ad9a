#include "train/progress.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace infomtl {

Json Progress::to_json() const {
  return {{"steps", steps},
          {"epoch", epoch},
          {"epoch_ended", epoch_ended},
          {"best_score", std::isfinite(best_score) ? Json(best_score) : Json(nullptr)},
          {"best_epoch", best_epoch},
          {"epochs_without_improvement", epochs_without_improvement},
          {"stopped_early", stopped_early},
          {"tokens", tokens},
          {"examples", examples},
          {"seconds", seconds}};
}

Progress Progress::from_json(const Json& json) {
  Progress read;
  json.at("steps").get_to(read.steps);
  json.at("epoch").get_to(read.epoch);
  json.at("epoch_ended").get_to(read.epoch_ended);
  if (!json.at("best_score").is_null()) json.at("best_score").get_to(read.best_score);
  json.at("best_epoch").get_to(read.best_epoch);
  json.at("epochs_without_improvement").get_to(read.epochs_without_improvement);
  json.at("stopped_early").get_to(read.stopped_early);
  json.at("tokens").get_to(read.tokens);
  json.at("examples").get_to(read.examples);
  json.at("seconds").get_to(read.seconds);
  return read;
}

}  // namespace infomtl
