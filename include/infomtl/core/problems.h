#pragma once
// Problems: what is wrong with a config and what it names, found one after the other. A config that has such a list
// (Config::collect) adds to it and reads on, so that a user sees all mistakes at once.
//
//   auto problems = std::make_shared<Problems>();
//   Config config = Config::from_file("tweets.json", {}, problems);
//   problems->guard([&] { tokenizer = load_tokenizer(folder); });
//   for (const std::string& line : problems->all()) std::puts(line.c_str());

#include <cstddef>
#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/core/export.h"

namespace infomtl {

class INFOMTL_API Problems {
 public:
  /// Adds one line; one that is there already stays once.
  void add(std::string line);
  /// Runs `body`; what it throws is added, of another library's error the first line. @return whether it came to its end
  template <class Body>
  bool guard(Body&& body) {
    try {
      std::forward<Body>(body)();
      return true;
    } catch (const Error& error) {
      add(error.what());
    } catch (const std::exception& error) {  // LibTorch puts a backtrace behind its first line
      const std::string message = error.what();
      add(message.substr(0, message.find('\n')));
    }
    return false;
  }
  bool empty() const { return lines_.empty(); }
  /// How many lines were given to add() so far, repeated ones included: whether something is wrong with a part is told by
  /// this, even where the same was told before.
  std::size_t added() const { return added_; }
  /// In the order in which they were found.
  const std::vector<std::string>& all() const { return lines_; }

 private:
  std::vector<std::string> lines_;
  std::set<std::string> known_;  ///< the same, to be found among thousands
  std::size_t added_ = 0;
};

}  // namespace infomtl
