#pragma once
// The launches of the kernels of information theory. Pointers are to memory of the device that the stream belongs to;
// nothing waits for the device. T is float or BFloat16. @return the launch's error, cudaSuccess where it was accepted

#include <cuda_runtime_api.h>

#include "ops/information/contrast_elements.h"
#include "ops/information/gaussian_elements.h"
#include "ops/noise_elements.h"

namespace infomtl::ops::cuda {

template <class T>
cudaError_t launch_contrast_sums(const kernels::ContrastSums<T>& sums, cudaStream_t stream);
template <class T>
cudaError_t launch_contrast_gradient(const kernels::ContrastGradient<T>& gradient, cudaStream_t stream);
cudaError_t launch_noise(const kernels::NoiseRows& rows, cudaStream_t stream);
template <class T>
cudaError_t launch_draw(const kernels::DrawRows<T>& draw, cudaStream_t stream);
template <class T>
cudaError_t launch_draw_gradient(const kernels::DrawRowsGradient<T>& gradient, cudaStream_t stream);

}  // namespace infomtl::ops::cuda
