#pragma once
// Named parts: the list of the forms that one option of a term may take, each built by its name.

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/errors.h"

namespace infomtl {

template <class Part, class... Args>
class NamedParts {
 public:
  using Factory = std::function<std::shared_ptr<Part>(Args...)>;
  struct Entry {
    std::string name;
    Factory factory;
  };

  NamedParts(std::initializer_list<Entry> entries) : entries_(entries) {
    for (const Entry& entry : entries_) names_.push_back(entry.name);
  }
  template <class Form>
  static std::shared_ptr<Part> make(Args... args) {
    return std::make_shared<Form>(args...);
  }

  const std::vector<std::string>& names() const { return names_; }
  /// @throws ConfigError
  std::shared_ptr<Part> build(const std::string& name, Args... args) const {
    for (const Entry& entry : entries_) {
      if (entry.name == name) return entry.factory(args...);
    }
    throw ConfigError("no \"" + name + "\" here" + did_you_mean(name, names_));
  }

 private:
  std::vector<Entry> entries_;
  std::vector<std::string> names_;
};

}  // namespace infomtl
