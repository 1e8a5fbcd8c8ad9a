#include "infomtl/model/encoder.h"

namespace infomtl {

namespace encoders {

// In the order of `infomtl list`; each is a file of its own in encoders/. clang-format lays the list out anew at every
// call.
// clang-format off
#define INFOMTL_ENCODERS(X) \
  X(bert) X(roberta) X(distilbert) X(electra) X(mpnet)
// clang-format on

#define INFOMTL_DECLARE(name) void register_##name(EncoderRegistry& registry);
INFOMTL_ENCODERS(INFOMTL_DECLARE)
#undef INFOMTL_DECLARE

}  // namespace encoders

EncoderRegistry& encoder_registry() {
  static EncoderRegistry registry = [] {
    EncoderRegistry made("encoder");
    register_builtin_encoders(made);
    return made;
  }();
  return registry;
}

void register_builtin_encoders(EncoderRegistry& registry) {
#define INFOMTL_REGISTER(name) encoders::register_##name(registry);
  INFOMTL_ENCODERS(INFOMTL_REGISTER)
#undef INFOMTL_REGISTER
}

}  // namespace infomtl
