#include "runs/training_progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "infomtl/core/utf8.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {
namespace {

constexpr auto kBetweenLines = std::chrono::minutes(1);  // where standard error is a file

bool all_rise(const Evaluation& scores) {
  return std::find(scores.higher_is_better.begin(), scores.higher_is_better.end(), false) ==
         scores.higher_is_better.end();
}

}  // namespace

std::string progress_line(const StepReport& report, double seconds_left, std::size_t width, int bar,
                          const std::string& best) {
  std::map<std::string, std::pair<double, int>> means;
  for (const auto& [task, terms] : report.losses) {
    for (const auto& [term, part] : terms) {
      means[term].first += part.raw;
      ++means[term].second;
    }
  }
  std::string place = "step " + std::to_string(report.step) + " of " + std::to_string(report.total_steps);
  if (bar > 0) {
    const double share =
        report.total_steps > 0 ? static_cast<double>(report.step) / static_cast<double>(report.total_steps) : 0.0;
    const int done = std::clamp(static_cast<int>(share * bar), 0, bar);
    std::string drawn(static_cast<std::size_t>(done), '=');
    if (done < bar) drawn += '>';
    drawn.resize(static_cast<std::size_t>(bar), ' ');
    place += " [" + drawn + "]";
  }
  // What matters most comes first: where a narrow terminal has no room for a part, the line ends before it.
  std::vector<std::string> parts = {"epoch " + std::to_string(report.epoch + 1)};
  if (seconds_left >= 0) parts.push_back(clock_text(seconds_left));
  if (!best.empty()) parts.push_back(best);
  for (const auto& [term, mean] : means) parts.push_back(term + " " + fixed(mean.first / mean.second, 4));
  parts.push_back(fixed(report.examples_per_second, 0) + " ex/s");
  std::string line = place;
  for (const std::string& part : parts) {
    if (display_width(line) + 2 + display_width(part) > width) break;
    line += "  " + part;
  }
  return shortened_to(line, width);
}

std::string epoch_line(std::int64_t epoch, std::int64_t epochs, const std::string& split, const Evaluation& scores,
                       const std::vector<Task>& tasks, bool best) {
  return scores_line("epoch " + std::to_string(epoch + 1) + " of " + std::to_string(epochs), split, scores, tasks,
                     best);
}

std::string scores_line(const std::string& beginning, const std::string& split, const Evaluation& scores,
                        const std::vector<Task>& tasks, bool best) {
  std::string line = beginning;
  if (scores.scores.empty()) return line;
  line += ": " + split + " average " + score_text(scores.average(), all_rise(scores));
  if (best) line += " (the best so far)";
  for (std::size_t t = 0; t < scores.scores.size() && t < tasks.size(); ++t) {
    if (!scores.has_rows(t)) continue;
    line += ", " + tasks[t].name + " " + score_text(scores.scores[t], scores.higher_is_better[t]);
  }
  const double loss = -scores.monitored("loss", tasks);
  return std::isnan(loss) ? line : line + "; loss " + fixed(loss, 4);
}

void TrainingProgress::print(const std::string& line) {
  line_.clear();
  std::fputs(line_.on_terminal() ? wrapped(line, line_.width()).c_str() : (line + "\n").c_str(), stderr);
  printed_ = Clock::now();
}

void TrainingProgress::show(const StepReport& report) {
  const bool first = first_step_ < 0;
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (first) {
    first_step_ = report.step;
    start_ = Clock::now();
  }
  const std::int64_t done = report.step - first_step_;
  seconds_left_ =
      done > 0 ? seconds / static_cast<double>(done) * static_cast<double>(report.total_steps - report.step) : -1;
  if (line_.on_terminal()) {
    const std::size_t width = line_.width();
    line_.show(progress_line(report, seconds_left_, width, width < 70 ? 0 : width < 90 ? 10 : 24, best_));
  } else if (first || Clock::now() - printed_ >= kBetweenLines) {
    print(progress_line(report, seconds_left_, std::string::npos, 0, best_));
  }
}

void TrainingProgress::remember(const std::string& when, const Evaluation& scores, bool best) {
  if (best && !scores.scores.empty())
    best_ = "best " + score_text(scores.average(), all_rise(scores)) + " (" + when + ")";
}

void TrainingProgress::evaluated(std::int64_t step, const Evaluation& scores, const std::vector<Task>& tasks,
                                 bool best) {
  const std::string when = "step " + std::to_string(step);
  remember(when, scores, best);
  print(scores_line(when, split_, scores, tasks, best));
}

void TrainingProgress::end_epoch(std::int64_t epoch, const Evaluation& scores, const std::vector<Task>& tasks,
                                 bool best) {
  remember("epoch " + std::to_string(epoch + 1), scores, best);
  print(epoch_line(epoch, epochs_, split_, scores, tasks, best) +
        (seconds_left_ > 0 ? "; " + clock_text(seconds_left_) + " left" : ""));
}

}  // namespace infomtl
