#include "infomtl/runs/text_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "infomtl/core/utf8.h"

namespace infomtl {

std::string TextTable::text(std::size_t columns) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  if (widths.size() < 2) return block(widths, 1, 1);
  std::string result;
  for (std::size_t begin = 1; begin < widths.size();) {
    std::size_t end = begin, total = widths[0];
    while (end < widths.size() && (end == begin || total + 2 + widths[end] <= columns)) total += 2 + widths[end++];
    result += (begin == 1 ? "" : "\n") + block(widths, begin, end);
    begin = end;
  }
  return result;
}

/// The first column and those from `begin` to before `end`.
std::string TextTable::block(const std::vector<std::size_t>& widths, std::size_t begin, std::size_t end) const {
  std::vector<std::size_t> shown;
  if (!widths.empty()) shown.push_back(0);
  for (std::size_t c = begin; c < end; ++c) shown.push_back(c);
  std::size_t total = 2 * (shown.empty() ? 0 : shown.size() - 1);
  for (const std::size_t c : shown) total += widths[c];

  std::string result;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (r == 1 || std::find(rules_.begin(), rules_.end(), r) != rules_.end()) result += std::string(total, '-') + "\n";
    std::string line;
    for (const std::size_t c : shown) {
      if (c >= rows_[r].size()) break;
      const std::string& cell = rows_[r][c];
      const std::string space(widths[c] - display_width(cell), ' ');
      if (c > 0) line += "  ";
      line += c < words_ ? cell + space : space + cell;
    }
    while (line.ends_with(' ')) line.pop_back();
    result += line + "\n";
  }
  return result;
}

std::string fixed(double value, int digits) {
  if (std::isnan(value)) return "-";
  char text[64];
  if (std::abs(value) < 1e15) {
    std::snprintf(text, sizeof text, "%.*f", digits, value);
  } else {
    std::snprintf(text, sizeof text, "%.3g", value);  // hundreds of digits would tell nothing
  }
  return text;
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (f > 0) line += ',';
    if (fields[f].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[f];
      continue;
    }
    line += '"';
    for (const char c : fields[f]) line += c == '"' ? "\"\"" : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

double largest_size(const std::vector<std::vector<double>>& numbers) {
  double largest = 0;
  for (const auto& row : numbers) {
    for (const double value : row) {
      if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
    }
  }
  return largest;
}

int digits_for(const std::vector<std::vector<double>>& numbers, int otherwise) {
  const double largest = largest_size(numbers);
  return largest > 0 ? std::clamp(2 - static_cast<int>(std::floor(std::log10(largest))), 0, 9) : otherwise;
}

std::string score_text(double score, bool higher_is_better) {
  return higher_is_better ? fixed(100 * score, 2) : fixed(score, 4);
}

}  // namespace infomtl
