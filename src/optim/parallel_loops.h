#pragma once
// at::parallel_for, for files that are compiled with OpenMP (CMakeLists.txt lists them): without, LibTorch's template is a
// plain loop on the thread that calls it, and nothing tells.

#include <ATen/Parallel.h>

#if !defined(INTRA_OP_PARALLEL) && !defined(__clang__)
#error "compile this file with OpenMP, else at::parallel_for uses one thread"
#endif
