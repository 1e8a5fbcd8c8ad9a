// A plugin of another time: its entry must never be called.
#include <cstdlib>

#include "infomtl/plugin/plugin.h"

namespace {
void never(infomtl::PluginRegistries& /*registries*/) { std::abort(); }
}  // namespace

extern "C" __attribute__((visibility("default")))
const infomtl::PluginEntry infomtl_plugin = {"infomtl 0", TORCH_VERSION, "wrong_abi", &never};
