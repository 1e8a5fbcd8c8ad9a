# Finds LibTorch; defines the imported target Torch::cpu. LocateLibTorch.cmake says where it looks.
#
# A CPU program links libtorch_cpu and libc10 and not libtorch, which would pull in all of CUDA. Headers and the two
# libraries are enough, so the CUDA flavour of the PyPI wheel serves without a CUDA toolkit. With INFOMTL_CUDA the target
# links the CUDA half too: `device: cuda` then works wherever a driver is; device code of our own is the matter of
# InfomtlKernels.cmake.
include(${CMAKE_CURRENT_LIST_DIR}/LocateLibTorch.cmake)
infomtl_locate_libtorch(LibTorch_FOLDER _libtorch_origin)
if(_libtorch_chosen_by) # by infomtlConfig.cmake
  set(_libtorch_origin "${_libtorch_chosen_by}")
endif()

find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATHS ${LibTorch_FOLDER}/include NO_DEFAULT_PATH NO_CACHE)
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${LibTorch_FOLDER}/lib NO_DEFAULT_PATH NO_CACHE)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${LibTorch_FOLDER}/lib NO_DEFAULT_PATH NO_CACHE)
infomtl_libtorch_version("${LibTorch_FOLDER}" LibTorch_VERSION)

set(_libtorch_cuda_variables "")
if(INFOMTL_CUDA)
  find_library(LibTorch_CUDA_LIBRARY torch_cuda PATHS ${LibTorch_FOLDER}/lib NO_DEFAULT_PATH NO_CACHE)
  find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda PATHS ${LibTorch_FOLDER}/lib NO_DEFAULT_PATH NO_CACHE)
  set(_libtorch_cuda_variables LibTorch_CUDA_LIBRARY LibTorch_C10_CUDA_LIBRARY)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR ${_libtorch_cuda_variables}
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup.sh, or name a LibTorch folder with -DINFOMTL_TORCH_DIR=...")

if(LibTorch_FOUND AND NOT TARGET Torch::cpu)
  message(STATUS "LibTorch ${LibTorch_VERSION}: ${LibTorch_FOLDER} (${_libtorch_origin})")
  add_library(Torch::c10 SHARED IMPORTED)
  set_target_properties(Torch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(Torch::cpu SHARED IMPORTED)
  set_target_properties(Torch::cpu PROPERTIES IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY})
  target_include_directories(Torch::cpu SYSTEM INTERFACE ${LibTorch_INCLUDE_DIR}
                             ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include)
  target_link_libraries(Torch::cpu INTERFACE Torch::c10)
  # libtorch_cpu of a CUDA wheel names CUDA symbols that a CPU program never reaches.
  target_link_options(Torch::cpu INTERFACE -Wl,--unresolved-symbols=ignore-in-shared-libs)
  # The loops of src/ops share the thread pool of LibTorch: they link the OpenMP runtime that lies beside it, if any.
  file(GLOB _libtorch_openmp ${LibTorch_FOLDER}/lib/libgomp*.so.1)
  if(_libtorch_openmp)
    list(GET _libtorch_openmp 0 _libtorch_openmp)
    add_library(Torch::openmp SHARED IMPORTED)
    set_target_properties(Torch::openmp PROPERTIES IMPORTED_LOCATION ${_libtorch_openmp})
    target_link_libraries(Torch::cpu INTERFACE Torch::openmp)
  else()
    find_package(OpenMP REQUIRED COMPONENTS CXX)
    target_link_libraries(Torch::cpu INTERFACE ${OpenMP_CXX_LIBRARIES})
  endif()
  if(INFOMTL_CUDA)
    # Without device code nothing of ours names a symbol of these two; they register LibTorch's kernels when they are loaded.
    target_link_options(Torch::cpu INTERFACE
      "SHELL:-Wl,--push-state,--no-as-needed ${LibTorch_CUDA_LIBRARY} ${LibTorch_C10_CUDA_LIBRARY} -Wl,--pop-state")
    target_compile_definitions(Torch::cpu INTERFACE INFOMTL_CUDA)
  endif()
endif()
