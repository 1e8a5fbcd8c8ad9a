#include "study/comparison_plan.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/data/dataset.h"
#include "infomtl/runs/seeds.h"

namespace infomtl {
namespace {

constexpr std::size_t kLongestFolder = 120;
constexpr const char* kSeedsAreShared =
    "is not a setting: every method is trained under each of the \"seeds\" of the comparison or search; leave it out";

/// What the folder of a comparison or a search holds beside those of its methods.
constexpr std::array<const char*, 10> kFiles = {"comparison.json",  "search.json",    "plan.json", "table.txt",
                                                "table.md",         "table.tex",      "table.csv", "report.html",
                                                "relatedness.json", "relatedness.svg"};

/// "data.train_fraction=0.2" of a field and its value: JSON, or a string without its quotes.
std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
std::string assignment(const std::string& field, const Json& value) { return field + "=" + value.dump(); }

/// As a part of a folder's name: what may mean something to a shell or a file system becomes "_".
std::string folder_text(const std::string& text) {
  std::string name = text;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::string("._-+=").find(c) == std::string::npos) c = '_';
  }
  return name;
}

/// The value of a field with the files that it names as absolute paths: they lie beside the comparison's config, while those
/// of an override would be looked for in the working folder.
Json with_own_files(const std::string& field, const Config& value) {
  std::vector<std::string> paths = {"encoder.path"};
  for (const std::string& path : data_path_fields(Config::from_json(Json{{"root", ""}})))
    paths.push_back("data." + path);
  std::vector<std::string> ways;
  for (const std::string& path : paths) {
    const bool below = path.size() == field.size() ||
                       (path.size() > field.size() && std::string(".[").find(path[field.size()]) != std::string::npos);
    if (path.starts_with(field) && below) ways.push_back(path.substr(field.size()));
  }
  return value.effective(ways);
}

/// A value of an axis, and what tables and folders call it.
struct AxisValue {
  Json shown;
  Config value;
};

/// A list of values, or an object of them by name.
std::vector<AxisValue> values_of_axis(const Config& axes, const std::string& field) {
  std::vector<AxisValue> found;
  if (const Config value = axes.value(field); value.is_object()) {
    for (const auto& [name, ignored] : value.json().items()) found.push_back({name, value.value(name)});
  } else {
    for (const Config& each : axes.list(field)) found.push_back({each.json(), each});
  }
  if (found.empty()) axes.fail(field, "has no value");
  return found;
}

/// The key of a method that says its own name.
std::string checked_key(const Config& entry) {
  std::string key = entry.text("name");
  if (key.empty() || key.front() == '.' || folder_text(key) != key || key.size() > kLongestFolder) {
    entry.fail("name", "found \"" + key +
                           "\"; must be a folder's name of letters, digits and . _ - + =, not beginning " +
                           "with a dot");
  }
  return key;
}

/// @throws ConfigError for the key of a method whose folder could not be one
void refuse_key(const Config& place, const std::string& key) {
  if (key.empty() || key.front() == '.') {
    place.fail("\"" + key + "\" begins with a dot, so it names no method's folder; give another \"name\"");
  }
  if (std::find(kFiles.begin(), kFiles.end(), key) == kFiles.end()) return;
  place.fail("\"" + key + "\" is a file that lies beside the methods' folders; give another \"name\"");
}

std::vector<std::string> keys_of(const std::vector<PlannedMethod>& methods) {
  std::vector<std::string> keys;
  for (const PlannedMethod& method : methods) keys.push_back(method.compared.key);
  return keys;
}

