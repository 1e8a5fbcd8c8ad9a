#include "command_line.h"

#include <algorithm>
#include <cmath>

namespace infomtl::commands {

CLI::Validator a_name() {
  return CLI::Validator([](const std::string& text) { return text.empty() ? "must not be empty" : std::string(); }, "");
}

CLI::Validator seed_numbers() {
  return CLI::Validator(
      [](const std::string& text) {
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
        return digits && text.size() <= 18 ? std::string() : "a seed is 0 or more, of at most 18 digits";
      },
      "SEED");
}

CLI::Validator number_in(const Range& range, const std::string& type) {
  return CLI::Validator(
      [range](const std::string& text) {
        double value = 0;
        if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) && range.contains(value))
          return std::string();
        return "found " + text + "; must be a number " + describe(range);
      },
      type);
}

std::vector<std::string> parts_of_list(const std::string& option, const std::vector<std::string>& given) {
  std::vector<std::string> parts;
  for (const std::string& list : given) {
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      parts.push_back(list.substr(begin, end - begin));
      begin = end + 1;
      if (parts.back().empty()) {
        throw CLI::ValidationError(option, "found \"" + list + "\"; between its commas a value is missing");
      }
    }
  }
  return parts;
}

void add_overrides(CLI::App* command, std::vector<std::string>& overrides, const std::string& what) {
  command->add_option("--set", overrides, what)->type_name("KEY=VALUE")->allow_extra_args(false);
}

}  // namespace infomtl::commands
