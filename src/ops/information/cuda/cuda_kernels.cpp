#include "ops/information/cuda/cuda_kernels.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "ops/information/cuda/kernels.h"

namespace infomtl::ops {
namespace {

template <class T>
void contrast_sums(const kernels::ContrastSums<T>& sums) {
  C10_CUDA_CHECK(cuda::launch_contrast_sums(sums, c10::cuda::getCurrentCUDAStream()));
}
template <class T>
void contrast_gradient(const kernels::ContrastGradient<T>& gradient) {
  C10_CUDA_CHECK(cuda::launch_contrast_gradient(gradient, c10::cuda::getCurrentCUDAStream()));
}
template <class T>
void draw(const kernels::DrawRows<T>& rows) {
  C10_CUDA_CHECK(cuda::launch_draw(rows, c10::cuda::getCurrentCUDAStream()));
}
template <class T>
void draw_gradient(const kernels::DrawRowsGradient<T>& gradient) {
  C10_CUDA_CHECK(cuda::launch_draw_gradient(gradient, c10::cuda::getCurrentCUDAStream()));
}
template <class T>
constexpr ContrastKernels<T> kContrast = {.sums = contrast_sums<T>, .gradient = contrast_gradient<T>};
template <class T>
constexpr DrawKernels<T> kDraw = {.draw = draw<T>, .gradient = draw_gradient<T>};

}  // namespace

const ContrastKernels<float>& cuda_float_contrast() { return kContrast<float>; }
const ContrastKernels<kernels::BFloat16>& cuda_bfloat16_contrast() { return kContrast<kernels::BFloat16>; }
const DrawKernels<float>& cuda_float_draw() { return kDraw<float>; }
const DrawKernels<kernels::BFloat16>& cuda_bfloat16_draw() { return kDraw<kernels::BFloat16>; }

}  // namespace infomtl::ops
