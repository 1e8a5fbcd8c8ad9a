#include "infomtl/core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "infomtl/core/errors.h"

namespace infomtl::log {
namespace {

// Never destroyed: threads may still speak while the program ends. Not in spdlog's registry, which belongs to the user.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto* made = new spdlog::logger("infomtl", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("[%H:%M:%S] %^%l%$: %v");
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

/// What was said while an EachOnce lives.
struct Said {
  std::mutex guard;
  bool kept = false;
  std::set<std::string, std::less<>> messages;
};
Said& said() {
  static auto* const instance = new Said;  // never destroyed, as above
  return *instance;
}

bool is_repeated(std::string_view message) {
  const std::lock_guard lock(said().guard);
  return said().kept && !said().messages.emplace(message).second;
}

void say(spdlog::level::level_enum level, std::string_view message) {
  if (is_repeated(message)) return;
  logger().log(level, spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace

void set_level(std::string_view level) {
  if (level == "debug") return logger().set_level(spdlog::level::debug);
  if (level == "info") return logger().set_level(spdlog::level::info);
  if (level == "warning") return logger().set_level(spdlog::level::warn);
  if (level == "error") return logger().set_level(spdlog::level::err);
  if (level == "off") return logger().set_level(spdlog::level::off);
  throw ConfigError("log level: unknown \"" + std::string(level) + "\"" +
                    did_you_mean(level, {"debug", "info", "warning", "error", "off"}));
}

void debug(std::string_view message) { say(spdlog::level::debug, message); }
void info(std::string_view message) { say(spdlog::level::info, message); }
void warning(std::string_view message) { say(spdlog::level::warn, message); }
void error(std::string_view message) { say(spdlog::level::err, message); }

EachOnce::EachOnce() {
  const std::lock_guard lock(said().guard);
  outermost_ = !std::exchange(said().kept, true);
}

EachOnce::~EachOnce() {
  if (!outermost_) return;
  const std::lock_guard lock(said().guard);
  said().kept = false;
  said().messages.clear();
}

}  // namespace infomtl::log
