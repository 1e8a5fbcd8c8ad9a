#include "study/search_plan.h"

#include <algorithm>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "infomtl/runs/seeds.h"

namespace infomtl {
namespace {

std::vector<std::size_t> read_seeds_per_rung(const Config& algorithm, std::size_t seeds) {
  std::vector<std::size_t> per_rung;
  for (const Config& count : algorithm.list_or_empty("seeds_per_rung")) {
    per_rung.push_back(static_cast<std::size_t>(count.as_integer(between(1, static_cast<double>(seeds)))));
    if (per_rung.size() > 1 && per_rung.back() < per_rung[per_rung.size() - 2]) {
      count.fail("fewer than in the rung before; a trial keeps its seeds");
    }
  }
  if (per_rung.empty()) per_rung.push_back(seeds);
  return per_rung;
}

void read_algorithm(const Config& config, SearchPlan& plan) {
  const Config algorithm =
      config.has("algorithm") ? config.value("algorithm").named() : Config::from_json({{"name", plan.algorithm.name}});
  const std::string name = algorithm.choice("name", plan.algorithm.name, {"grid", "random", "successive_halving"});
  plan.algorithm.name = name;
  plan.algorithm.median_stop = algorithm.boolean("median_stop", false);
  // What the algorithm doesn't read stays unknown to the config, and is refused.
  if (plan.algorithm.halves()) {
    algorithm.read_fields(plan.algorithm);
    plan.seeds_per_rung = read_seeds_per_rung(algorithm, plan.seeds.size());
  } else {
    plan.seeds_per_rung = {plan.seeds.size()};
  }
  algorithm.reject_unknown();
}

SearchMethod read_searched_method(const Config& entry) {
  SearchMethod method{.planned = read_method(entry), .where = entry.where()};
  if (method.name() == "best") entry.fail("\"best\" is the folder of the winners; give another \"name\"");
  return method;
}

void draw_trials(const Config& config, const Config& entry, SearchPlan& plan, SearchMethod& method, std::int64_t budget,
                 std::uint64_t seed) {
  const Config own = entry.is_object() ? entry.object_or_empty("space") : Config::from_json(Json::object());
  const Config common = config.object_or_empty("space");
  const SearchSpace space = SearchSpace::from_config(common, own);
  for (const SearchAxis& axis : space.axes()) {
    const std::string place = own.has(axis.name) ? own.where(axis.name) : common.where(axis.name);
    for (const Setting& setting : axis.at(0)) method.places[setting.field] = place;
  }
  if (space.axes().empty()) {
    throw ConfigError((entry.is_object() ? entry.where("space") : config.where("space")) + ": names no field for \"" +
                      method.name() + "\"; give at least one with its values");
  }
  const auto wanted = static_cast<std::size_t>(budget);
  with_context(method.where, [&] {
    if (plan.algorithm.name == "grid") {
      method.trials = space.grid();
      return;
    }
    const std::optional<std::uint64_t> size = space.size();
    const std::size_t trials =
        plan.unequal_budgets && size && *size < wanted ? static_cast<std::size_t>(*size) : wanted;
    method.trials = space.draw(trials, derive_seed(seed, "search/" + method.name()));
  });
}

void check_budgets(const Config& config, const SearchPlan& plan, std::int64_t budget) {
  if (plan.unequal_budgets) return;
  const auto trials = [](const SearchMethod& method) { return std::to_string(method.trials.size()); };
  const SearchMethod& first = plan.methods.front();
  for (const SearchMethod& method : plan.methods) {
    if (method.trials.size() != first.trials.size()) {
      throw ConfigError(method.where + ": \"" + method.name() + "\" has " + trials(method) + " trials, \"" +
                        first.name() + "\" " + trials(first) +
                        "; give them equally many, or set \"unequal_budgets\": true");
    }
  }
  if (budget > 0 && first.trials.size() != static_cast<std::size_t>(budget)) {
    config.fail("budget", "is " + std::to_string(budget) + ", but the grid has " + trials(first) +
                              " trials; leave it out, or make them equal");
  }
}

}  // namespace

void AlgorithmSettings::fields(FieldVisitor& f) {
  f.field("eta", eta, "one in eta of a rung goes on; a rung has eta times the epochs of the one before",
          between(2, 1000));
  f.field("smallest_budget", smallest_budget, "epochs of the first rung", at_least(1));
  f.field("median_stop", median_stop, "in place of one in eta, all that are not below the rung's median go on");
  if (name == "successive_halving") {
    f.field("asynchronous", asynchronous, "go on as soon as a trial is among the best of those that are there (ASHA)");
  }
}

SearchPlan SearchPlan::read(const std::filesystem::path& file, const std::shared_ptr<Problems>& problems) {
  const Config config = Config::from_file(file, {}, problems);
  SearchPlan plan;
  plan.where = config.where();
  bool whole = config.part([&] {
    plan.experiment = config.path("experiment");
    if (!std::filesystem::exists(plan.experiment)) config.fail("experiment", "no file " + plan.experiment.string());
  });
  config.part([&] {
    plan.seeds = read_seeds(config, "seeds");
    if (plan.seeds.empty()) config.fail("seeds", "names no seed");
    refuse_repeated_seeds(plan.seeds, config.where("seeds"));
  });
  whole = config.part([&] { read_algorithm(config, plan); }) && whole;
  plan.unequal_budgets = config.boolean("unequal_budgets", false);
  plan.keep_checkpoints = config.boolean("keep_checkpoints", false);
  const auto seed = static_cast<std::uint64_t>(config.integer("seed", 0, at_least(0)));
  const Range budgets = between(1, 1e6);
  const bool grid = plan.algorithm.name == "grid";
  std::int64_t budget = 0;
  if (config.has("budget") || !grid) {
    whole = config.part([&] { budget = config.integer("budget", budgets); }) && whole;
  }
  config.has("space");

  std::vector<std::string> names;
  const bool methods_read = config.part([&] {
    const std::vector<Config> entries = config.list("methods");
    for (const Config& entry : entries) {
      const bool read = entry.part([&] {
        SearchMethod method = read_searched_method(entry);
        if (std::find(names.begin(), names.end(), method.name()) != names.end()) {
          entry.fail("\"" + method.name() + "\" is given twice; give one of them another \"name\"");
        }
        names.push_back(method.name());
        if (entry.is_object()) entry.has("space"), entry.has("baseline");
        if (whole) draw_trials(config, entry, plan, method, budget, seed);
        if (entry.is_object()) entry.reject_unknown();
        plan.methods.push_back(std::move(method));
      });
      whole = whole && read;
    }
    if (names.empty() && whole) config.fail("methods", "names no method");
    for (std::size_t m = 0; whole && m < entries.size(); ++m) {
      plan.methods[m].planned.compared.baseline = baseline_of(entries[m], names.front(), names);
    }
  });
  config.reject_unknown();
  if (whole && methods_read) config.part([&] { check_budgets(config, plan, budget); });
  return plan;
}

std::size_t SearchPlan::seeds_at(std::size_t rung) const {
  return seeds_per_rung[std::min(rung, seeds_per_rung.size() - 1)];
}

HalvingRules SearchPlan::rules(std::size_t method, std::int64_t epochs) const {
  HalvingRules rules{.trials = methods[method].trials.size(), .epochs = {epochs}};
  if (!algorithm.halves()) return rules;
  rules.epochs = rung_epochs(std::min(algorithm.smallest_budget, epochs), epochs, algorithm.eta);
  rules.eta = algorithm.eta;
  rules.asynchronous = algorithm.asynchronous;
  rules.median_stop = algorithm.median_stop;
  return rules;
}

Json SearchPlan::to_json() const {
  Json json = {{"format", 1},
               {"algorithm", {{"name", algorithm.name}}},
               {"seeds", seeds},
               {"seeds_per_rung", seeds_per_rung},
               {"methods", Json::object()}};
  if (algorithm.halves()) {
    json["algorithm"]["eta"] = algorithm.eta;
    json["algorithm"]["smallest_budget"] = algorithm.smallest_budget;
    json["algorithm"]["median_stop"] = algorithm.median_stop;
    json["algorithm"]["asynchronous"] = algorithm.asynchronous;
  }
  for (const SearchMethod& method : methods) {
    Json& trials = json["methods"][method.name()] = Json::array();
    for (const TrialSettings& trial : method.trials) trials.push_back(infomtl::to_json(trial));
  }
  return json;
}

Config SearchPlan::config(const SearchMethod& method, const TrialSettings& trial,
                          const std::vector<std::string>& overrides, const std::shared_ptr<Problems>& problems) const {
  std::vector<WrittenOverride> written = method.planned.overrides;
  for (const Setting& setting : trial) {
    written.push_back({setting.field + "=" + setting.value, method.places.at(setting.field)});
  }
  for (const std::string& assignment : overrides) written.push_back({.assignment = assignment, .where = ""});
  return overridden_or_refused(merged_config(experiment, method.planned.file, problems), written);
}

Json to_json(const TrialSettings& settings) {
  Json json = Json::object();
  for (const Setting& setting : settings) json[setting.field] = Json::parse(setting.value);
  return json;
}

std::string settings_text(const TrialSettings& settings) { return joined(overrides_of(settings), " "); }

}  // namespace infomtl
