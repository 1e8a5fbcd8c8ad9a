#pragma once
// Curves of a part: which numbers its logs hold, and the curve of each method for one of them.

#include <optional>
#include <string>
#include <vector>

#include "report/curve.h"
#include "report/line_chart.h"
#include "report/report_folder.h"

namespace infomtl::report {

/// Methods that one panel can tell apart by colour and dash; further ones have no curves, and the page says so.
inline constexpr std::size_t kMostDrawn = 24;

/// The place of a method's colour, dash and number: 0 is the baseline's, where there is one.
std::size_t style_of(const ReportPart& part, const std::string& method);

/// All keys of the part's logs, each once: by task in the order of the tables, then those of no task.
std::vector<std::string> logged_keys(const ReportPart& part);
/// A key of each: of the methods that the chart shows, those that logged it. @param scale  multiplies the numbers
std::vector<Curve> curves_of(const ReportPart& part, const std::string& key, std::size_t most_points, double scale = 1);
/// How many curves the part has altogether: what a page's room is shared by.
std::size_t count_curves(const ReportPart& part);

/// A task as the finished runs have it; none where no run is finished.
std::optional<ScoredTask> task_named(const ReportPart& part, const std::string& name);
/// The split that is scored after each epoch ("validation", or "train" where a config says so); "" where none was.
std::string watched_split(const ReportPart& part);
/// Scores of the watched split per epoch: the average over the tasks first, then each task.
std::vector<LineChart> score_charts(const ReportPart& part, std::size_t most_points);

}  // namespace infomtl::report
