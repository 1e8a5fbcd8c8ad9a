# Device code, where it is asked for and a CUDA compiler is there: real code for each kind of card, and PTX of the newest
# for cards to come. With INFOMTL_CUDA and without nvcc ATen's operations serve CUDA tensors.
set(infomtl_kernels OFF)
if(INFOMTL_CUDA OR INFOMTL_KERNELS)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_ARCHITECTURES "80-real;86-real;89-real;90-real;100-real;120" CACHE STRING "Kinds of cards to compile for")
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    set(infomtl_kernels ON)
  elseif(INFOMTL_KERNELS)
    message(FATAL_ERROR "INFOMTL_KERNELS wants a CUDA compiler; CMAKE_CUDA_COMPILER or CUDACXX names one")
  else()
    message(STATUS "no CUDA compiler: ATen's operations serve CUDA tensors")
  endif()
endif()

# cuda_kernels: the device code of every room, CUDA files that know no LibTorch; a room adds its own with target_sources().
# A target of its own, so that a machine without a CUDA LibTorch compiles them, too
# (scripts/build.sh cuda_kernels -DINFOMTL_KERNELS=ON).
if(infomtl_kernels)
  add_library(cuda_kernels STATIC)
  set_target_properties(cuda_kernels PROPERTIES CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF
                        CUDA_VISIBILITY_PRESET hidden CUDA_RUNTIME_LIBRARY Shared)
  target_include_directories(cuda_kernels PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  # Device code for six kinds of cards is compressed as far as it goes: a fifth of the size, and unpacked once when it is loaded.
  target_compile_options(cuda_kernels PRIVATE
    --compress-mode=size "SHELL:-Werror all-warnings" -Xcompiler=-Wall,-Wextra,-Wshadow,-Wconversion,-Wno-sign-conversion)
endif()
