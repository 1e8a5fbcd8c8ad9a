#include "infomtl/analysis/relatedness.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "analysis/related_runs.h"
#include "analysis/run_measures.h"
#include "infomtl/analysis/covariance.h"
#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/runs/run_paths.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl {
namespace {

struct RelatednessInputs {
  std::vector<RelatedRun> runs;
  std::vector<std::filesystem::path> configs;
  std::vector<std::string> left_out;
};

RelatednessInputs read_inputs(const std::vector<std::filesystem::path>& paths) {
  RelatednessInputs inputs;
  std::set<std::filesystem::path> seen;
  for (const std::filesystem::path& path : paths) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) {
      inputs.configs.push_back(path);
      continue;
    }
    for (RelatedRun& run : runs_below(path, inputs.left_out)) {
      if (seen.insert(std::filesystem::weakly_canonical(run.folder)).second) inputs.runs.push_back(std::move(run));
    }
  }
  if (inputs.runs.empty() && inputs.configs.empty()) {
    throw UserError(
        (paths.empty() ? std::string("no folder given") : paths.front().string()) +
        ": holds no finished run (looked for config.json and results.json); name runs, folders of runs or a "
        "config");
  }
  if (inputs.configs.size() > 1)
    throw UserError(inputs.configs[1].string() + ": one config can be looked at, not several");
  return inputs;
}

/// The tasks of all inputs, those of the run (or the config) with the most first.
std::vector<std::string> tasks_of_inputs(const RelatednessInputs& inputs, const std::vector<std::string>& of_config) {
  std::vector<std::vector<std::string>> lists = {of_config};
  for (const RelatedRun& run : inputs.runs) lists.push_back(run.tasks());
  std::stable_sort(lists.begin(), lists.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::vector<std::string> tasks;
  for (const auto& list : lists) {
    for (const std::string& task : list) {
      if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
    }
  }
  return tasks;
}

/// Where a model's tasks stand among all tasks. Empty where it does not have them all.
std::vector<std::size_t> places_of_tasks(const std::vector<Task>& own, const std::vector<std::string>& tasks) {
  std::vector<std::size_t> places;
  for (const Task& task : own) {
    const auto found = std::find(tasks.begin(), tasks.end(), task.name);
    if (found == tasks.end()) return {};
    places.push_back(static_cast<std::size_t>(found - tasks.begin()));
  }
  return places.size() == tasks.size() ? places : std::vector<std::size_t>{};
}

/// A number of each pair of tasks over runs and draws.
class PairSamples {
 public:
  explicit PairSamples(std::size_t tasks) : values_(tasks, std::vector<std::vector<double>>(tasks)) {}
  /// @param matrix [T, T] float64, its rows and columns at `places`
  void add(const torch::Tensor& matrix, const std::vector<std::size_t>& places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      for (std::size_t j = 0; j < places.size(); ++j) {
        values_[places[i]][places[j]].push_back(
            matrix[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)].item<double>());
      }
    }
  }
  /// Means, and with `with_intervals` how sure they are.
  void write_to(RelatednessMeasure& measure, bool with_intervals) const {
    if (with_intervals) measure.half_width_95 = measure.values;
    for (std::size_t s = 0; s < values_.size(); ++s) {
      for (std::size_t t = 0; t < values_.size(); ++t) {
        const Spread spread = spread_of(values_[s][t]);
        measure.values[s][t] = spread.mean;
        if (with_intervals) measure.half_width_95[s][t] = spread.half_width_95;
      }
    }
  }

 private:
  std::vector<std::vector<std::vector<double>>> values_;
};

/// Covariance similarity and gradient cosine of models, one after the other so that one is in memory at a time.
class ModelMeasures {
 public:
  /// @param when  "" for trained runs, else what the measures' names say: ", at the start"
  ModelMeasures(const std::vector<std::string>& tasks, const RelatednessSettings& settings, std::string when)
      : tasks_(tasks), settings_(settings), when_(std::move(when)), cosines_(tasks.size()) {}

  /// Adds all measures of a run, or, where one throws, none.
  /// @return false for a run whose tasks have an encoder each
  bool add(TrainedRun& run, const std::function<void(std::int64_t)>& drawing) {
    const std::vector<std::size_t> places = places_of_tasks(run.tasks(), tasks_);
    if (!run.shares_encoder() || places.empty()) return false;
    const std::vector<CovarianceTable> tables = covariance_tables(run.outputs(settings_.split));
    std::vector<torch::Tensor> cosines;
    if (settings_.draws > 0) {
      cosines = run.gradient_cosines({.draws = settings_.draws, .rows = settings_.rows}, drawing);
    }
    for (const CovarianceTable& table : tables) {
      if (table.tasks.size() != tasks_.size()) continue;  // a task without rows in the split
      std::vector<std::size_t> own;
      for (const std::string& task : table.tasks) {
        own.push_back(static_cast<std::size_t>(std::find(tasks_.begin(), tasks_.end(), task) - tasks_.begin()));
      }
      const std::string name = "covariance similarity" + (table.of == "pooled outputs" ? "" : ", " + table.of) +
                               (table.centred ? ", centred" : "");
      auto found = std::find_if(covariances_.begin(), covariances_.end(),
                                [&](const Covariance& entry) { return entry.name == name; });
      if (found == covariances_.end()) {
        found = covariances_.insert(covariances_.end(), {name, table.variant, PairSamples(tasks_.size())});
      }
      found->samples.add(table.scores, own);
    }
    for (const torch::Tensor& draw : cosines) cosines_.add(draw, places);
    return true;
  }

