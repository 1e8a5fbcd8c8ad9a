#include "infomtl/model/architecture.h"

namespace infomtl {

namespace architectures {

// In the order of `infomtl list`. clang-format lays the list out anew at every call.
// clang-format off
#define INFOMTL_ARCHITECTURES(X) \
  X(shared) X(vib) X(additive_noise) X(mmoe) X(cgc) X(ple) X(cross_stitch) X(mtan) X(dselect_k) X(ltb) \
  X(variational) X(alignment)
// clang-format on

#define INFOMTL_DECLARE(name) void register_##name(ArchitectureRegistry& registry);
INFOMTL_ARCHITECTURES(INFOMTL_DECLARE)
#undef INFOMTL_DECLARE

}  // namespace architectures

ArchitectureRegistry& architecture_registry() {
  static ArchitectureRegistry registry = [] {
    ArchitectureRegistry made("architecture", "shared");
    register_builtin_architectures(made);
    return made;
  }();
  return registry;
}

void register_builtin_architectures(ArchitectureRegistry& registry) {
#define INFOMTL_REGISTER(name) architectures::register_##name(registry);
  INFOMTL_ARCHITECTURES(INFOMTL_REGISTER)
#undef INFOMTL_REGISTER
  registry.add_hints({{"vmtl", "variational"}, {"vmtl_ac", "variational"}, {"covariance_alignment", "alignment"}});
}

}  // namespace infomtl
