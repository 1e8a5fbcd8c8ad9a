#include "step/gradient_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace infomtl {
namespace {

/// Of the machine or of the control group that the process is confined to.
std::int64_t memory_of_machine() {
  std::int64_t bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  std::ifstream limit("/sys/fs/cgroup/memory.max");
  if (std::int64_t most = 0; limit >> most) bytes = std::min(bytes, most);
  return bytes;
}

}  // namespace

std::shared_ptr<GradientMemory> make_gradient_memory() { return std::make_shared<GradientMemory>(); }

Tensor matrix_in(Tensor& memory, std::int64_t rows, std::int64_t columns, const torch::TensorOptions& options) {
  const std::int64_t needed = rows * columns;
  if (!memory.defined() || memory.numel() < needed || memory.device() != options.device() ||
      memory.dtype() != options.dtype()) {
    memory.reset();  // given back before more is taken
    memory = torch::empty({needed + needed / 16}, options);
  }
  return memory.narrow(0, 0, needed).view({rows, columns});
}

bool does_without_jacobian(const std::string& choice, std::int64_t bytes) {
  return choice == "gram" || (choice == "auto" && bytes > memory_of_machine() / 4);
}

}  // namespace infomtl