  void write_to(Relatedness& found, const std::string& source) const {
    for (const auto& [name, variant, samples] : covariances_) {
      RelatednessMeasure measure = empty_measure(
          name + when_,
          "how far the directions agree in which the tasks' representations vary (" + settings_.split + "); " + variant,
          tasks_.size(), false);
      samples.write_to(measure, false);
      measure.source = source;
      if (has_values(measure)) found.measures.push_back(std::move(measure));
    }
    if (covariances_.empty()) {
      found.left_out.push_back("covariance similarity" + when_ + ": some task has no rows on " + settings_.split);
    }
    if (settings_.draws == 0) {
      found.left_out.push_back("gradient cosine" + when_ + ": no draws were asked for");
      return;
    }
    RelatednessMeasure measure = empty_measure(
        "gradient cosine" + when_,
        "of losses on different batches; the diagonal, a task with itself, shows how much is noise of batches",
        tasks_.size(), false);
    cosines_.write_to(measure, true);
    measure.source = source + ", " + counted(static_cast<std::size_t>(settings_.draws), "draw") + " of " +
                     counted(static_cast<std::size_t>(settings_.rows), "row");
    if (has_values(measure)) {
      found.measures.push_back(std::move(measure));
    } else {
      found.left_out.push_back("gradient cosine" + when_ + ": no two tasks have rows and gradients enough");
    }
  }

 private:
  struct Covariance {
    std::string name, variant;
    PairSamples samples;
  };

  const std::vector<std::string>& tasks_;
  const RelatednessSettings& settings_;
  std::string when_;
  std::vector<Covariance> covariances_;
  PairSamples cosines_;
};

/// Ordered or unordered pairs of two measures, where both are known.
std::pair<std::vector<double>, std::vector<double>> pairs_in_both(const RelatednessMeasure& a,
                                                                  const RelatednessMeasure& b) {
  const bool ordered = a.directed && b.directed;
  std::pair<std::vector<double>, std::vector<double>> found;
  for (std::size_t s = 0; s < a.values.size(); ++s) {
    for (std::size_t t = 0; t < a.values.size(); ++t) {
      if (s == t || (!ordered && s > t)) continue;
      const auto value = [&](const RelatednessMeasure& measure) {
        return ordered ? measure.values[s][t] : (measure.values[s][t] + measure.values[t][s]) / 2;
      };
      if (!std::isfinite(value(a)) || !std::isfinite(value(b))) continue;
      found.first.push_back(value(a));
      found.second.push_back(value(b));
    }
  }
  return found;
}

}  // namespace

std::vector<MeasureCorrelation> correlations_of(const std::vector<RelatednessMeasure>& measures) {
  std::vector<MeasureCorrelation> found;
  for (std::size_t a = 0; a < measures.size(); ++a) {
    for (std::size_t b = a + 1; b < measures.size(); ++b) {
      const auto [first, second] = pairs_in_both(measures[a], measures[b]);
      if (first.size() < 3) continue;
      found.push_back({measures[a].name, measures[b].name, rank_correlation(first, second)});
    }
  }
  return found;
}

std::string Relatedness::loss_against(const Json& earlier) const {
  std::vector<std::string> names;
  try {
    const auto known = earlier.at("tasks").get<std::set<std::string>>();
    if (known != std::set<std::string>(tasks.begin(), tasks.end())) return "";
    for (const Json& measure : earlier.at("measures")) names.push_back(measure.at("name").get<std::string>());
  } catch (const Json::exception& error) {
    throw FormatError(reason_of(error));
  }
  for (const std::string& name : names) {
    const auto has_name = [&](const RelatednessMeasure& measure) { return measure.name == name; };
    if (std::any_of(measures.begin(), measures.end(), has_name)) continue;
    // "gradient cosine, at the start" and "influence (MTIF)" are left out by their first words.
    const std::string kind = name.substr(0, std::min(name.find(", "), name.find(" (")));
    const auto reason = std::find_if(left_out.begin(), left_out.end(),
                                     [&](const std::string& line) { return line.find(kind) != std::string::npos; });
    return "\"" + name + "\" (" + (reason != left_out.end() ? *reason : "nothing that was named here has it") + ")";
  }
  return "";
}

