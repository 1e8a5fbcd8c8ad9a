#include "core/json_text.h"

#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>
#include <vector>

#include "infomtl/core/json_pointer.h"
#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

/// Bytes of a text; the parser has its own copy, so what it has read is noted outside.
class WatchedBytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  WatchedBytes(const char* at, const char** read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  WatchedBytes& operator++() {
    *read_ = ++at_;
    return *this;
  }
  bool operator==(const WatchedBytes& other) const { return at_ == other.at_; }
  bool operator!=(const WatchedBytes& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** read_;
};

/// The parser's callback: where it stands, and whether what it meets may be.
template <class Value>
class Shape {
 public:
  /// What is wrong with the value in hand; parsing cannot go on.
  struct Fault {
    std::string what;
  };

  /// @throws Fault
  bool operator()(typename Value::parse_event_t event, const Value& parsed) {
    using Event = typename Value::parse_event_t;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        if (levels_.size() == kDeepest) throw fault("is nested deeper than " + std::to_string(kDeepest));
        levels_.push_back({event == Event::array_start, 0, {}, {}});
        break;
      case Event::key:
        take_key(parsed.template get<std::string>());
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

  /// A fault of the value where the parser stands: `"/losses/1/weight" is too large a number`.
  Fault fault(const std::string& what) const {
    std::string pointer;
    for (const Level& level : levels_) {
      pointer = level.list ? pointer_below(pointer, level.index) : pointer_below(pointer, level.key);
    }
    return {(pointer.empty() ? "the value" : '"' + pointer + '"') + ' ' + what};
  }

 private:
  static constexpr std::size_t kDeepest = 200;
  // Json finds a key by looking at those before it: half a second for so many.
  static constexpr std::size_t kMostKeys = std::is_same_v<Value, Json> ? 10000 : std::string::npos;

  struct Level {
    bool list;
    std::size_t index;
    std::string key;
    std::set<std::string> keys;
  };

  void take_key(std::string key) {
    Level& level = levels_.back();
    level.key = std::move(key);
    if (!level.keys.insert(level.key).second) throw fault("is written twice in one object; keep one of them");
    if (level.keys.size() > kMostKeys) {
      throw fault("is one key more than an object may have, " + std::to_string(kMostKeys) +
                  "; so many things belong into an array");
    }
  }

  std::vector<Level> levels_;
};

// Where a comma stands that nothing follows, of a text whose parser stopped at `offset`; npos where that is not why.
std::size_t spare_comma(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || std::string_view("}],").find(text[offset]) == std::string_view::npos) return text.npos;
  const std::size_t before = text.substr(0, offset).find_last_not_of(" \t\r\n");
  return before != text.npos && text[before] == ',' ? before : text.npos;
}

JsonFault syntax_fault(std::string_view text, const nlohmann::detail::parse_error& error) {
  // `byte` counts the bytes read, the offending one included.
  const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
  if (const std::size_t comma = spare_comma(text, offset); comma != text.npos) {
    return {comma, "not valid JSON: a comma too many", true};
  }
  // "[json.exception.parse_error.101] parse error at line 3, column 5: what": the place is given apart.
  std::string reason = error.what();
  if (const auto colon = reason.find(": "); colon != std::string::npos) reason.erase(0, colon + 2);
  return {offset, "not valid JSON: " + printable(reason), true};
}

/// Where the string begins whose closing quote was read last.
std::size_t begin_of_string(std::string_view read) {
  std::size_t at = read.size() - 1;
  const auto escaped = [&] {
    const std::size_t other = read.find_last_not_of('\\', at - 1);
    return (at - 1 - (other == read.npos ? 0 : other)) % 2 == 1;
  };
  do {
    at = read.rfind('"', at - 1);
  } while (at > 0 && escaped());
  return at;
}

/// Where the number begins that was read last, with a byte behind it or none.
std::size_t begin_of_number(std::string_view read) {
  constexpr std::string_view kOfNumbers = "+-.0123456789eE";
  const std::size_t end = read.find_last_of(kOfNumbers);
  const std::size_t before = read.find_last_not_of(kOfNumbers, end);
  return before == read.npos ? 0 : before + 1;
}

}  // namespace

template <class Value>
Value parse_json_text(std::string_view text, bool comments) {
  // The parser takes a NUL byte for the end, and leaves what follows unread.
  if (const std::size_t nul = text.find('\0'); nul != text.npos) {
    throw JsonFault{nul, "a NUL byte; the file is damaged, or no text", true};
  }
  Shape<Value> shape;
  const char* read = text.data();
  const auto so_far = [&] { return text.substr(0, static_cast<std::size_t>(read - text.data())); };
  try {
    return Value::parse(
        WatchedBytes(text.data(), &read), WatchedBytes(text.data() + text.size(), &read),
        [&](int, typename Value::parse_event_t event, Value& parsed) { return shape(event, parsed); }, true, comments);
  } catch (const typename Shape<Value>::Fault& fault) {
    const bool key = so_far().ends_with('"');  // else a bracket, which opens too deep a level
    throw JsonFault{key ? begin_of_string(so_far()) : so_far().size() - 1, fault.what, false};
  } catch (const typename Value::parse_error& error) {
    throw syntax_fault(text, error);
  } catch (const typename Value::exception&) {  // a number that no double holds
    throw JsonFault{begin_of_number(so_far()), shape.fault("is too large a number").what, false};
  }
}

template Json parse_json_text<Json>(std::string_view text, bool comments);
template nlohmann::json parse_json_text<nlohmann::json>(std::string_view text, bool comments);

}  // namespace infomtl
