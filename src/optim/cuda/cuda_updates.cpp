// The table of updates and the clipping of tensors on a GPU, around the kernels.
#include <ATen/ATen.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "optim/clipping.h"
#include "optim/cuda/kernels.h"
#include "optim/entry_updates.h"

namespace infomtl {
namespace {

using c10::cuda::CUDAGuard;
using c10::cuda::getCurrentCUDAStream;

struct OnCuda {
  template <class Element, class... States>
  static void apply(const Element& element, const Tensor& gradient, const Tensor& value, const States&... states) {
    const CUDAGuard guard(value.device());
    const cuda::EntryUpdate<Element> update = {.element = element,
                                               .count = value.numel(),
                                               .gradient = gradient.const_data_ptr<float>(),
                                               .value = value.mutable_data_ptr<float>(),
                                               .states = {states.template mutable_data_ptr<float>()...}};
    C10_CUDA_CHECK(cuda::launch_update(update, getCurrentCUDAStream()));
  }
};

}  // namespace

constinit const UpdateTable kCudaUpdates = EntryUpdates<OnCuda>::table();

at::Tensor clip_on_cuda(const std::vector<at::Tensor>& pieces, double max_norm) {
  const CUDAGuard guard(pieces.front().device());
  const auto stream = getCurrentCUDAStream();
  const at::TensorOptions options = pieces.front().options();
  std::int64_t chunks = 0;
  for (const at::Tensor& piece : pieces) chunks += norm_chunks(piece.numel());
  const at::Tensor sums = at::empty({chunks}, options.dtype(at::kDouble));
  at::Tensor norm = at::empty({}, options.dtype(at::kDouble));
  const at::Tensor factor = at::empty({}, options);
  double* sum = sums.mutable_data_ptr<double>();
  for (const at::Tensor& piece : pieces) {
    C10_CUDA_CHECK(cuda::launch_squares(piece.const_data_ptr<float>(), piece.numel(), sum, stream));
    sum += norm_chunks(piece.numel());
  }
  C10_CUDA_CHECK(cuda::launch_norm(sums.const_data_ptr<double>(), chunks, max_norm, norm.mutable_data_ptr<double>(),
                                   factor.mutable_data_ptr<float>(), stream));
  for (const at::Tensor& piece : pieces) {
    C10_CUDA_CHECK(
        cuda::launch_scale(piece.mutable_data_ptr<float>(), piece.numel(), factor.const_data_ptr<float>(), stream));
  }
  return norm;
}

}  // namespace infomtl
