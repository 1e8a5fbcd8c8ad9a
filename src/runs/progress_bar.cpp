#include "runs/progress_bar.h"

#include <algorithm>
#include <map>

#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr int kBar = 24;

}  // namespace

std::string progress_line(const StepReport& report, double seconds_left, std::size_t width) {
  const double share =
      report.total_steps > 0 ? static_cast<double>(report.step) / static_cast<double>(report.total_steps) : 0.0;
  const int done = std::clamp(static_cast<int>(share * kBar), 0, kBar);
  std::string bar(static_cast<std::size_t>(done), '=');
  if (done < kBar) bar += '>';
  bar.resize(kBar, ' ');

  std::map<std::string, std::pair<double, int>> means;
  for (const auto& [task, terms] : report.losses) {
    for (const auto& [term, part] : terms) {
      means[term].first += part.raw;
      ++means[term].second;
    }
  }
  std::string line = "epoch " + std::to_string(report.epoch + 1) + "  " + std::to_string(report.step) + "/" +
                     std::to_string(report.total_steps) + " [" + bar + "]";
  for (const auto& [term, mean] : means) line += "  " + term + " " + fixed(mean.first / mean.second, 4);
  line += "  " + fixed(report.examples_per_second, 0) + " ex/s  " + clock_text(seconds_left);
  if (line.size() > width) line.resize(width);
  return line;
}

void ProgressBar::show(const StepReport& report) {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (first_step_ < 0) {
    first_step_ = report.step;
    start_ = std::chrono::steady_clock::now();
  }
  const std::int64_t done = report.step - first_step_;
  const double left =
      done > 0 ? seconds / static_cast<double>(done) * static_cast<double>(report.total_steps - report.step) : 0;
  line_.show(progress_line(report, left, line_.width()));
}

}  // namespace infomtl
