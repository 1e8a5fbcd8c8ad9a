#include "infomtl/model/head.h"

#include "infomtl/core/errors.h"

namespace infomtl {

const Prediction& HeadInput::other(std::size_t task) const {
  if (others == nullptr) throw StateError("a head that is called alone has no other heads to ask");
  if (task >= others->tasks().size()) {
    throw StateError("a head asked for task " + std::to_string(task) + " of " + std::to_string(others->tasks().size()));
  }
  return others->prediction(task);
}

const Prediction& HeadInput::other(std::string_view task) const {
  if (others == nullptr) return other(0);  // throws
  std::vector<std::string> known;
  for (const Task& each : others->tasks()) {
    if (each.name == task) return other(known.size());
    known.push_back(each.name);
  }
  throw StateError("a head asked for task \"" + std::string(task) + "\"" + did_you_mean(std::string(task), known));
}

}  // namespace infomtl