void read_methods(const Config& config, ComparisonPlan& plan) {
  const std::vector<Config> entries = config.list("methods");
  config.has("baseline");
  bool whole = true;
  for (const Config& entry : entries) {
    const bool read = entry.part([&] {
      PlannedMethod method = read_method(entry);
      const std::vector<std::string> known = keys_of(plan.methods);
      if (std::find(known.begin(), known.end(), method.compared.key) != known.end()) {
        entry.fail("\"" + method.compared.key +
                   "\" is given twice; a method's folder is named after its file, or after its \"name\"");
      }
      plan.methods.push_back(std::move(method));
    });
    whole = whole && read;
  }
  if (!whole) return;  // which of them are baselines can't be told
  if (plan.methods.empty()) config.fail("methods", "names no method");
  const std::vector<std::string> keys = keys_of(plan.methods);
  const std::string baseline = config.choice("baseline", keys.front(), keys);
  plan.baseline = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), baseline) - keys.begin());
  for (std::size_t m = 0; m < entries.size(); ++m) {
    plan.methods[m].compared.baseline = baseline_of(entries[m], baseline, keys);
    if (entries[m].is_object()) entries[m].reject_unknown();
  }
}

void read_axes(const Config& config, const std::vector<std::string>& overrides, ComparisonPlan& plan) {
  plan.places = {PlannedPlace{}};
  const Config axes = config.object_or_empty("axes");
  for (const auto& [field, ignored] : axes.json().items()) {
    if (field == "seed") axes.fail(field, kSeedsAreShared);
    const std::vector<AxisValue> values = values_of_axis(axes, field);
    const auto sets = [&, start = field + "="](const std::string& text) { return text.starts_with(start); };
    if (std::any_of(overrides.begin(), overrides.end(), sets)) {
      throw UserError("--set " + field + ": is an axis of " + plan.where + "; change its values there");
    }
    for (const PlannedMethod& method : plan.methods) {
      if (std::none_of(method.overrides.begin(), method.overrides.end(),
                       [&](const WrittenOverride& one) { return sets(one.assignment); })) {
        continue;
      }
      axes.fail(field, "is set by the method \"" + method.compared.key + "\", too; leave one of them out");
    }
    std::vector<PlannedPlace> longer;
    for (const PlannedPlace& place : plan.places) {
      for (const auto& [shown, value] : values) {
        PlannedPlace next = place;
        next.axes.emplace_back(field, shown);
        next.overrides.push_back({assignment(field, with_own_files(field, value)), value.where()});
        next.folder = (place.folder == "." ? "" : place.folder + ",") + folder_text(field + "=" + value_text(shown));
        if (next.folder.size() > kLongestFolder) value.fail("makes too long a name of a folder: " + next.folder);
        const bool there = std::any_of(longer.begin(), longer.end(),
                                       [&](const PlannedPlace& other) { return other.folder == next.folder; });
        if (there) value.fail("its folder, " + next.folder + ", is that of another value");
        longer.push_back(std::move(next));
      }
    }
    plan.places = std::move(longer);
  }
}

/// @param where  they were given @param refused  seeds that chose the settings
void check_seeds(const Config& config, const std::vector<std::uint64_t>& seeds, const std::string& where,
                 const std::vector<std::uint64_t>& refused) {
  refuse_repeated_seeds(seeds, where);
  if (seeds.empty()) config.fail("seeds", "names no seed; give some here or with --seeds 0,1,2");
  for (const std::uint64_t seed : refused) {
    if (std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) continue;
    config.fail("refused_seeds", "seed " + std::to_string(seed) +
                                     " chose the settings that are compared, which favours them; take fresh seeds, " +
                                     "in \"seeds\" or with --seeds");
  }
}

}  // namespace

PlannedMethod read_method(const Config& entry) {
  PlannedMethod method;
  const bool object = entry.is_object();
  const Config file = object ? entry.value("file") : entry;
  method.file = file.as_path();
  if (!std::filesystem::exists(method.file)) file.fail("no file " + method.file.string());
  const std::string stem = method.file.stem().string();
  const Config inside = Config::from_file(method.file);
  if (inside.has("seed")) inside.fail("seed", kSeedsAreShared);
  if (object && entry.has("name")) {
    method.compared.key = method.compared.name = checked_key(entry);
    refuse_key(entry.value("name"), method.compared.key);
  } else {
    refuse_key(file, stem);
    method.compared.key = stem;
    method.compared.name = inside.text("name", stem);
  }
  if (!object) return method;
  const Config set = entry.object_or_empty("set");
  for (const auto& [field, value] : set.json().items()) {
    if (field == "seed") set.fail(field, kSeedsAreShared);
    method.overrides.push_back({assignment(field, value), set.where(field)});
  }
  return method;
}

