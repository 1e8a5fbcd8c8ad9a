#include "step/gradient_memory.h"

#include "infomtl/core/machine_memory.h"

namespace infomtl {
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
