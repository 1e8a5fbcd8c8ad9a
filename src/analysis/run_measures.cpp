#include "analysis/run_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json_file.h"
#include "infomtl/data/dataset.h"
#include "infomtl/metrics/clustering.h"
#include "infomtl/metrics/statistics.h"

namespace infomtl {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using SeedScore = std::map<std::uint64_t, double>;
using TaskScores = std::map<std::string, SeedScore>;             // task -> seed -> score
using PairScores = std::map<std::set<std::string>, TaskScores>;  // both tasks -> task -> seed -> score

/// What runs of one task and of two scored, by method, larger is better.
struct ScoredRuns {
  std::vector<std::string> methods;  // in the order of their first runs
  std::map<std::string, TaskScores> alone;
  std::map<std::string, PairScores> pairs;
};

ScoredRuns scored_runs(const std::vector<RelatedRun>& runs, const std::string& split) {
  ScoredRuns found;
  for (const RelatedRun& run : runs) {
    const std::vector<std::string> tasks = run.tasks();
    const bool alone = run.single || tasks.size() == 1;
    if (!alone && tasks.size() != 2) continue;
    if (std::find(found.methods.begin(), found.methods.end(), run.method) == found.methods.end()) {
      found.methods.push_back(run.method);
    }
    for (const auto& [task, result] : run.results.tasks) {
      const auto score = result.score.find(split);
      if (score == result.score.end() || !std::isfinite(score->second)) continue;
      TaskScores& scores = alone ? found.alone[run.method] : found.pairs[run.method][{tasks.begin(), tasks.end()}];
      scores[task].emplace(run.results.seed, result.higher_is_better ? score->second : -score->second);
    }
  }
  return found;
}

/// The differences of the seeds that are in both.
std::vector<double> paired_gains(const SeedScore& together, const SeedScore& alone) {
  std::vector<double> gains;
  for (const auto& [seed, score] : together) {
    if (const auto other = alone.find(seed); other != alone.end()) gains.push_back(score - other->second);
  }
  return gains;
}

/// "a, b" of at most a few.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  const std::string text =
      joined({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMost))});
  return names.size() > kMost ? text + " and " + std::to_string(names.size() - kMost) + " more" : text;
}

/// task -> task -> number as [column][row]: what the row takes of the column. NaN where it is not there.
void add_taken(const Json& rows, const std::vector<std::string>& tasks, TaskPairs& sums) {
  for (std::size_t s = 0; s < tasks.size(); ++s) {
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const Json of_target = rows.is_object() ? rows.value(tasks[t], Json::object()) : Json::object();
      const Json value = of_target.is_object() ? of_target.value(tasks[s], Json()) : Json();
      sums[s][t] += value.is_number() ? value.get<double>() : kUnknown;
    }
  }
}

bool is_symmetric(const TaskPairs& values) {
  for (std::size_t s = 0; s < values.size(); ++s) {
    for (std::size_t t = 0; t < s; ++t) {
      if (std::abs(values[s][t] - values[t][s]) > 1e-9) return false;
    }
  }
  return true;
}

/// Means of matrices by what they are of: the runs of one method that hold it, all tasks.
class LearnedSums {
 public:
  LearnedSums(std::string name, std::string meaning) : name_(std::move(name)), meaning_(std::move(meaning)) {}

  void add(const RelatedRun& run, const Json& rows, const std::vector<std::string>& tasks) {
    if (runs_.empty()) sums_.assign(tasks.size(), std::vector<double>(tasks.size(), 0.0));
    add_taken(rows, tasks, sums_);
    runs_.push_back(&run);
  }
  RelatednessMeasure measure() const {
    RelatednessMeasure found = empty_measure(name_, meaning_, sums_.size(), true);
    found.source = names_of(runs_);
    for (std::size_t s = 0; s < sums_.size(); ++s) {
      for (std::size_t t = 0; t < sums_.size(); ++t) {
        if (s != t) found.values[s][t] = sums_[s][t] / static_cast<double>(runs_.size());
      }
    }
    found.directed = !is_symmetric(found.values);
    return found;
  }

 private:
  std::string name_, meaning_;
  TaskPairs sums_;
  std::vector<const RelatedRun*> runs_;
};

bool has_all_tasks(const RelatedRun& run, const std::vector<std::string>& tasks) {
  const std::vector<std::string> own = run.tasks();
  return !run.single &&
         std::set<std::string>(own.begin(), own.end()) == std::set<std::string>(tasks.begin(), tasks.end());
}

/// A JSON string without its quotes.
std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// "shared adapter:32, ridge 0.01, backend cg" of an influence.json; what it does not say is left away.
std::string influence_setup(const Json& json) {
  std::vector<std::string> texts;
  const auto add = [&](const std::string& name, const Json& value) {
    if (!value.is_null()) texts.push_back(name + " " + text_of(value));
  };
  const Json settings = json.value("settings", Json::object());
  add("shared", settings.value("shared", Json()));
  add("ridge", settings.value("ridge", Json()));
  add("backend", json.value("backend", Json::object()).value("name", Json()));
  return joined(texts);
}

}  // namespace

