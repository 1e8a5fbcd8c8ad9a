#include <algorithm>
#include <cmath>
#include <map>

#include "infomtl/core/counted.h"
#include "infomtl/core/svg.h"
#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"
#include "report/config_differences.h"
#include "report/html.h"
#include "report/learned_tables.h"
#include "report/matrix_table.h"
#include "report/part_curves.h"
#include "report/score_format.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr std::size_t kLongestValue = 120;

double number_in(const Json& object, const char* key) {
  if (!object.is_object()) return kMissing;
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : kMissing;
}

std::string state_of(const RunRecord& run) {
  if (run.results) return "finished";
  std::string text = "unfinished, step " + std::to_string(run.steps);
  if (run.total_steps > 0) text += " of " + std::to_string(run.total_steps);
  return text;
}

/// Every metric of every split, a row per task, metric and method.
std::string all_metrics(const ReportPart& part) {
  std::map<std::string, std::map<std::string, std::map<std::string, std::map<std::string, std::vector<double>>>>>
      values;
  std::vector<std::string> splits;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results) continue;
      for (const auto& [task, result] : run.results->tasks) {
        for (const auto& [split, metrics] : result.all) {
          if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
          for (const auto& [metric, value] : metrics) values[task][metric][method.name][split].push_back(value);
        }
      }
    }
  }
  std::vector<std::string> head = {"task", "metric", "method"};
  for (const std::string& split : splits) head.push_back(escaped(split));
  HtmlTable table("All metrics, mean over the finished runs, as they are (not in percent)", head);
  for (const auto& [task, metrics] : values) {
    for (const auto& [metric, methods] : metrics) {
      for (const auto& [method, of_splits] : methods) {
        std::vector<std::string> row = {html_name(task), html_name(metric), html_name(method)};
        for (const std::string& split : splits) {
          const auto found = of_splits.find(split);
          double sum = 0, count = 0;
          if (found != of_splits.end()) {
            for (const double value : found->second) {
              if (std::isfinite(value)) sum += value, count += 1;
            }
          }
          row.push_back(count > 0 ? fixed(sum / count, 4) : "-");
        }
        table.add(std::move(row));
      }
    }
  }
  if (table.empty()) return "";
  return "<details><summary>All metrics</summary>\n" + table.html(3) + "</details>\n";
}

}  // namespace

std::string similarity_section(const ReportPart& part, const SectionPlace& place) {
  std::string tables;
  for (const auto& found : {learned_tables(part), cosine_tables(part)}) {
    for (const TaskPairTable& table : found) {
      tables += matrix_table_html(table.caption, table.tasks, table.values, table.largest);
    }
  }
  if (tables.empty()) return "";
  return html_section(
      place.id + "similarity", "How the tasks relate", place.level,
      html_paragraph("How to read it: a cell is a pair of tasks; orange is above zero (alike, or gradients "
                     "that agree), blue below (gradients in conflict).") +
          "<div class='matrices'>" + tables + "</div>\n");
}

std::string settings_section(const ReportPart& part, const SectionPlace& place) {
  HtmlTable table(
      "Settings in which a method differs from the first or the baseline; seeds, names and descriptions left out",
      {"method", "setting", "its value", "reference"});
  for (const ConfigDifference& difference : config_differences(part)) {
    table.add({html_name(difference.method), "<code>" + html_name(difference.setting) + "</code>",
               "<code>" + html_name(shortened_to(printable(difference.value), kLongestValue)) + "</code>",
               "<code>" + html_name(shortened_to(printable(difference.reference), kLongestValue)) + "</code>"});
  }
  return html_section(place.id + "settings", "Differences of the configs", place.level, table.html(4));
}

std::string environment_section(const ReportPart& part, const SectionPlace& place) {
  std::vector<std::string> keys;
  std::map<std::string, std::map<std::string, int>> values;  // key -> value -> runs
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results || !run.results->environment.is_object()) continue;
      for (const auto& [key, value] : run.results->environment.items()) {
        if (!values.contains(key)) keys.push_back(key);
        ++values[key][value.is_string() ? value.get<std::string>() : value.dump()];
      }
    }
  }
  HtmlTable table("Where the finished runs were trained", {"", "value"});
  for (const std::string& key : keys) {
    std::vector<std::string> texts;
    for (const auto& [value, runs] : values[key]) {
      texts.push_back(values[key].size() > 1 ? value + " (" + counted(static_cast<std::size_t>(runs), "run") + ")"
                                             : value);
    }
    table.add({html_name(key), html_name(joined(texts))});
  }
  return html_section(place.id + "environment", "Environment", place.level, table.html(2));
}

std::string runs_section(const ReportPart& part, const SectionPlace& place) {
  const bool rises = !part.scores.tasks.empty() && part.scores.all_rise();
  std::vector<std::string> splits;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results) continue;
      for (const auto& [split, score] : run.results->average) {
        if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
      }
    }
  }
  std::vector<std::string> head = {"run",   "seed",    "state",        "best epoch",
                                   "steps", "seconds", "examples / s", "peak memory, MiB"};
  for (const std::string& split : splits) head.push_back("average, " + escaped(split) + (rises ? ", %" : ""));
  HtmlTable table("Runs", head);
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      const Json training = run.results ? run.results->training : Json::object();
      const double seconds = number_in(training, "seconds"), memory = number_in(training, "peak_memory_bytes");
      const bool selected = run.results && run.results->selected_epoch >= 0;
      std::vector<std::string> row = {
          html_name(run.name),
          run.seed ? std::to_string(*run.seed) : "-",
          state_of(run),
          selected ? std::to_string(run.results->selected_epoch + 1) : "-",
          count_text(run.results ? number_in(training, "steps") : static_cast<double>(run.steps)),
          fixed(seconds, 1),
          fixed(number_in(training, "examples_per_second"), 1),
          count_text(memory / (1024.0 * 1024.0))};
      for (const std::string& split : splits) {
        const auto found = run.results ? run.results->average.find(split) : std::map<std::string, double>::iterator{};
        row.push_back(run.results && found != run.results->average.end() ? score_text(found->second, rises) : "-");
      }
      table.add(std::move(row), run.results ? "" : "unfinished");
    }
  }
  if (table.empty()) return "";
  return html_section(place.id + "runs", "Runs", place.level, table.html(1) + all_metrics(part));
}

}  // namespace infomtl::report
