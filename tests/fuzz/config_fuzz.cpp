// Any bytes as a config, with an override behind a zero byte: values that can be asked for, or an infomtl::Error.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"

namespace {

/// Asks for everything that is there, as every type.
void read_all(const infomtl::Config& config, int depth) {
  if (depth > 8) return;
  const auto attempt = [](const auto& body) {
    try {
      body();
    } catch (const infomtl::ConfigError&) {
    }
  };
  attempt([&] { static_cast<void>(config.as_number()); });
  attempt([&] { static_cast<void>(config.as_integer()); });
  attempt([&] { static_cast<void>(config.as_text()); });
  attempt([&] { static_cast<void>(config.as_path()); });
  if (!config.is_object()) return;
  static_cast<void>(config.effective({"losses[].file", "*.path"}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : config.json().items()) keys.push_back(key);
  for (const std::string& key : keys) {
    attempt([&] { static_cast<void>(config.choice(key, "a", {"a", "b"})); });
    attempt([&] {
      for (const infomtl::Config& element : config.list(key)) read_all(element, depth + 1);
    });
    read_all(config.value(key), depth + 1);
  }
  attempt([&] { config.reject_unknown(); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = std::min(input.find('\0'), input.size());
  if (input.find("extends") != std::string_view::npos) return 0;  // would read files of this machine
  try {
    const auto config = infomtl::Config::from_text(input.substr(0, zero), "fuzz");
    read_all(config, 0);
    if (zero < input.size()) read_all(config.overridden({std::string(input.substr(zero + 1))}), 0);
  } catch (const infomtl::Error&) {
  }
  return 0;
}
