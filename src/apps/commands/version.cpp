#include <torch/version.h>

#include "commands.h"

namespace infomtl::commands {

std::string version() {
#if defined(INFOMTL_CUDA) && defined(INFOMTL_CUDA_KERNELS)
  const char* device = "cuda with kernels";
#elif defined(INFOMTL_CUDA)
  const char* device = "cuda without kernels";
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
