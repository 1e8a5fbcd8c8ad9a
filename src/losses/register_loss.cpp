#include "infomtl/losses/register_loss.h"

#include <map>
#include <typeindex>

namespace infomtl {
namespace {

std::map<std::type_index, std::string>& names_of_terms() {
  static std::map<std::type_index, std::string> names;
  return names;
}

}  // namespace

void remember_term(const std::type_info& type, const std::string& name) { names_of_terms().emplace(type, name); }

std::string registered_name(const LossTerm& term) {
  loss_registry();  // the built-in ones are registered when a registry is first asked for
  penalty_registry();
  const auto found = names_of_terms().find(typeid(term));
  return found == names_of_terms().end() ? "" : found->second;
}

}  // namespace infomtl
