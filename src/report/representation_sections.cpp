// What representations keep and how good they are, where a config asks for it: the information plane and a table.

#include <algorithm>
#include <cmath>
#include <map>

#include "infomtl/core/svg.h"
#include "infomtl/runs/text_table.h"
#include "report/html.h"
#include "report/line_chart.h"
#include "report/part_curves.h"
#include "report/sections.h"

namespace infomtl::report {
namespace {

constexpr const char* kOfRepresentation = "information/representation/";
constexpr const char* kOfOutput = "information/output/";

/// Per method: along x what a representation tells of the input, upwards what the task's output does.
std::vector<Curve> information_paths(const ReportPart& part, const std::string& task, std::size_t most_points) {
  std::vector<Curve> paths;
  const std::vector<Curve> outputs = curves_of(part, kOfOutput + task, most_points);
  for (const Curve& representation : curves_of(part, kOfRepresentation + task, most_points)) {
    for (const Curve& output : outputs) {
      if (output.style != representation.style || output.at != representation.at) continue;
      Curve path = output;
      path.at = representation.mean;
      path.has_band = false;
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

/// The mean of each method's paths over the tasks, where all have as many epochs.
std::vector<Curve> mean_paths(const std::vector<std::vector<Curve>>& of_tasks) {
  std::vector<Curve> means;
  for (const Curve& first : of_tasks.front()) {
    Curve mean = first;
    std::size_t count = 1;
    for (std::size_t t = 1; t < of_tasks.size(); ++t) {
      for (const Curve& other : of_tasks[t]) {
        if (other.style != first.style || other.at.size() != first.at.size()) continue;
        ++count;
        for (std::size_t i = 0; i < mean.at.size(); ++i) {
          mean.at[i] += other.at[i];
          mean.mean[i] += other.mean[i];
        }
      }
    }
    if (count != of_tasks.size()) continue;
    for (std::size_t i = 0; i < mean.at.size(); ++i) {
      mean.at[i] /= static_cast<double>(count);
      mean.mean[i] /= static_cast<double>(count);
    }
    means.push_back(std::move(mean));
  }
  return means;
}

std::string plane_panel(const std::string& title, std::vector<Curve> paths) {
  const LineChart chart{.title = title,
                        .x_label = "I(X;Z), nats",
                        .y_label = "I(Z;Zt), nats",
                        .curves = std::move(paths),
                        .is_plane = true,
                        .mark = {},
                        .mark_label = {}};
  return chart.empty() ? "" : html_panel(chart.title, chart.svg());
}

/// Numbers of one task and method over runs.
struct QualitySums {
  double sum = 0, count = 0;
  void add(const Json& value) {
    if (!value.is_number()) return;
    sum += value.get<double>();
    count += 1;
  }
  std::string text() const { return count > 0 ? fixed(sum / count, 3) : "-"; }
};

}  // namespace

std::string information_plane_section(const ReportPart& part, const SectionPlace& place, std::size_t most_points) {
  std::vector<std::vector<Curve>> of_tasks;
  std::vector<std::string> panels;
  const std::string prefix = kOfRepresentation;
  for (const std::string& key : logged_keys(part)) {
    if (!key.starts_with(prefix)) continue;
    const std::string task = key.substr(prefix.size());
    of_tasks.push_back(information_paths(part, task, most_points));
    panels.push_back(plane_panel(task, of_tasks.back()));
  }
  if (of_tasks.size() > 1) panels.insert(panels.begin(), plane_panel("mean over the tasks", mean_paths(of_tasks)));
  const std::string figure = html_figure(
      "How to read it: each path runs through the epochs to its dot; to the right the shared representation tells more "
      "of "
      "the input, upwards the task's output keeps more of it. Both are lower bounds by one estimator for all methods, "
      "InfoNCE between two dropout views of the validation rows, which cannot exceed the logarithm of the rows; the "
      "mean "
      "over a method's seeds.",
      panels);
  if (figure.empty()) return "";
  return html_section(place.id + "plane", "Information plane", place.level, legend_html(part) + figure);
}

std::string representation_section(const ReportPart& part, const SectionPlace& place) {
  // split -> task -> method -> what it is -> sums
  using OfMethods = std::map<std::string, std::map<std::string, QualitySums>>;
  std::map<std::string, std::map<std::string, OfMethods>> found;
  for (const MethodRuns& method : part.methods) {
    for (const RunRecord& run : method.runs) {
      if (!run.results || !run.results->representation.is_object()) continue;
      for (const auto& [split, tasks] : run.results->representation.items()) {
        if (!tasks.is_object()) continue;
        for (const auto& [task, numbers] : tasks.items()) {
          if (!numbers.is_object()) continue;
          for (const auto& [key, value] : numbers.items()) found[split][task][method.name][key].add(value);
        }
      }
    }
  }
  std::string body;
  for (const auto& [split, tasks] : found) {
    HtmlTable table(
        "Of the " + split +
            " split, mean over the finished runs: how evenly the encoder's pooled outputs spread (uniformity: "
            "lower is more even), and how well k-means on the heads' outputs finds the labels",
        {"task", "method", "uniformity", "mean cosine", "adjusted Rand index"});
    for (const auto& [task, methods] : tasks) {
      for (const auto& [method, numbers] : methods) {
        const auto text = [&, &own = numbers](const char* key) {
          const auto number = own.find(key);
          return number == own.end() ? std::string("-") : number->second.text();
        };
        table.add(
            {html_name(task), html_name(method), text("uniformity"), text("mean_cosine"), text("adjusted_rand_index")});
      }
    }
    body += table.html(2);
  }
  if (body.empty()) return "";
  return html_section(place.id + "representation", "Quality of representations", place.level, body);
}

}  // namespace infomtl::report
