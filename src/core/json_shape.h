#pragma once
// Watches nlohmann's parser for what it would take in silence: keys written twice in one object (it keeps the last), and
// nesting that is too deep for whatever reads a value by recursion.

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "infomtl/core/json_pointer.h"

namespace infomtl {

class JsonShape {
 public:
  static constexpr std::size_t kDeepest = 200;

  /// What is wrong with the value in hand, at pointer(); parsing cannot go on.
  struct Fault {
    std::string pointer;
    std::string what;
  };

  /// The parser's callback. @throws Fault
  template <class Value>
  bool operator()(typename Value::parse_event_t event, const Value& parsed) {
    using Event = typename Value::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (levels_.size() == kDeepest) throw Fault{pointer(), "nested deeper than " + std::to_string(kDeepest)};
        levels_.push_back({event == Event::array_start, 0, {}, {}});
        break;
      case Event::key:
        levels_.back().key = parsed.template get<std::string>();
        if (!levels_.back().keys.insert(levels_.back().key).second) {
          throw Fault{pointer(), "written twice in one object; keep one of them"};
        }
        break;
      case Event::object_end:
      case Event::array_end:
        levels_.pop_back();
        [[fallthrough]];
      case Event::value:
        if (!levels_.empty()) ++levels_.back().index;
        break;
    }
    return true;
  }

  /// Where the parser stands: "/losses/1/weight".
  std::string pointer() const {
    std::string result;
    for (const Level& level : levels_) {
      result = level.list ? pointer_below(result, level.index) : pointer_below(result, level.key);
    }
    return result;
  }

 private:
  struct Level {
    bool list;
    std::size_t index;
    std::string key;
    std::set<std::string> keys;
  };

  std::vector<Level> levels_;
};

}  // namespace infomtl