RelatednessMeasure empty_measure(std::string name, std::string meaning, std::size_t tasks, bool directed) {
  RelatednessMeasure measure;
  measure.name = std::move(name);
  measure.meaning = std::move(meaning);
  measure.directed = directed;
  measure.values.assign(tasks, std::vector<double>(tasks, kUnknown));
  return measure;
}

bool has_values(const RelatednessMeasure& measure) {
  for (std::size_t s = 0; s < measure.values.size(); ++s) {
    for (std::size_t t = 0; t < measure.values.size(); ++t) {
      if (s != t && !std::isnan(measure.values[s][t])) return true;
    }
  }
  return false;
}

RelatednessMeasure transfer_gain(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                 const std::string& split, std::vector<std::string>& left_out) {
  RelatednessMeasure gain = empty_measure(
      "transfer gain", "score of the column's task in runs with the row's task, minus its score alone (" + split + ")",
      tasks.size(), true);
  gain.half_width_95 = gain.values;
  const ScoredRuns scored = scored_runs(runs, split);
  std::string method;
  std::size_t most = 0;
  for (const std::string& candidate : scored.methods) {
    const auto pairs = scored.pairs.find(candidate);
    if (pairs == scored.pairs.end() || pairs->second.size() <= most) continue;
    most = pairs->second.size();
    method = candidate;
  }
  if (most == 0) {
    left_out.emplace_back("transfer gain: no pairwise runs with scores on " + split + " among the folders");
    return gain;
  }
  if (scored.pairs.size() > 1) {
    left_out.push_back("transfer gain: pairwise runs of " + std::to_string(scored.pairs.size()) +
                       " methods; those of the one with the most pairs are read");
  }
  std::vector<std::string> no_pair, no_alone, no_seed, elsewhere;
  std::size_t seeds = 0;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const SeedScore* alone = nullptr;
    const auto look = [&](const std::string& candidate) {
      const auto of_method = scored.alone.find(candidate);
      if (alone != nullptr || of_method == scored.alone.end()) return;
      const auto of_task = of_method->second.find(tasks[t]);
      if (of_task != of_method->second.end()) alone = &of_task->second;
    };
    look(method);
    const bool own = alone != nullptr;
    for (const std::string& candidate : scored.methods) look(candidate);
    if (alone == nullptr) {
      no_alone.push_back(tasks[t]);
      continue;
    }
    if (!own) elsewhere.push_back(tasks[t]);
    for (std::size_t s = 0; s < tasks.size(); ++s) {
      if (s == t) continue;
      const PairScores& pairs = scored.pairs.at(method);
      const auto pair = pairs.find({tasks[s], tasks[t]});
      if (pair == pairs.end() || !pair->second.contains(tasks[t])) {
        if (s < t) no_pair.push_back(tasks[s] + " + " + tasks[t]);
        continue;
      }
      const std::vector<double> gains = paired_gains(pair->second.at(tasks[t]), *alone);
      if (gains.empty()) {
        no_seed.push_back(tasks[t] + " with " + tasks[s]);
        continue;
      }
      const Spread spread = spread_of(gains);
      gain.values[s][t] = spread.mean;
      gain.half_width_95[s][t] = spread.half_width_95;
      seeds = std::max(seeds, gains.size());
    }
  }
  gain.source = std::to_string(most) + " pairs, " + std::to_string(seeds) + (seeds == 1 ? " seed" : " seeds");
  const auto note = [&](const std::vector<std::string>& names, const std::string& what) {
    if (!names.empty()) left_out.push_back("transfer gain: " + what + ": " + listed(names));
  };
  note(no_pair, "no runs of the pairs");
  note(no_alone, "no runs of the tasks alone");
  note(no_seed, "no seed in both the pair's runs and the task's alone");
  note(elsewhere, "of another method than the pairs' are the runs of the tasks alone");
  return gain;
}

std::vector<RelatednessMeasure> learned_weights(const std::vector<RelatedRun>& runs,
                                                const std::vector<std::string>& tasks,
                                                std::vector<std::string>& left_out) {
  std::vector<std::pair<std::string, LearnedSums>> found;  // by method and what learned
  const auto add = [&](const RelatedRun& run, const std::string& name, const std::string& meaning, const Json& rows) {
    const std::string key = name + run.method;
    auto place = std::find_if(found.begin(), found.end(), [&](const auto& entry) { return entry.first == key; });
    if (place == found.end()) place = found.insert(found.end(), {key, LearnedSums(name, meaning)});
    place->second.add(run, rows, tasks);
  };
  for (const RelatedRun& run : runs) {
    if (!has_all_tasks(run, tasks)) continue;
    if (!run.results.task_similarity.empty()) {
      add(run, "learned similarity", "how alike the architecture learned two tasks to be", run.results.task_similarity);
    }
    for (const auto& [term, rows] : run.results.task_weights.items()) {
      add(run, "weights of " + term,
          "how much the column's task takes of the row's, as the loss \"" + term + "\" learned it", rows);
    }
  }
  std::vector<RelatednessMeasure> measures;
  std::map<std::string, int> times;
  for (const auto& [key, sums] : found) {
    RelatednessMeasure measure = sums.measure();
    if (const int time = ++times[measure.name]; time > 1) measure.name += " " + std::to_string(time);
    measures.push_back(std::move(measure));
  }
  if (measures.empty()) {
    left_out.emplace_back("learned weights: no run of all tasks has an architecture or a loss that learns any");
  }
  return measures;
}

