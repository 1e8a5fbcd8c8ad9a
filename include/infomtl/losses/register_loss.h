#pragma once
// Registering a loss, or a penalty, of one's own under a name that configs use.
//
//   INFOMTL_REGISTER_LOSS("hinge", Hinge, "multi-class hinge loss")                    // in a program's own file
//   INFOMTL_PLUGIN("hinge") { infomtl::register_loss<Hinge>(registries.losses, "hinge", "multi-class hinge loss"); }

#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/losses/loss_term.h"
#include "infomtl/losses/penalty.h"

namespace infomtl {

/// Remembers under which name a class of terms is registered; the first one stays.
INFOMTL_API void remember_term(const std::type_info& type, const std::string& name);
/// The name that the class of a term is registered under, "" for one of no registry.
INFOMTL_API std::string registered_name(const LossTerm& term);

/// Registers a class with `Settings` and a constructor from them, or from them and a TermContext.
template <class Class, class Product>
void register_term(Registry<Product, const TermContext&>& registry, std::string name, std::string summary,
                   std::string source = "") {
  remember_term(typeid(Class), name);
  registry.add({.name = std::move(name),
                .summary = std::move(summary),
                .source = std::move(source),
                .options = describe_fields<typename Class::Settings>()},
               [](const Config& config, const TermContext& context) -> std::shared_ptr<Product> {
                 auto settings = config.read<typename Class::Settings>();
                 return with_context(config.where(), [&]() -> std::shared_ptr<Product> {
                   if constexpr (std::is_constructible_v<Class, typename Class::Settings, const TermContext&>) {
                     return std::make_shared<Class>(std::move(settings), context);
                   } else {
                     return std::make_shared<Class>(std::move(settings));
                   }
                 });
               });
}

template <class Class>
void register_loss(LossRegistry& registry, std::string name, std::string summary, std::string source = "") {
  register_term<Class>(registry, std::move(name), std::move(summary), std::move(source));
}

template <class Class>
void register_penalty(PenaltyRegistry& registry, std::string name, std::string summary, std::string source = "") {
  register_term<Class>(registry, std::move(name), std::move(summary), std::move(source));
}

}  // namespace infomtl

/// In any object file linked into a user's program: the loss is there under its name before main begins.
#define INFOMTL_LOSS_NAME_OF(line) infomtl_registered_loss_##line
#define INFOMTL_LOSS_NAME(line) INFOMTL_LOSS_NAME_OF(line)
#define INFOMTL_REGISTER_LOSS(name, Class, summary)                 \
  namespace {                                                       \
  [[maybe_unused]] const bool INFOMTL_LOSS_NAME(__LINE__) = [] {    \
    ::infomtl::LossRegistry& registry = ::infomtl::loss_registry(); \
    registry.set_origin("program");                                 \
    ::infomtl::register_loss<Class>(registry, name, summary);       \
    registry.set_origin("infomtl");                                 \
    return true;                                                    \
  }();                                                              \
  }
