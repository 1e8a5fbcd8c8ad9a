#include "report/search_record.h"

#include <algorithm>

#include "infomtl/core/config.h"
#include "report/comparison_record.h"

namespace infomtl::report {
namespace {

/// A name or a number, as text.
std::string text_of_id(const Config& config, const char* key) {
  const Json& value = config.value(key).json();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  config.fail(key, std::string("found ") + value.type_name() + ", needed a string or an integer");
}

Trial read_trial(const Config& config) {
  Trial trial;
  trial.id = text_of_id(config, "id");
  const Config settings = config.object_or_empty("settings");
  for (const auto& [path, value] : settings.json().items()) {
    trial.settings.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
  }
  for (const Config& rung : config.list_or_empty("rungs")) {
    trial.rungs.push_back({.epochs = rung.number("epochs", at_least(0)),
                           .score = rung.number("score", kMissing),
                           .cost = rung.number("cost_examples", kMissing)});
  }
  return trial;
}

}  // namespace

SearchRecord read_search(const Json& json, const std::string& file) {
  const Config config = Config::from_json(json, file);
  if (!config.is_object()) config.fail("not an object, so not a search");
  if (const auto format = config.integer("format"); format != 1) {
    config.fail("format", "found " + std::to_string(format) + ", a report reads format 1");
  }
  SearchRecord record;
  record.finished = config.boolean("finished", true);
  const Config methods = config.object("methods");
  for (const auto& [key, value] : methods.json().items()) {
    const Config method = methods.object(key);
    MethodTrials trials;
    trials.key = key;
    for (const Config& trial : method.list("trials")) trials.trials.push_back(read_trial(trial));
    if (method.has("best") && !method.json().at("best").is_null()) trials.best = text_of_id(method, "best");
    trials.cost = method.number("cost_examples", kMissing);
    const bool known = trials.best.empty() || std::any_of(trials.trials.begin(), trials.trials.end(),
                                                          [&](const Trial& trial) { return trial.id == trials.best; });
    if (!known) method.fail("best", "\"" + trials.best + "\" is the id of no trial");
    record.methods.push_back(std::move(trials));
  }
  return record;
}

}  // namespace infomtl::report
