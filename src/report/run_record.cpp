#include "report/run_record.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"

namespace infomtl::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// One line of the log: an object of numbers, nulls and marks. Read as it goes by, since logs are long.
class LineReader : public nlohmann::json_sax<Json> {
 public:
  std::vector<std::pair<std::string, double>> numbers;
  bool of_epoch = false;  ///< holds the mark "best"
  bool has_kind = false;  ///< names its kind; such records count epochs from 1, older ones from 0

  bool null() override { return take(kNan); }
  bool boolean(bool) override {
    of_epoch = of_epoch || (depth_ == 1 && key_ == "best");
    return true;
  }
  bool number_integer(number_integer_t value) override { return take(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return take(value); }
  bool string(string_t&) override {
    has_kind = has_kind || (depth_ == 1 && key_ == "kind");
    return depth_ > 0;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return ++depth_ > 0; }
  bool key(string_t& key) override {
    if (depth_ == 1) key_ = std::move(key);
    return true;
  }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(std::size_t) override { return depth_++ > 0; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  double number(const std::string& wanted) const {
    for (const auto& [key, value] : numbers) {
      if (key == wanted) return value;
    }
    return kNan;
  }

 private:
  bool take(double value) {
    if (depth_ == 1) numbers.emplace_back(key_, std::isfinite(value) ? value : kNan);
    return depth_ > 0;
  }

  std::string key_;
  int depth_ = 0;
};

bool is_shown(const std::string& key) {
  if (key == "step" || key == "epoch" || key == "passes" || key == "total_steps") return false;
  return !(key.starts_with("loss/") && (key.ends_with("/count") || key.ends_with("/weighted")));
}

bool is_count(double value) { return value >= 0 && value <= 9e15; }

/// False for a line that is no record of a log.
bool add_record(const std::string& line, RunRecord& run) {
  LineReader record;
  if (!Json::sax_parse(line, &record)) return false;
  const double step = record.number("step"), epoch = record.number("epoch"), total = record.number("total_steps");
  if (!is_count(step) || (record.of_epoch && !is_count(epoch))) return false;
  const double ended = record.has_kind ? epoch : epoch + 1;
  const double passes = record.number("passes");  // of an evaluation within an epoch
  const double at = !record.of_epoch ? step : std::isnan(passes) ? ended : passes;
  for (auto& [key, value] : record.numbers) {
    if (!is_shown(key)) continue;
    Series& series = run.series[key];
    series.at.push_back(at);
    series.values.push_back(value);
  }
  run.steps = std::max(run.steps, static_cast<std::int64_t>(step));
  if (is_count(total)) run.total_steps = static_cast<std::int64_t>(total);
  if (record.of_epoch && std::isnan(passes)) run.epochs = std::max(run.epochs, static_cast<std::int64_t>(ended));
  return true;
}

/// What the log of one task's own model tells about that task. Steps of several models are not one course, so what
/// belongs to no task (gradient norms, rates) is left out.
void add_single_task(const std::string& task, const RunRecord& own, RunRecord& run) {
  for (const auto& [key, series] : own.series) {
    const auto loss = loss_key(key);
    const bool of_task = (loss && loss->task == task) || key.ends_with("/" + task);
    if (of_task && !key.starts_with("weights/")) run.series[key] = series;
  }
  run.steps = std::max(run.steps, own.steps);
  run.total_steps = std::max(run.total_steps, own.total_steps);
  run.epochs = std::max(run.epochs, own.epochs);
  for (const std::string& note : own.notes) run.notes.push_back("task " + task + ": " + note);
}

std::optional<std::uint64_t> seed_of_name(const std::string& folder) {
  if (!folder.starts_with("seed-")) return std::nullopt;
  const std::string digits = folder.substr(5);
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoull(digits);
}

}  // namespace

std::optional<LossKey> loss_key(const std::string& key) {
  constexpr std::string_view kBegin = "loss/", kEnd = "/raw";
  if (!key.starts_with(kBegin) || !key.ends_with(kEnd)) return std::nullopt;
  if (key.size() <= kBegin.size() + kEnd.size()) return std::nullopt;
  const std::string middle = key.substr(kBegin.size(), key.size() - kBegin.size() - kEnd.size());
  const std::size_t slash = middle.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  return LossKey{middle.substr(0, slash), middle.substr(slash + 1)};
}

bool is_run_folder(const std::filesystem::path& folder) {
  std::error_code error;
  for (const char* name : {"results.json", "log.jsonl"}) {
    if (std::filesystem::is_regular_file(folder / name, error)) return true;
  }
  return std::filesystem::is_directory(folder / "single", error) &&
         std::filesystem::is_regular_file(folder / "config.json", error);
}

void read_log(const std::filesystem::path& file, RunRecord& run) {
  const std::string text = read_regular_file(file);
  std::int64_t line = 1;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return;
    if (!add_record(text.substr(begin, end - begin), run)) {
      run.notes.push_back(file.filename().string() + ", line " + std::to_string(line) +
                          ": not a record with a step; the log is read up to there");
      return;
    }
    begin = end + 1;
  }
}

RunRecord read_run(const std::filesystem::path& folder, std::string name) {
  RunRecord run;
  run.name = std::move(name);
  if (const auto file = folder / "results.json"; is_there(file)) {
    const Json json = read_json(file);
    run.results = with_context(file.string(), [&] { return Results::from_json(json); });
  }
  if (const auto file = folder / "config.json"; is_there(file)) {
    run.config = read_json(file);
    if (!run.config.is_object()) throw FormatError(file.string() + ": " + run.config.type_name() + ", not an object");
  }
  if (const auto file = folder / "log.jsonl"; is_there(file)) {
    read_log(file, run);
  } else if (std::filesystem::is_directory(folder / "single")) {
    run.single = true;
    std::vector<std::filesystem::path> tasks;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "single")) tasks.push_back(entry.path());
    std::sort(tasks.begin(), tasks.end());
    for (const auto& task : tasks) {
      if (!std::filesystem::exists(task / "log.jsonl")) continue;
      RunRecord own;
      read_log(task / "log.jsonl", own);
      add_single_task(task.filename().string(), own, run);
    }
  } else {
    run.notes.emplace_back("no log.jsonl");
  }
  run.seed = seed_of_name(folder.filename().string());
  if (!run.seed && run.results) run.seed = run.results->seed;
  if (const auto found = run.config.find("seed"); !run.seed && found != run.config.end()) {
    if (found->is_number_unsigned()) run.seed = found->get<std::uint64_t>();
  }
  return run;
}

}  // namespace infomtl::report
