#include "ops/packed/cpu/openmp.h"

#define INFOMTL_VECTOR_BYTES 16
#define INFOMTL_ROWS 4
#include "ops/packed/cpu/loops.h"

namespace infomtl::ops::kernels {
extern const Loops<float> k_float_baseline;
extern const Loops<double> k_double_baseline;
extern const Loops<BFloat16> k_bfloat16_baseline;
const Loops<float> k_float_baseline = kLoops<float>;
const Loops<double> k_double_baseline = kLoops<double>;
const Loops<BFloat16> k_bfloat16_baseline = kLoops<BFloat16>;
}  // namespace infomtl::ops::kernels