RelatednessMeasure influence_sums(const std::vector<RelatedRun>& runs, const std::vector<std::string>& tasks,
                                  std::vector<std::string>& left_out) {
  RelatednessMeasure measure = empty_measure(
      "influence (MTIF)", "how much the rows of the row's task lower the column's validation loss, first order",
      tasks.size(), true);
  std::vector<const RelatedRun*> read;
  std::vector<std::string> setups;
  bool shares_nothing = false;
  TaskPairs sums(tasks.size(), std::vector<double>(tasks.size(), 0.0));
  for (const RelatedRun& run : runs) {
    const std::filesystem::path file = run.folder / "influence" / "influence.json";
    if (!has_all_tasks(run, tasks) || !std::filesystem::exists(file)) continue;
    const Json json = read_json(file);
    try {
      const std::string setup = influence_setup(json);
      if (!setup.empty() && std::find(setups.begin(), setups.end(), setup) == setups.end()) setups.push_back(setup);
      const Json settings = json.value("settings", Json::object());
      shares_nothing |= settings.value("shared", Json()) == "none" && settings.value("sharing", Json()) != "soft";
      const Json& table = json.at("task_to_task");
      const auto names = table.at("tasks").get<std::vector<std::string>>();
      const Json& matrix = table.at("matrix");
      std::vector<std::optional<std::size_t>> places;
      std::vector<std::string> unknown;  // left out by --tasks
      for (const std::string& task : tasks) {
        const auto found = std::find(names.begin(), names.end(), task);
        places.push_back(found == names.end() ? std::nullopt : std::optional<std::size_t>(found - names.begin()));
        if (!places.back()) unknown.push_back(task);
      }
      if (!unknown.empty()) left_out.push_back("influence: " + file.string() + " has nothing of " + joined(unknown));
      for (std::size_t s = 0; s < tasks.size(); ++s) {
        for (std::size_t t = 0; t < tasks.size(); ++t) {
          const Json value = places[s] && places[t] ? matrix.at(*places[s]).at(*places[t]) : Json();
          sums[s][t] -= value.is_null() ? kUnknown : value.get<double>();  // positive there: harmful
        }
      }
    } catch (const Json::exception& error) {
      throw FormatError(file.string() + ": task_to_task: " + reason_of(error));
    }
    read.push_back(&run);
  }
  if (read.empty()) {
    left_out.emplace_back(
        "influence: no run of all tasks has influence/influence.json; `infomtl influence RUN` writes it");
    return measure;
  }
  measure.source = names_of(read);
  for (const std::string& setup : setups) measure.source += "; " + setup;
  if (shares_nothing) measure.source += "; with nothing shared, tasks cannot influence each other";
  for (std::size_t s = 0; s < tasks.size(); ++s) {
    for (std::size_t t = 0; t < tasks.size(); ++t) measure.values[s][t] = sums[s][t] / static_cast<double>(read.size());
  }
  return measure;
}

RelatednessMeasure label_dependence(const Config& data, std::uint64_t seed, const std::vector<std::string>& tasks,
                                    const std::string& source, std::vector<std::string>& left_out) {
  RelatednessMeasure measure = empty_measure(
      "label dependence", "normalised mutual information of the labels on common training texts", tasks.size(), false);
  measure.source = source;
  const Dataset dataset = load_dataset(data, seed);
  std::vector<std::map<std::int32_t, std::int64_t>> labels(tasks.size());  // text -> class
  for (std::size_t t = 0; t < dataset.tasks.size(); ++t) {
    const auto place = std::find(tasks.begin(), tasks.end(), dataset.tasks[t].name);
    if (place == tasks.end() || dataset.tasks[t].kind != TaskKind::classification) continue;
    const TaskRows& rows = dataset.split(Split::train).tasks[t];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      labels[static_cast<std::size_t>(place - tasks.begin())][rows.sequences[i]] = rows.classes[i];
    }
  }
  for (std::size_t s = 0; s < tasks.size(); ++s) {
    for (std::size_t t = 0; t < s; ++t) {
      std::vector<std::int64_t> one, other;
      for (const auto& [text, label] : labels[s]) {
        const auto found = labels[t].find(text);
        if (found == labels[t].end()) continue;
        one.push_back(label);
        other.push_back(found->second);
      }
      if (!one.empty()) measure.values[s][t] = measure.values[t][s] = normalized_mutual_information(one, other);
    }
  }
  if (!has_values(measure))
    left_out.emplace_back("label dependence: no two tasks of single classes label the same texts");
  return measure;
}

}  // namespace infomtl