std::string baseline_of(const Config& entry, const std::string& fallback, const std::vector<std::string>& keys) {
  return entry.is_object() ? entry.choice("baseline", fallback, keys) : fallback;
}

Config merged_config(const std::filesystem::path& experiment, const std::filesystem::path& method,
                     const std::shared_ptr<Problems>& problems) {
  const Json both = {
      {"extends", {std::filesystem::absolute(experiment).string(), std::filesystem::absolute(method).string()}}};
  const Config merged = Config::from_text(both.dump(), method.filename().string(), {}, {}, problems);
  if (merged.has("seed")) merged.fail("seed", kSeedsAreShared);
  return merged;
}

Config overridden_or_refused(const Config& config, const std::vector<WrittenOverride>& overrides) {
  const std::shared_ptr<Problems>& problems = config.problems();
  const std::size_t before = problems == nullptr ? 0 : problems->added();
  Config changed = config.overridden_as_written(overrides);
  if (problems != nullptr && problems->added() > before) throw ConfigError(problems->all().back());
  return changed;
}

void refuse_seed_override(const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    if (assignment.starts_with("seed=")) throw UserError("--set " + assignment + ": seed " + kSeedsAreShared);
  }
}

ComparisonPlan ComparisonPlan::read(const std::filesystem::path& file, const std::vector<std::uint64_t>& seeds,
                                    const std::vector<std::string>& overrides,
                                    const std::shared_ptr<Problems>& problems) {
  const Config config = Config::from_file(file, {}, problems);
  config.part([&] { refuse_seed_override(overrides); });
  ComparisonPlan plan;
  plan.where = config.where();
  plan.name = file.stem().string();
  config.part([&] {
    if (config.has("name")) plan.name = checked_key(config);
  });
  config.part([&] { plan.experiment = config.path("experiment"); });
  config.part([&] { read_methods(config, plan); });
  plan.split = config.choice("split", "validation", {"validation", "test"});
  plan.unequal_budgets = config.boolean("unequal_budgets", false);
  config.part([&] { read_axes(config, overrides, plan); });
  std::vector<std::uint64_t> refused;
  const bool known_seeds = config.part([&] { plan.seeds = read_seeds(config, "seeds"); });
  config.part([&] { refused = read_seeds(config, "refused_seeds"); });
  config.reject_unknown();
  if (!seeds.empty()) plan.seeds = seeds;
  const std::string given_at = seeds.empty() ? config.where("seeds") : "--seeds";
  if (known_seeds) config.part([&] { check_seeds(config, plan.seeds, given_at, refused); });
  return plan;
}

Cell ComparisonPlan::cell(std::size_t place, std::size_t method, std::uint64_t seed,
                          const std::filesystem::path& parent, const std::vector<std::string>& overrides,
                          const std::shared_ptr<Problems>& problems) const {
  const PlannedMethod& what = methods[method];
  std::vector<WrittenOverride> written = what.overrides;
  written.insert(written.end(), places[place].overrides.begin(), places[place].overrides.end());
  for (const std::string& assignment : overrides) written.push_back({.assignment = assignment, .where = ""});
  const Config whole = overridden_or_refused(merged_config(experiment, what.file, problems), written);
  const std::filesystem::path folder =
      (places[place].folder == "." ? parent : parent / places[place].folder) / what.compared.key;
  return {.key = (places[place].folder == "." ? "" : places[place].folder + ", ") + what.compared.key + ", seed " +
                 std::to_string(seed),
          .folder = folder / ("seed-" + std::to_string(seed)),
          .config = whole,
          .seed = seed};
}

}  // namespace infomtl
