#include <torch/version.h>

#include "commands.h"

namespace infomtl::commands {

std::string version() {
#ifdef INFOMTL_CUDA
  const char* device = "cuda";
#else
  const char* device = "cpu";
#endif
  std::string text = "infomtl ";
  text += INFOMTL_VERSION;
  text += " (LibTorch ";
  text += TORCH_VERSION;
  text += ", ";
  text += device;
  text += ")";
  return text;
}

}  // namespace infomtl::commands