Relatedness relatedness(const std::vector<std::filesystem::path>& paths, const RelatednessSettings& settings,
                        const RelatednessProgress& progress) {
  const auto teller_of = [&](const std::string& model) {
    return [&progress, model](std::int64_t draw) {
      if (progress) progress(model, draw);
    };
  };
  RelatednessInputs inputs = read_inputs(paths);
  Relatedness found;
  found.left_out = std::move(inputs.left_out);

  std::optional<Config> config;
  std::optional<TrainedRun> start;
  std::vector<std::string> of_config;
  if (!inputs.configs.empty()) {
    config = Config::from_file(inputs.configs.front());
    if (!settings.data_folder.empty()) {
      const std::string folder = std::filesystem::absolute(settings.data_folder).string();
      config = config->overridden({"data.root=" + Json(folder).dump()});
    }
    start.emplace(TrainedRun::at_start(*config));
    for (const Task& task : start->tasks()) of_config.push_back(task.name);
  }
  found.tasks = tasks_of_inputs(inputs, of_config);
  if (found.tasks.size() < 2) {
    throw UserError("there is only the task \"" + found.tasks.front() + "\"; relatedness is of two or more");
  }

  const auto add = [&](RelatednessMeasure measure) {
    if (has_values(measure)) found.measures.push_back(std::move(measure));
  };
  // First, as what the others are to tell.
  RelatednessMeasure gain = transfer_gain(inputs.runs, found.tasks, settings.split, found.left_out);
  if (has_values(gain)) found.groups = suggest_task_groups(gain.values);
  add(std::move(gain));

  std::vector<std::string> others;
  const std::vector<const RelatedRun*> all = runs_of_all(inputs.runs, found.tasks, others);
  ModelMeasures trained(found.tasks, settings, "");
  std::vector<const RelatedRun*> looked_at;
  for (const RelatedRun* run : all) {
    const auto tell = teller_of(run->name);
    tell(0);
    try {
      TrainedRun loaded = TrainedRun::load(run->folder, settings.data_folder);
      if (trained.add(loaded, tell)) looked_at.push_back(run);
    } catch (const IoError& error) {  // a run without its checkpoints or data
      found.unread.push_back(run->name + " is not looked at: " + error.what());
      found.left_out.push_back("covariance similarity and gradient cosine: " + found.unread.back());
    }
  }
  if (!looked_at.empty()) {
    trained.write_to(found, names_of(looked_at));
  } else if (!start && found.unread.empty()) {
    found.left_out.emplace_back(
        "covariance similarity and gradient cosine: no finished run with a checkpoint has all the tasks and one "
        "encoder");
  }
  if (!others.empty()) {
    found.left_out.push_back("covariance similarity and gradient cosine: " + counted(others.size(), "run") +
                             " of other configs, " + others.front() +
                             (others.size() == 1 ? ", is not looked at" : " for one, are not looked at"));
  }
  if (start) {
    ModelMeasures at_start(found.tasks, settings, ", at the start");
    const std::string name = inputs.configs.front().string();
    const auto tell = teller_of(name);
    tell(0);
    if (at_start.add(*start, tell)) {
      at_start.write_to(found, name);
    } else {
      found.left_out.push_back(name + ": does not have all the tasks of the runs");
    }
  }

  add(influence_sums(inputs.runs, found.tasks, found.left_out));
  for (RelatednessMeasure& measure : learned_weights(inputs.runs, found.tasks, found.left_out)) add(std::move(measure));
  const auto add_labels = [&](const auto& read_config, std::uint64_t seed, const std::string& source) {
    try {
      add(label_dependence(read_config().object("data"), seed, found.tasks, source, found.left_out));
    } catch (const IoError& error) {  // data that are not there any more
      found.left_out.push_back("label dependence: " + std::string(error.what()));
      if (found.unread.empty()) found.unread.push_back("labels of " + source + " are not looked at: " + error.what());
    } catch (const UserError& error) {
      found.left_out.push_back("label dependence: " + std::string(error.what()));
    }
  };
  if (!all.empty()) {
    const std::filesystem::path file = all.front()->folder / "config.json";
    const auto read_config = [&] {
      const Config own = Config::from_file(file);
      if (settings.data_folder.empty()) return own;
      return Config::from_json(with_data_in(own.json(), settings.data_folder), file.string());
    };
    add_labels(read_config, all.front()->results.seed, all.front()->name);
  } else if (config) {
    const auto seed = static_cast<std::uint64_t>(config->integer("seed", 0, at_least(0)));
    add_labels([&] { return *config; }, seed, inputs.configs.front().string());
  } else {
    found.left_out.emplace_back("label dependence: no run of all the tasks says where their texts are");
  }
  found.correlations = correlations_of(found.measures);
  return found;
}

}  // namespace infomtl
