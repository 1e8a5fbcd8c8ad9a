// A plugin built with another LibTorch: its entry must never be called.
#include <cstdlib>

#include "infomtl/plugin/plugin.h"

namespace {
void never(infomtl::PluginRegistries& /*registries*/) { std::abort(); }
}  // namespace

extern "C" __attribute__((visibility("default")))
const infomtl::PluginEntry infomtl_plugin = {infomtl::kPluginAbi, "1.13.0", "wrong_torch", &never};
